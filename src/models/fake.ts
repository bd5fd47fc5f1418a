import { abortableGenerator } from '../shared/abortable.ts'
import { sleep } from '../shared/clock.ts'
import { SourceError } from '../shared/errors.ts'

/** How fast the fake model answers, how its text is cut, and when it fails. */
export interface FakeTokensOptions {
  /** How long each token after the first one takes, in milliseconds. Default 0: all come at once. */
  readonly everyMs?: number
  /** How the text is cut: into words with the space behind them, into characters, or into so many characters. Default `word`. */
  readonly chunk?: 'word' | 'char' | number
  /** Fails after so many tokens. */
  readonly failAt?: number
  /** Stops it; then it throws the reason, as models do. */
  readonly signal?: AbortSignal
}

/**
 * Imitates a model with a text of your own, for tests and for pages that are built before their model.
 *
 * Out     the text in chunks; put together they are the text.
 * Ends    after the last chunk, or at once, also in a pause, when its reader leaves.
 * Throws  SourceError `source/failed` at `failAt`; the reason of `signal`.
 *
 * @example
 * const words = []
 * for await (const token of fakeTokens('Hello my friend')) words.push(token)
 * words // → ['Hello ', 'my ', 'friend']
 */
export function fakeTokens(
  text: string,
  options: FakeTokensOptions = {},
): AsyncGenerator<string, void, undefined> {
  const { everyMs = 0, chunk = 'word', failAt = Infinity, signal: outer } = options
  return abortableGenerator(async function* write(signal) {
    const tokens = cut(text, chunk)
    for (const [count, token] of tokens.entries()) {
      if (everyMs > 0 && count > 0) await sleep(everyMs, signal)
      signal.throwIfAborted()
      if (count >= failAt) break
      yield token
    }
    if (failAt > tokens.length) return
    const message = `The fake model failed after ${failAt} tokens.`
    throw new SourceError('source/failed', message, { hint: '`failAt` asked for this.' })
  }, outer)
}

function cut(text: string, chunk: 'word' | 'char' | number): readonly string[] {
  if (chunk === 'word') return text.match(/^\s+|\S+\s*/g) ?? []
  const size = chunk === 'char' ? 1 : chunk
  if (!(Number.isSafeInteger(size) && size > 0))
    throw new RangeError(`chunk is "word", "char" or a whole number above 0, not ${String(chunk)}.`)
  // By character, not by half of one.
  return text.match(new RegExp(`.{1,${size}}`, 'gsu')) ?? []
}
