import { SourceError } from '../shared/errors.ts'
import {
  checkEventName,
  ServerSentEvent,
  type EventFields,
  toJsonText,
} from '../sse/server-sent-event.ts'
import { encodeComment, encodeEvent } from '../sse/sse.ts'
import type { EndEvent } from './end.ts'
import { Fragment } from '../fragments/fragment.ts'
import { parseCursor } from './source.ts'

/** A part of the body: text, which goes out as UTF-8, or bytes as they are. */
export type Chunk = string | Uint8Array<ArrayBuffer>

/**
 * Encodes the values of one stream, and may remember what it has sent.
 *
 * @example
 * const shouting: EventEncoding<string> = () => ({
 *   value: (text) => `data: ${text.toUpperCase()}\n\n`,
 *   end: ({ reason }) => `event: done\ndata: ${reason}\n\n`,
 * })
 * new EventStream(() => ['hello'], { encoding: shouting })
 */
export interface Encoder<T> {
  /** Text before the first value. */
  start?(): Chunk
  /**
   * One value; empty when there is nothing to send for it.
   *
   * @param id In a run: under which id the value is sent, which ends with its number: `1-12` for the twelfth.
   */
  value(value: T, id?: string): Chunk | Promise<Chunk>
  /**
   * The last chunk of the body; asked for once. `undefined` when there is no word for such an end: then the body is cut,
   * so that no client takes it for whole.
   */
  end(event: EndEvent): Chunk | undefined | Promise<Chunk | undefined>
  /** A sign of life that clients skip. */
  heartbeat?(): Chunk
}

/** The client of a stream, as far as an encoding needs it. */
export interface EncodingContext {
  /** In a run: the last event that the client has, when it comes back. */
  readonly lastEventId?: string | undefined
}

/** Makes the encoder of one stream. */
export type EventEncoding<T = unknown> = (context?: EncodingContext) => Encoder<T>

/** Names of the events. */
export interface EventsOptions {
  /** The event name of plain values. Default none: an unnamed message. */
  readonly event?: string
  /** The event name of the end. Default `done`. */
  readonly done?: string
  /** The event name of a failure. Default `error`. */
  readonly error?: string
}

const ping = (): string => encodeComment('ping')

/** One value as an event: text as text, everything else as JSON. */
function encodeValue(value: unknown, event?: string): string {
  if (value instanceof ServerSentEvent) return encodeEvent(value)
  const data = typeof value === 'string' ? value : toValueText(value)
  return encodeEvent(event === undefined ? { data } : { event, data })
}

/**
 * The encoding for scripts: values as events, text as text, everything else as JSON.
 *
 * A good end is `event: done` with its reason; a failure is `event: error` with a code and an id, and no `done` after
 * it. The browser's EventSource delivers its own network errors under the name `error` too: only ours has data.
 *
 * Throws  SourceError `wire/field` for a name that cannot be sent; `source/value` for a value that has no JSON.
 *
 * @example new EventStream(() => [{ pct: 50 }, { pct: 100 }], { encoding: events({ event: 'progress' }) })
 */
export function events(options: EventsOptions = {}): EventEncoding {
  const { event, done = 'done', error = 'error' } = options
  if (event !== undefined) checkEventName(event)
  checkEndName('done', done)
  // Most scripts listen to the name by which EventSource calls its own failures.
  if (error !== 'error') checkEndName('error', error)
  checkValueName(event, [done, error, SHUTDOWN])
  return () => ({
    value: (value) => encodeValue(value, event),
    end({ reason, error: failure }) {
      if (failure)
        return encodeEvent({ event: error, data: JSON.stringify({ reason, ...failure }) })
      return reason === 'shutdown'
        ? encodeEvent(shutdownMessage())
        : encodeEvent({ event: done, data: JSON.stringify({ reason }) })
    },
    heartbeat: ping,
  })
}

/** Checks the name of an end, which has to differ from events without a name. */
function checkEndName(option: 'done' | 'error', name: string): void {
  checkEventName(name)
  if (name !== 'message') return
  const message = `events({ ${option}: 'message' }) would send an end that looks like a value: events without a name are called "message".`
  throw new SourceError('wire/field', message, { hint: `Use a name such as "${option}".` })
}

/** Checks the name of values, which has to differ from those of the ends. */
function checkValueName(event: string | undefined, ends: readonly string[]): void {
  if (event === undefined || !ends.includes(event)) return
  const message = `events({ event: '${event}' }) would send values that look like an end, which has the same name.`
  const hint = 'Use another name for the values, such as "chunk", or for the end (`done`, `error`).'
  throw new SourceError('wire/field', message, { hint })
}

/** The event of a server that stops: its client comes back. */
const SHUTDOWN = 'shutdown'

/**
 * The barest encoding: unnamed events and nothing else. A good end is the end of the body, so it is for clients that
 * fetch; an EventSource would connect again. A failure is one last event `{"error": …}`.
 *
 * Throws  SourceError `source/value` for a value that has no JSON.
 *
 * @example new EventStream(() => ['Hel', 'lo'], { encoding: plain })
 */
export function plain(): Encoder<unknown> {
  return {
    value: (value) => encodeValue(value),
    end({ reason, error }) {
      if (reason === 'done') return ''
      if (reason === 'shutdown') return encodeEvent(shutdownMessage())
      const { message = 'The stream was cut.', code = reason, id } = error ?? {}
      return encodeEvent({ data: JSON.stringify({ error: message, code, id }) })
    },
    heartbeat: ping,
  }
}

/**
 * The encoding that counts: each event has its type and a number that rises by one, so that a client sees what it missed.
 * `start`, then `chunk`s, then exactly one of `complete` (with what the source returned), `error`, `cancel`. A client that
 * comes back to a run gets no second `start`: the numbers go on.
 *
 * Throws  SourceError `source/value` for a value that has no JSON.
 *
 * @example new EventStream(async function* () { yield { pct: 50 }; return { url: '/report' } }, { encoding: sequenced })
 */
export function sequenced({ lastEventId }: EncodingContext = {}): Encoder<unknown> {
  let seq = lastEventId === undefined ? 0 : parseCursor(lastEventId) + 1
  const event = (type: string, member = ''): string =>
    encodeEvent({ event: type, data: `{"type":"${type}","seq":${seq++}${member}}` })
  return {
    start: () => (lastEventId === undefined ? event('start') : ''),
    value(value, id) {
      if (id !== undefined) seq = parseCursor(id)
      if (value instanceof ServerSentEvent) return encodeEvent(value)
      return event('chunk', `,"chunk":${toValueText(value)}`)
    },
    end({ reason, error, final }) {
      if (error) return event('error', `,"error":${JSON.stringify(error)}`)
      if (reason !== 'done') return event('cancel', `,"reason":"${reason}"`)
      return event('complete', final === undefined ? '' : `,"final":${toJsonText(final)}`)
    },
    heartbeat: ping,
  }
}

/**
 * The event that asks a client to come back after its server has stopped. It is not `done`, because a client that closes
 * on `done` would not come back; and the times are spread, because all clients of a server get it at once.
 */
export function shutdownMessage(): EventFields {
  const retry = 500 + Math.floor(Math.random() * 2_500)
  return { event: SHUTDOWN, retry, data: JSON.stringify({ reason: 'shutdown' }) }
}

/**
 * Checks what an encoder gave.
 *
 * Throws  SourceError `source/value` when it is neither text nor bytes.
 */
export function checkChunk(chunk: unknown, method: string): Chunk {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return chunk as Chunk
  const what = chunk === null ? 'null' : chunk instanceof Promise ? 'a promise' : typeof chunk
  const hint = 'Return text, or bytes as a Uint8Array; an empty text sends nothing.'
  throw new SourceError('source/value', `${method} of an encoding returned ${what}.`, { hint })
}

/** Cuts a large text between two characters: its end need not be encoded before the client has taken its beginning. */
export function toParts(chunk: Chunk): readonly Chunk[] {
  if (typeof chunk === 'string' && chunk.length > 32_768) return chunk.match(/.{1,32768}/gsu)!
  return chunk.length > 0 ? [chunk] : []
}

/**
 * A value of a stream as JSON, for encodings that render nothing.
 *
 * Throws  SourceError `source/value` for a fragment, whose context is not for clients, and for what has no JSON.
 */
export function toValueText(value: unknown): string {
  if (!(value instanceof Fragment)) return toJsonText(value)
  const { block, template } = value
  const message = `This encoding renders no fragments, but the stream gave one, "${block}" of "${template}".`
  const hint = 'Return an EventStream without `encoding`: that one is for htmx, and renders them.'
  throw new SourceError('source/value', message, { hint })
}
