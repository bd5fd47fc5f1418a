import { SourceError } from '../shared/errors.ts'
import { kindOf } from '../shared/hooks.ts'

/** The fields of one event of an event stream. */
export interface EventFields<T = unknown> {
  /** The content: any text, whose line breaks of all three kinds arrive as `\n`; another value is sent as JSON. */
  readonly data?: T
  /**
   * A constant name for scripts. htmx never swaps a named event, it fires it as a DOM event. `message` is the name of
   * events without one, so it is sent without one.
   */
  readonly event?: string
  /** The browser sends it back as `Last-Event-ID`. May be empty: that clears it. */
  readonly id?: string
  /** Milliseconds until a reconnect. */
  readonly retry?: number
}

/** Names htmx or the browser already gives a meaning to: as events they would submit forms or look like a lost network. */
const MEANT_OTHERWISE = new Set(
  'error submit click load change open close input reset abort'.split(' '),
)
const EVENT_NAME = /^[A-Za-z][\w:.-]{0,63}$/
// oxlint-disable-next-line no-control-regex
const BREAKS_A_FIELD = /[\r\n\0]/

/**
 * One event with fields of its author, for streams that scripts read.
 *
 * In      data any text, or a value that JSON can hold; event a constant name; id text without CR, LF or NUL; retry whole
 *         milliseconds.
 * Throws  SourceError `wire/field`, here and not when it is sent: a field that holds a line break would become other
 *         fields; `source/value` for data that has no JSON.
 *
 * @example new ServerSentEvent({ event: 'usage', data: { tokens: 42 } }).data // → { tokens: 42 }
 */
export class ServerSentEvent<T = unknown> implements EventFields<T> {
  declare readonly data?: T
  declare readonly event?: string
  declare readonly id?: string
  declare readonly retry?: number

  constructor(fields: EventFields<T>) {
    const { data, event, id, retry } = fields
    if (data !== undefined && typeof data !== 'string') toJsonText(data)
    if (event !== undefined) checkEventName(event)
    if (id !== undefined && (typeof id !== 'string' || BREAKS_A_FIELD.test(id))) {
      throw refused('id', id, 'An id is text without line breaks and NUL.')
    }
    if (retry !== undefined && !(Number.isSafeInteger(retry) && retry >= 0)) {
      throw refused('retry', retry, 'Give whole milliseconds, 0 or more.')
    }
    Object.assign(this, fields)
    Object.freeze(this)
  }
}

/**
 * Checks the name of an event.
 *
 * Throws  SourceError `wire/field` for a name that breaks the stream, or that the browser or htmx would act on.
 */
export function checkEventName(event: string): void {
  if (typeof event !== 'string' || !EVENT_NAME.test(event)) {
    const hint = 'Use a constant name of letters, digits, and _ : . - (at most 64).'
    throw refused('event', event, hint)
  }
  if (MEANT_OTHERWISE.has(event) || event.startsWith('htmx:')) {
    const hint = `The browser fires it as a DOM event; use a name of your own, such as "app:${event}".`
    throw refused('event', event, hint)
  }
}

function refused(field: string, value: unknown, hint: string): SourceError {
  const shown =
    typeof value === 'string'
      ? JSON.stringify(value.slice(0, 80))
      : typeof value === 'number'
        ? String(value)
        : kindOf(value)
  return new SourceError('wire/field', `An event's ${field} cannot be ${shown}.`, { hint })
}

/**
 * A value as JSON on one line. What JSON would drop or change in silence is refused.
 *
 * Throws  SourceError `source/value`.
 *
 * @example toJsonText({ a: 1 }) // → '{"a":1}'
 */
export function toJsonText(value: unknown): string {
  const type = typeof value
  const hasJSON = type === 'string' || type === 'number' || type === 'boolean' || type === 'object'
  if (!hasJSON) throw noJson(kindOf(value))
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) throw noJson('bytes')
  if (type === 'number' && !Number.isFinite(value)) throw noJson(String(value))
  if (isEmptied(value)) throw noJson(kindOf(value))
  const kind = `${kindOf(value)} that has no JSON`
  try {
    const text: string | undefined = JSON.stringify(value)
    // An object may have a `toJSON` that gives nothing.
    if (text !== undefined) return text
  } catch (error) {
    throw noJson(kind, error)
  }
  throw noJson(kind)
}

/** True for what JSON empties: collections, promises, and errors, whose message it drops. */
function isEmptied(value: any): boolean {
  if (typeof value?.toJSON === 'function') return false
  const isCollection = value instanceof Map || value instanceof Set
  return isCollection || value instanceof Error || typeof value?.then === 'function'
}

function noJson(what: string, cause?: unknown): SourceError {
  const hint = 'Yield text, plain values that JSON can hold, or a ServerSentEvent.'
  return new SourceError('source/value', `A stream cannot send ${what}.`, { hint, cause })
}
