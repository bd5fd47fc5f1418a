import { Stoppable } from '../base/stoppable.ts'
import type { Part } from './part.ts'
import { PartReader } from './part-reader.ts'
import type { TokenSource } from './token-source.ts'
import { Upstream } from './upstream.ts'

/** What is done with each part, and with the end. */
export interface Reading<T, R> {
  /** Gives what is to be handed on, or undefined to hand on nothing. */
  pick(part: Part): T | undefined
  /** What the whole was; only after a good end. */
  end(): R
}

/**
 * Reads a source part by part: the one loop behind `tokens` and `record`.
 *
 * Ends    closes the source exactly once: at its end, on a throw, when the reader stops, or when `signal` aborts.
 * Throws  the reason of the signal; what the source throws; SourceError for parts that are wrong.
 */
export function readSource<T, R>(
  source: TokenSource,
  signal: AbortSignal | undefined,
  reading: Reading<T, R>,
): Stoppable<T, R> {
  const upstream = new Upstream(source)
  return new Stoppable(read(upstream, signal, reading), () => upstream.stop())
}

async function* read<T, R>(
  upstream: Upstream,
  signal: AbortSignal | undefined,
  reading: Reading<T, R>,
): AsyncGenerator<T, R, undefined> {
  const stop = (): void => void upstream.stop()
  signal?.addEventListener('abort', stop, { once: true })
  let found: T[] = []
  const reader = new PartReader((part) => {
    const picked = reading.pick(part)
    if (picked !== undefined) found.push(picked)
  })
  try {
    for (;;) {
      signal?.throwIfAborted()
      const { done, value } = await upstream.next()
      signal?.throwIfAborted()
      if (upstream.stopped) return reading.end()
      if (done) reader.end()
      else reader.read(value)
      if (found.length > 0) {
        const ready = found
        found = []
        for (const picked of ready) yield picked
      }
      if (!done) continue
      if (upstream.cut)
        throw new DOMException('The model was aborted before its answer was whole.', 'AbortError')
      return reading.end()
    }
  } catch (error) {
    // An SDK that heard the same signal has its own word for it.
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
    await upstream.stop()
  }
}
