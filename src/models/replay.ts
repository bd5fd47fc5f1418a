import { sleep } from '../shared/clock.ts'
import { ConfigError, SourceError } from '../shared/errors.ts'
import { Stoppable } from '../shared/stoppable.ts'
import type { Recording } from './cassette.ts'
import type { Part } from './part.ts'

/** How fast a recording is played, and what stops it. */
export interface ReplayOptions {
  /** How much faster than recorded. Default 1; `Infinity` never waits. */
  readonly speed?: number
  /** Stops it; then it throws the reason, as models do. */
  readonly signal?: AbortSignal
}

/**
 * A recorded model: says the same again, at the recorded pace.
 *
 * In      what `record` gave, or what `JSON.parse` made of it.
 * Out     the parts of the recording: a source for `tokens` and everything that reads tokens.
 * Ends    as the recording did; a cut one just ends. At once, also in a pause, when nobody wants it any more.
 * Throws  SourceError `source/failed` where the recorded source failed; ConfigError `config/invalid` for what is no
 *         recording; the reason of `signal`.
 *
 * @param options.speed How much faster than recorded.
 * @param options.signal Stops it.
 * @example
 * const cassette: Recording = { version: 1, parts: [{ atMs: 400, part: { type: 'text', text: 'Hello' } }], end: { atMs: 500, as: 'whole' } }
 * for await (const token of tokens(replay(cassette, { speed: Infinity }))) show(token) // 'Hello'
 */
export function replay(
  cassette: Recording,
  options: ReplayOptions = {},
): AsyncGenerator<Part, void, undefined> {
  if (cassette?.version !== 1 || !Array.isArray(cassette.parts) || cassette.end === undefined)
    throw new ConfigError('config/invalid', 'This is no cassette of version 1.', {
      hint: 'record(source, onCassette) makes one.',
    })
  const stopping = new AbortController()
  return new Stoppable(play(cassette, options, stopping.signal), () => stopping.abort())
}

async function* play(
  { parts, end }: Recording,
  { speed = 1, signal }: ReplayOptions,
  stopped: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  const ends = signal ? AbortSignal.any([signal, stopped]) : stopped
  let lastMs = 0
  const wanted = async (atMs: number): Promise<boolean> => {
    const pauseMs = (atMs - lastMs) / speed
    lastMs = atMs
    if (pauseMs > 0) await sleep(pauseMs, ends)
    signal?.throwIfAborted()
    return !stopped.aborted
  }
  for (const { atMs, part } of parts) {
    if (!(await wanted(atMs))) return
    yield part
  }
  if (end.as === 'failed' && (await wanted(end.atMs)))
    throw new SourceError('source/failed', end.message ?? 'The recorded model failed.')
}
