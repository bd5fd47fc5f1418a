import { relative } from 'node:path'
import { ConfigError } from '../shared/errors.ts'

/** A place in a file; line and column count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Something that is wrong, or worth knowing, in a file. */
export interface Finding extends Place {
  readonly message: string
  /** The cure, as one sentence. */
  readonly hint?: string
}

/** Faults, and notes of what may be meant so. */
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

/** Names the file as a reader types it. */
function findingAt({ file, line, column }: Place, message: string, hint?: string): Finding {
  const near = relative(process.cwd(), file)
  const path = near.startsWith('..') ? file : near
  return { file: path, line, column, message, ...(hint && { hint }) }
}

/** Each finding once, by file and place. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const byText = new Map(findings.map((each) => [toLine(each), each]))
  const byFile = (a: Finding, b: Finding): number =>
    a.file < b.file ? -1 : Number(a.file > b.file)
  return [...byText.values()].toSorted(
    (a, b) => byFile(a, b) || a.line - b.line || a.column - b.column,
  )
}

/** As compilers write it, so that editors find the place. */
export function toLine({ file, line, column, message, hint }: Finding): string {
  return `${file}:${line}:${column}: ${message}${hint ? ` ${hint}` : ''}`
}

/** Makes the error of a command that cannot be run. */
export function unusable(message: string, hint: string): ConfigError {
  return new ConfigError('config/invalid', message, { hint })
}

/** Makes the error of a package that is not installed, from what Node throws then; nothing of any other error. */
export function missingPackage(error: unknown): ConfigError | undefined {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return undefined
  // A CommonJS module names the path in the package, too; a path of the app itself is no package.
  const found = /^Cannot find (?:package|module) '((?:@[^/']+\/)?[^./@#'\\][^/'\\]*)/.exec(
    String(message),
  )
  const name = found?.[1]
  if (name === undefined) return undefined
  return unusable(`The package ${name} is not installed.`, `Install it: npm install ${name}.`)
}
