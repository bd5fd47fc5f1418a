/** So much is joined lazily: each piece of a rope costs ten times what it says. */
const ROPE_CHARS = 1_024
const ROPE_SHARE = 1 / 32

/**
 * Text that is joined from many small pieces and read as a whole now and then.
 *
 * Cost    a rope of the newest pieces, which is made into plain text now and then: in memory it is about as large as it is
 *         long, and no character is copied more than some thirty times.
 *
 * @example
 * const text = new GrowingText()
 * text.add('Hel')
 * text.add('lo') // → 'Hello'
 */
export class GrowingText {
  whole: string = ''
  /** The first character's code. */
  first: number = NaN
  #flat = 0

  add(piece: string): string {
    this.whole += piece
    const { length } = this.whole
    if (length - this.#flat > Math.max(ROPE_CHARS, length * ROPE_SHARE)) {
      // Looking at one character makes engines join the pieces; keeping it makes them look.
      this.first = this.whole.charCodeAt(0)
      this.#flat = length
    }
    return this.whole
  }

  /** All of it, which is kept no longer: it may be large, and wait for a slow reader long enough. */
  handOver(): string {
    const { whole } = this
    this.whole = ''
    return whole
  }
}
