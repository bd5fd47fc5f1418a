import { sleep } from '../shared/clock.ts'
import { SourceError } from '../shared/errors.ts'
import { Stoppable } from '../shared/stoppable.ts'

/** How fast the fake model speaks, in which pieces, and when it fails. */
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
 * A model that says what it is told, for tests and for pages that are built before their model.
 *
 * Out     the text in pieces; put together they are the text.
 * Ends    after the last piece, or at once, also in a pause, when nobody wants it any more.
 * Throws  SourceError `source/failed` at `failAt`; the reason of `signal`.
 *
 * @param options.everyMs Pause between two tokens.
 * @param options.chunk How the text is cut.
 * @param options.failAt After how many tokens it fails.
 * @param options.signal Stops it.
 * @example
 * const said = []
 * for await (const token of fakeTokens('Hello my friend')) said.push(token)
 * said // → ['Hello ', 'my ', 'friend']
 */
export function fakeTokens(
  text: string,
  options: FakeTokensOptions = {},
): AsyncGenerator<string, void, undefined> {
  const stopping = new AbortController()
  return new Stoppable(write(text, options, stopping.signal), () => stopping.abort())
}

async function* write(
  text: string,
  { everyMs = 0, chunk = 'word', failAt = Infinity, signal }: FakeTokensOptions,
  stopped: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const ends = signal ? AbortSignal.any([signal, stopped]) : stopped
  let count = 0
  for (const token of pieces(text, chunk)) {
    if (everyMs > 0 && count > 0) await sleep(everyMs, ends)
    signal?.throwIfAborted()
    if (stopped.aborted) return
    if (count >= failAt) throw failure(count)
    yield token
    count += 1
  }
  if (failAt <= count && failAt !== Infinity) throw failure(count)
}

function pieces(text: string, chunk: 'word' | 'char' | number): readonly string[] {
  if (chunk === 'word') return text.match(/^\s+|\S+\s*/g) ?? []
  const size = chunk === 'char' ? 1 : chunk
  if (!(Number.isSafeInteger(size) && size > 0))
    throw new RangeError(`chunk is "word", "char" or a whole number above 0, not ${String(chunk)}.`)
  // By character, not by half of one.
  const characters = Array.from(text)
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(''),
  )
}

function failure(count: number): SourceError {
  return new SourceError('source/failed', `The fake model failed after ${count} tokens.`, {
    hint: 'As `failAt` wants it.',
  })
}
