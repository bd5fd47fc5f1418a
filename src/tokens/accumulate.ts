import { tokens, type TokenSource } from './tokens.ts'

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
 * Cost    one object a token; the text is a rope, joined without copying.
 * Ends    closes the source exactly once. The final value comes only after a good end, also when there was no token.
 *
 * @example for await (const { text, final } of accumulate(['Hel', 'lo'])) show(text) // 'Hel', 'Hello', 'Hello'
 */
export async function* accumulate(
  source: TokenSource,
): AsyncGenerator<Accumulated, void, undefined> {
  let text = ''
  let seq = 0
  for await (const delta of tokens(source)) {
    text += delta
    seq += 1
    yield { text, delta, seq, final: false }
  }
  yield { text, delta: '', seq, final: true }
}
