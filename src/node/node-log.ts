import type { Log } from '../shared/log.ts'
import { errorMessage, tryOr } from '../shared/hooks.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/**
 * Writes one line of JSON to standard error for each message. `LOG_LEVEL` (debug, info, warn, error, silent) sets the
 * lowest level; default info.
 *
 * Control characters are escaped, also those that JSON leaves as they are: what a client sends can neither forge a line
 * nor steer a terminal.
 */
export const nodeLog: Log = {
  debug: writer('debug'),
  info: writer('info'),
  warn: writer('warn'),
  error: writer('error'),
}

function writer(level: (typeof LEVELS)[number]): Log['info'] {
  return ({ err, ...fields }, message) => {
    const lowest = process.env['LOG_LEVEL'] ?? 'info'
    if (lowest === 'silent' || LEVELS.indexOf(level) < LEVELS.indexOf(lowest as 'info')) return
    const stack = tryOr(() => (err instanceof Error ? err.stack : undefined), undefined)
    const cause = err === undefined ? {} : { err: stack ?? errorMessage(err) }
    const time = new Date().toISOString()
    const line = JSON.stringify({ level, time, msg: message, ...fields, ...cause })
    process.stderr.write(`${line.replace(/[\u007f-\u009f\u2028\u2029]/g, escape)}\n`)
  }
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
