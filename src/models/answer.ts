import type { Part, Piece } from './pieces.ts'
import { cutAnswer } from './errors.ts'

/** Parts that may stand between two texts, which then are two paragraphs. */
const DIVIDES = new Set(['tool', 'reasoning', 'file', 'finish'])

/** One answer while it is read: keeps its texts apart, and knows whether it is whole. */
export class Answer {
  /** True once a chunk came of a protocol that ends with a sign. */
  hasEndSign: boolean = false
  #isWhole = false
  /** The white space behind the text so far; undefined before the first text. */
  #tail: string | undefined
  /** Something came since the last text. */
  #isApart = false
  /** The last text is open: it goes on, whatever came since. */
  #isOpen = false

  /** The part of a piece; nothing for a sign. Throws  the error of a failure. */
  partOf(piece: Piece): Part | undefined {
    if (piece.type === 'failure') throw piece.error
    if (piece.type === 'text') return this.#text(piece)
    if (piece.type !== 'sign') {
      if (piece.type === 'finish') this.#isWhole = true
      this.#isApart ||= DIVIDES.has(piece.type)
      return piece
    }
    const { says } = piece
    if (says === 'whole') this.#isWhole = true
    else if (says === 'apart') this.#isApart = true
    else this.#isOpen = says === 'open'
    return undefined
  }

  /** Throws  SourceError `source/failed` for an answer whose end has not come. */
  checkEnd(): void {
    if (this.hasEndSign && !this.#isWhole) throw cutAnswer()
  }

  #text(part: Part & { readonly type: 'text' }): Part {
    // What comes behind an end is another answer, with an end of its own.
    this.#isWhole = false
    const { text } = part
    const begin = text.trimStart()
    if (begin === '') {
      if (this.#tail !== undefined) this.#tail += text
      return part
    }
    const space = (this.#tail ?? '') + text.slice(0, text.length - begin.length)
    const isNew = this.#isApart && !this.#isOpen && this.#tail !== undefined
    const missing = isNew ? 2 - Math.min(2, space.split('\n').length - 1) : 0
    this.#tail = text.slice(text.trimEnd().length)
    if (!this.#isOpen) this.#isApart = false
    return missing === 0 ? part : { ...part, text: '\n'.repeat(missing) + text }
  }
}
