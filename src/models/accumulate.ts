import { Unmade } from '../shared/askable.ts'
import { GrowingText } from './growing-text.ts'
import { readSource, type Reading } from './read-source.ts'
import type { TokenSource } from './token-source.ts'
import type { Part, NonTextPart } from './part.ts'
import type { TokensOptions } from './tokens.ts'

export interface AccumulateOptions extends Pick<TokensOptions, 'signal'> {
  /** Told what is no text. Where it gives back true, the text so far is given once more. */
  readonly onPart?: (part: NonTextPart) => boolean | void
}

/** The text so far, and what is new in it. */
export interface Accumulated {
  readonly text: string
  readonly delta: string
  /** Counts the tokens from 1; the final one repeats the last number. */
  readonly seq: number
  /** Nothing follows: `delta` is empty and `text` is whole. */
  readonly final: boolean
}

/**
 * Joins tokens into the growing text; one more value at the end says that it is whole.
 *
 * Cost    one object a token, and what `as` makes of it; the text is joined without copying it each time.
 * Ends    closes the source exactly once, at once also when it is silent. The final value comes only after a good end,
 *         also when there was no token.
 * Throws  what `tokens` throws.
 *
 * @param as What each state is handed on as; itself, when nothing is said.
 * @example for await (const { text, final } of accumulate(['Hel', 'lo'])) show(text) // 'Hel', 'Hello', 'Hello'
 */
export function accumulate<T = Accumulated>(
  source: TokenSource,
  { signal, onPart }: AccumulateOptions = {},
  as: (state: Accumulated) => T = (state) => state as T,
): AsyncGenerator<T, void, undefined> {
  return readSource(source, signal, new Accumulation(onPart, as))
}

/** So much new text waits for one value at most: it is held beside the whole. */
const MOST_KEPT_CHARS = 65_536

class Accumulation<T> implements Reading<T, void> {
  readonly #text = new GrowingText()
  readonly #onPart: AccumulateOptions['onPart']
  readonly #as: (state: Accumulated) => T
  #seq = 0
  /** Of what is kept. */
  #delta = ''

  constructor(onPart: AccumulateOptions['onPart'], as: (state: Accumulated) => T) {
    this.#onPart = onPart
    this.#as = as
  }

  pick(part: Part): T | undefined {
    if (part.type === 'text') {
      this.#seq += 1
      return this.#said(this.#text.add(part.text), part.text, false)
    }
    return this.#onPart?.(part) ? this.#said(this.#text.whole, '', false) : undefined
  }

  keep(part: Part): boolean {
    if (part.type !== 'text' || this.#delta.length > MOST_KEPT_CHARS) return false
    this.#seq += 1
    this.#delta += part.text
    return true
  }

  kept(): Unmade<T> {
    const delta = this.#delta
    this.#delta = ''
    return new UnmadeState(this.#as, this.#text.add(delta), delta, this.#seq)
  }

  last(): T {
    return this.#said(this.#text.handOver(), '', true)
  }

  end(): void {}

  #said(text: string, delta: string, final: boolean): T {
    return this.#as({ text, delta, seq: this.#seq, final })
  }
}

/** One object for all that a state needs to be made, because thousands of these wait: a closure would be two more. */
class UnmadeState<T> extends Unmade<T> {
  readonly #as: (state: Accumulated) => T
  readonly #text: string
  readonly delta: string
  readonly #seq: number

  constructor(as: (state: Accumulated) => T, text: string, delta: string, seq: number) {
    super()
    this.#as = as
    this.#text = text
    this.delta = delta
    this.#seq = seq
  }

  made(): T {
    const { delta } = this
    return this.#as({ text: this.#text, delta, seq: this.#seq, final: false })
  }
}
