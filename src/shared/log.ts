import { callHook, errorMessage, tryOr } from './hooks.ts'

/**
 * Where swapstream writes what happened: four functions, message last, so that pino, winston's child or `console` fit as they are.
 *
 * @example swapstream({ templates: 'templates', log: pino() })
 */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/**
 * A log of one line of JSON for each message.
 *
 * Control characters are escaped, also those that JSON leaves as they are: what a client sends can neither forge a line
 * nor steer a terminal.
 *
 * @param lowest The lowest level that is written, or `silent`. Asked for each message.
 */
export function jsonLog(write: (line: string) => void, lowest: () => string = () => 'info'): Log {
  const at =
    (level: keyof Log): Log['info'] =>
    ({ err, ...fields }, message) => {
      const from = lowest()
      if (from === 'silent' || LEVELS.indexOf(level) < LEVELS.indexOf(from as 'info')) return
      const stack = tryOr(() => (err instanceof Error ? err.stack : undefined), undefined)
      const cause = err === undefined ? {} : { err: stack ?? errorMessage(err) }
      const time = new Date().toISOString()
      const line = JSON.stringify({ level, time, msg: message, ...fields, ...cause })
      write(line.replace(/[\u007f-\u009f\u2028\u2029]/g, escaped))
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** The same log, on the console: where there is no standard error. */
export const consoleLog: Log = jsonLog((line) => console.error(line))

/** A log that keeps nothing: the default of the portable core, which has nowhere to write. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * Wraps a log whose functions may throw or reject: the console gets the first failure, and nothing else is affected.
 *
 * @example safeLog({ ...silent, info() { throw new Error('disk full') } }).info({}, 'started')
 */
export function safeLog(log: Log): Log {
  let hasFailed = false
  const at =
    (level: keyof Log): Log['info'] =>
    (fields, message) =>
      callHook(
        () => log[level](fields, message),
        (error) => {
          if (!hasFailed)
            console.error(`The log of swapstream failed with "${message}": ${errorMessage(error)}`)
          hasFailed = true
        },
      )
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** How an app reports failures. */
export interface AppReporting {
  readonly log: Log
  /** True if clients may see causes. */
  readonly expose: boolean
}

/** Most lines that wait for an app; the oldest ones go first. */
const MAX_HELD = 1_000

/** Where something reports that belongs to no app from the start: to the first app that shows it. */
export class Reporting {
  readonly #expose: boolean | undefined
  #log: Log | undefined
  #app: AppReporting | undefined
  #held: ((log: Log) => void)[] = []
  /** Holds its lines until there is an app. */
  readonly log: Log

  /** @param log Where to write; without one, where the app does. */
  constructor(log: Log | undefined, expose: boolean | undefined) {
    this.#log = log && safeLog(log)
    this.#expose = expose
    const at =
      (level: keyof Log): Log['info'] =>
      (fields, message) =>
        this.#write((to) => to[level](fields, message))
    this.log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  }

  /** True if clients may see causes. */
  get expose(): boolean {
    return this.#expose ?? this.#app?.expose ?? false
  }

  /** Takes log and `expose` of an app, unless there are others already. */
  adopt(app: AppReporting): void {
    this.#app ??= app
    this.#log ??= app.log
    for (const write of this.#held.splice(0)) write(this.#log)
  }

  #write(write: (log: Log) => void): void {
    if (this.#log) return write(this.#log)
    this.#held.push(write)
    if (this.#held.length > MAX_HELD) this.#held.shift()
  }
}
