import { relative } from 'node:path'

/** Something that was found in a file; line and column count from 1. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly column: number
  /** What is so. */
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
}

/** Each finding once, by file and place. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const byText = new Map(findings.map((each) => [toLine(each), each]))
  return [...byText.values()].toSorted(
    (a, b) =>
      (a.file < b.file ? -1 : Number(a.file > b.file)) || a.line - b.line || a.column - b.column,
  )
}

/** As compilers write it, so that editors find the place. */
export function toLine({ file, line, column, message, hint }: Finding): string {
  return `${file}:${line}:${column}: ${message}${hint ? ` ${hint}` : ''}`
}

/** A path as a reader would type it. */
export function shown(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}
