import type { Chunk } from './wire.ts'

/** Large texts leave in pieces of this size: what a reader has not taken need not be encoded. */
const PIECE_CHARS = 65_536
const ANYTHING = /./
/** Most of the time nothing waits; a list that was pushed to would keep room for seventeen. */
const NONE: readonly Chunk[] = []

/** What was made for one reader and is not sent yet, in its order. */
export class Pieces {
  #waiting = NONE

  get empty(): boolean {
    return this.#waiting.length === 0
  }

  /**
   * Adds a piece. Nothing is no piece: where a body is sent in chunks, an empty one is its end.
   *
   * @param apart Not to the one before it, although both are text.
   */
  add(piece: Chunk, apart: boolean = false): void {
    if (piece.length === 0) return
    const last = this.#waiting.length - 1
    const before = this.#waiting[last]
    const isMore = !apart && typeof before === 'string' && typeof piece === 'string'
    this.#waiting = isMore
      ? this.#waiting.with(last, before + piece)
      : this.#waiting.concat([piece])
  }

  /** The next one, no longer than what may leave at once. */
  take(): Chunk {
    const piece = this.#waiting[0]!
    if (typeof piece !== 'string' || piece.length <= PIECE_CHARS) {
      this.#waiting = this.#waiting.length === 1 ? NONE : this.#waiting.slice(1)
      return piece
    }
    // Not between the halves of a character pair.
    const last = piece.charCodeAt(PIECE_CHARS - 1)
    const end = last >= 0xd800 && last < 0xdc00 ? PIECE_CHARS - 1 : PIECE_CHARS
    this.#waiting = this.#waiting.with(0, piece.slice(end))
    // The engine keeps the text of its newest match, and the block was searched for tags: a small one takes its place.
    ANYTHING.exec('.')
    return piece.slice(0, end)
  }

  clear(): void {
    this.#waiting = NONE
  }
}
