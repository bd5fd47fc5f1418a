import { withId } from '../sse/sse.ts'
import type { Chunk, PublicError, EndEvent, Encoder } from './wire.ts'

/** Writes into the log what could not be said, and gives what a reader may know of it. */
export type Report = (error: unknown) => PublicError

/**
 * What lies between a source, which speaks when it likes, and a reader, who takes what he can: values go in as they
 * come, pieces of the body come out when one is wanted. It decides what of the values still has to be said.
 */
export interface Outbox<T> {
  /** Nothing waits to be sent. */
  readonly empty: boolean
  /** So much waits that the source should wait, too. */
  readonly full: boolean
  /** A value stands for those before it, so the source may read on by itself while nobody is shown anything. */
  readonly states?: boolean
  /** What stands before the first value. */
  start?(): Chunk
  /**
   * Takes one value in; nothing is spelt yet.
   *
   * @param id Where its reader can come back to when he has it.
   */
  take(value: T, id?: string): void
  /**
   * All that waits, or the next part of it.
   *
   * @param report For a failure that is not the end of the stream.
   */
  next(report: Report): Chunk | Promise<Chunk>
  /** What the reader still has not been shown because it failed: a stream that ends with that has failed. */
  readonly failure?: { readonly error: unknown; readonly seen: PublicError } | undefined
  /** The last piece, when nothing waits any more; `undefined` when the body has to be cut instead. */
  terminal(terminal: EndEvent): Chunk | undefined | Promise<Chunk | undefined>
  heartbeat?(): Chunk
}

/** Each value is said, in its order, as the wire spells it. */
export class ValueOutbox<T> implements Outbox<T> {
  readonly #encoding: Encoder<T>
  #waiting: { readonly value: T; readonly id: string | undefined }[] = []

  constructor(encoding: Encoder<T>) {
    this.#encoding = encoding
    if (encoding.start) this.start = () => encoding.start!()
    if (encoding.heartbeat) this.heartbeat = () => encoding.heartbeat!()
  }

  declare start?: () => Chunk
  declare heartbeat?: () => Chunk

  get empty(): boolean {
    return this.#waiting.length === 0
  }

  get full(): boolean {
    return !this.empty
  }

  take(value: T, id?: string): void {
    this.#waiting.push({ value, id })
  }

  next(): Chunk | Promise<Chunk> {
    const { value, id } = this.#waiting.shift()!
    const piece = this.#encoding.value(value)
    if (id === undefined) return piece
    const marked = (made: Chunk): Chunk => (typeof made === 'string' ? withId(made, id) : made)
    return piece instanceof Promise ? piece.then(marked) : marked(piece)
  }

  terminal(terminal: EndEvent): Chunk | undefined | Promise<Chunk | undefined> {
    return this.#encoding.end(terminal)
  }
}
