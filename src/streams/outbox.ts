import { withId } from '../wire/sse.ts'
import type { Piece, Terminal, Wire } from './wire.ts'

/**
 * What lies between a source, which speaks when it likes, and a reader, who takes what he can: values go in as they
 * come, pieces of the body come out when one is wanted. It decides what of the values still has to be said.
 */
export interface Outbox<T> {
  /** Nothing waits to be sent. */
  readonly empty: boolean
  /** So much waits that the source should wait, too. */
  readonly full: boolean
  /** What stands before the first value. */
  start?(): Piece
  /**
   * Takes one value in; nothing is spelt yet.
   *
   * @param id Where its reader can come back to when he has it.
   */
  take(value: T, id?: string): void
  /** All that waits, or the next part of it. */
  next(): Piece | Promise<Piece>
  /** The last piece, when nothing waits any more; `undefined` when the body has to be cut instead. */
  terminal(terminal: Terminal): Piece | undefined | Promise<Piece | undefined>
  heartbeat?(): Piece
}

/** Each value is said, in its order, as the wire spells it. */
export class ValueOutbox<T> implements Outbox<T> {
  readonly #wire: Wire<T>
  #waiting: { readonly value: T; readonly id: string | undefined }[] = []

  constructor(wire: Wire<T>) {
    this.#wire = wire
    if (wire.start) this.start = () => wire.start!()
    if (wire.heartbeat) this.heartbeat = () => wire.heartbeat!()
  }

  declare start?: () => Piece
  declare heartbeat?: () => Piece

  get empty(): boolean {
    return this.#waiting.length === 0
  }

  get full(): boolean {
    return !this.empty
  }

  take(value: T, id?: string): void {
    this.#waiting.push({ value, id })
  }

  next(): Piece | Promise<Piece> {
    const { value, id } = this.#waiting.shift()!
    const piece = this.#wire.value(value)
    if (id === undefined) return piece
    const marked = (made: Piece): Piece => (typeof made === 'string' ? withId(made, id) : made)
    return piece instanceof Promise ? piece.then(marked) : marked(piece)
  }

  terminal(terminal: Terminal): Piece | undefined | Promise<Piece | undefined> {
    return this.#wire.terminal(terminal)
  }
}
