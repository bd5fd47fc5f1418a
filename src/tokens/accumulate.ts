import { Stoppable } from '../base/stoppable.ts'
import type { TokenSource } from './token-source.ts'
import { tokens, type TokensOptions } from './tokens.ts'

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
 * Ends    closes the source exactly once, at once also when it is silent. The final value comes only after a good end,
 *         also when there was no token.
 * Throws  what `tokens` throws.
 *
 * @example for await (const { text, final } of accumulate(['Hel', 'lo'])) show(text) // 'Hel', 'Hello', 'Hello'
 */
export function accumulate(
  source: TokenSource,
  options?: TokensOptions,
): AsyncGenerator<Accumulated, void, undefined> {
  const read = tokens(source, options)
  let stopped = false
  return new Stoppable(
    grow(read, () => stopped),
    () => {
      stopped = true
      return read.return('')
    },
  )
}

async function* grow(
  read: AsyncIterable<string>,
  stopped: () => boolean,
): AsyncGenerator<Accumulated, void, undefined> {
  let text = ''
  let seq = 0
  for await (const delta of read) {
    text += delta
    seq += 1
    yield { text, delta, seq, final: false }
  }
  // What was stopped is not whole.
  if (!stopped()) yield { text, delta: '', seq, final: true }
}
