import type { Fragment } from '../fragments/fragment.ts'

/** More than this of new text is not kept twice: it is cut out of the whole text when it is sent. */
const LONG_CHARS = 4_096

/**
 * What of one block may travel as added text alone, from frame to frame.
 *
 * It begins with a frame that was sent whole and goes on as long as nothing but the growing variable differs.
 * Text is cut where it may be cut: half a character pair would be spelt as a broken character, half a CRLF as two lines.
 *
 * Cost    follows what is new, however long the text is.
 */
export class GrownText {
  #context: Fragment['context']
  readonly #key: string
  readonly #keys: number
  /** The text of the newest fragment that was sent. */
  whole: string
  /** How much of the text the page shows. */
  #shown: number
  /** What came since; nothing when that is too long to be kept beside the text. */
  #new: string | undefined = ''
  #onlyGrows = true

  private constructor(sent: Fragment, key: string, text: string) {
    this.#context = sent.context
    this.#key = key
    this.#keys = Object.keys(sent.context).length
    this.whole = text
    this.#shown = text.length
  }

  /**
   * Begins with a fragment that is sent whole. Nothing when text cannot be added to what the page will show: what begins
   * in it and ends in the next text has to be drawn again.
   */
  static after(sent: Fragment): GrownText | undefined {
    const { context, grows } = sent
    const text = grows && context[grows.key]
    if (grows === undefined || typeof text !== 'string' || endsUnfinished(text)) return undefined
    return new GrownText(sent, grows.key, text)
  }

  /** Hears of each fragment that follows, whether it is sent or not. */
  take({ grows }: Fragment): void {
    if (grows?.key !== this.#key) this.#onlyGrows = false
    else this.add(grows.delta)
  }

  /** Hears of text that is new, and of nothing else. */
  add(delta: string): void {
    if (this.#new === undefined) return
    this.#new += delta
    if (this.#new.length > LONG_CHARS) this.#new = undefined
  }

  /** All text that is new; perhaps none yet; nothing when its fragment is needed to tell. */
  more(): string | undefined {
    return this.#onlyGrows && this.#new !== undefined ? this.#cut(this.#new) : undefined
  }

  /** The text to add for the newest fragment, perhaps none yet; nothing when the whole block must be drawn. */
  next(fragment: Fragment): string | undefined {
    const { context, final } = fragment
    const added = final || !this.#sameElse(context) ? undefined : this.rest(fragment)
    if (added === undefined) return undefined
    this.#context = context
    this.whole = context[this.#key] as string
    return this.#cut(added)
  }

  #cut(added: string): string {
    const cut = endsUnfinished(added) ? added.length - 1 : added.length
    this.#new = added.slice(cut)
    this.#shown += cut
    return added.slice(0, cut)
  }

  /** What the page does not show yet of the text of this fragment, whatever else in it differs; nothing when it did not just grow. */
  rest({ context }: Fragment): string | undefined {
    const whole = context[this.#key]
    if (!this.#onlyGrows || typeof whole !== 'string') return undefined
    const added = this.#new ?? whole.slice(this.#shown)
    // Whoever makes fragments by hand may be wrong about what is new in them.
    return this.#shown + added.length === whole.length ? added : undefined
  }

  /** Whether nothing but the growing variable differs from what was sent last. */
  #sameElse(context: Fragment['context']): boolean {
    let keys = 0
    for (const name in context) {
      keys += 1
      if (name !== this.#key && !Object.is(context[name], this.#context[name])) return false
    }
    return keys === this.#keys
  }
}

/** A character pair or a line break that has begun: its second half decides what it is. */
function endsUnfinished(text: string): boolean {
  const last = text.charCodeAt(text.length - 1)
  return last === 0x0d || (last >= 0xd800 && last < 0xdc00)
}
