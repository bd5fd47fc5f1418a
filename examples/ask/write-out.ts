import { setTimeout } from 'node:timers/promises'

export interface WriteOutOptions {
  readonly signal: AbortSignal
  /** Words a second, on average. 0 writes without pauses. Default 30, about the pace of a hosted model. */
  readonly tokensPerSecond?: number
}

/**
 * A finished text, word by word, at the pace of a model.
 *
 * Out     the words with the space after them; put together they are the text, byte for byte.
 * Ends    after the last word, or quietly, at once, when the signal aborts.
 *
 * @example for await (const word of writeOut('Hello there.', { signal })) process.stdout.write(word)
 */
export async function* writeOut(
  text: string,
  { signal, tokensPerSecond = 30 }: WriteOutOptions,
): AsyncGenerator<string, void, undefined> {
  for (const word of text.match(/^\s+|\S+\s*/g) ?? []) {
    if (signal.aborted) return
    yield word
    if (tokensPerSecond > 0) {
      // An even rhythm looks like a machine; the tokens of a model do not come evenly.
      const pauseMs = (1000 / tokensPerSecond) * (0.4 + 1.2 * Math.random())
      try {
        await setTimeout(pauseMs, undefined, { signal })
      } catch {
        return
      }
    }
  }
}
