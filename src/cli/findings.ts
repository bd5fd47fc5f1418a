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

type Place = Pick<Finding, 'column' | 'file' | 'line'>

/** What is surely wrong, and what is only worth knowing. */
export class Findings {
  readonly faults: Finding[] = []
  readonly notes: Finding[] = []

  fault(place: Place, message: string, hint?: string): void {
    this.faults.push(findingAt(place, message, hint))
  }

  note(place: Place, message: string, hint?: string): void {
    this.notes.push(findingAt(place, message, hint))
  }
}

/** The path is written as a reader would type it. */
function findingAt({ file, line, column }: Place, message: string, hint?: string): Finding {
  const near = relative(process.cwd(), file)
  const path = near.startsWith('..') ? file : near
  return { file: path, line, column, message, ...(hint && { hint }) }
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
