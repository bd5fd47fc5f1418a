import type { Log } from '../../src/shared/log.ts'

export interface RecordedLine {
  readonly level: string
  readonly fields: Record<string, unknown>
  readonly message: string
}

/** A log that keeps its lines, for tests that look at what was said. */
export function recordingLog(): Log & { readonly lines: RecordedLine[] } {
  const lines: RecordedLine[] = []
  const at =
    (level: string) =>
    (fields: Record<string, unknown>, message: string): void => {
      lines.push({ level, fields, message })
    }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
