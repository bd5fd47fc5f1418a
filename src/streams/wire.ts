import type { EndReason } from './stream-end.ts'

/** What a client may learn of a failure. */
export interface PublicError {
  readonly code: string
  /** Finds the cause in the log. */
  readonly id: string
  readonly message: string
}

/** How a stream ends, for the one who has to spell it. */
export interface EndEvent {
  readonly reason: EndReason
  /** What failed, with reason `error`. */
  readonly error?: PublicError | undefined
  /** What the source returned, with reason `stop`. */
  readonly final?: unknown
}

/** A piece of the body: text, which goes out as UTF-8, or bytes as they are. */
export type Chunk = string | Uint8Array<ArrayBuffer>

/**
 * How the values of one stream are spelt. It belongs to that stream and may remember what it has sent. A wire of your
 * own is an object of these functions.
 *
 * @example
 * const shouting: EventEncoding<string> = () => ({
 *   value: (text) => `data: ${text.toUpperCase()}\n\n`,
 *   terminal: ({ reason }) => `event: done\ndata: ${reason}\n\n`,
 * })
 * new EventStream(() => ['hello'], { encoding: shouting })
 */
export interface Encoder<T> {
  /** What stands before the first value. */
  start?(): Chunk
  /** One value; empty when there is nothing to send for it. */
  value(value: T): Chunk | Promise<Chunk>
  /**
   * The last piece of the body. Exactly one is asked for. `undefined` when this wire has no word for such an end: then
   * the body is cut, so that nobody takes it for whole.
   */
  end(terminal: EndEvent): Chunk | undefined | Promise<Chunk | undefined>
  /** A sign of life that clients skip; none when this wire has no such thing. */
  heartbeat?(): Chunk
}

/** Makes the wire of one stream. */
export type EventEncoding<T = unknown> = () => Encoder<T>
