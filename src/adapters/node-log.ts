import type { Log } from '../base/log.ts'

/**
 * One line of JSON on standard error for each thing worth knowing; debug only with `DEBUG=swapstream`.
 * JSON escapes control characters, so that nothing a client sends can forge a line.
 */
export const nodeLog: Log = {
  debug: (fields, message) => {
    if (process.env['DEBUG']?.includes('swapstream')) write('debug', fields, message)
  },
  info: (fields, message) => write('info', fields, message),
  warn: (fields, message) => write('warn', fields, message),
  error: (fields, message) => write('error', fields, message),
}

function write(level: string, { err, ...fields }: Record<string, unknown>, message: string): void {
  const cause =
    err === undefined
      ? {}
      : { err: err instanceof Error ? (err.stack ?? err.message) : String(err) }
  process.stderr.write(
    `${JSON.stringify({ level, time: new Date().toISOString(), msg: message, ...fields, ...cause })}\n`,
  )
}
