import { Stoppable } from '../shared/stoppable.ts'
import type { Recording, RecordingEnd } from './cassette.ts'
import type { Part } from './part.ts'
import { readSource } from './read-source.ts'
import type { TokenSource } from './token-source.ts'

/** What stops the recording. */
export interface RecordOptions {
  /** Stops the source when it aborts. */
  readonly signal?: AbortSignal
}

/**
 * Passes a source on and keeps what it said, with times, for `replay`.
 *
 * In      whatever `tokens` reads.
 * Out     all its parts, text and others, as they come: a source for `tokens` and everything that reads tokens.
 * Cost    keeps every part until the end; a provider's own object is kept as its JSON.
 * Ends    closes the source as `tokens` does, and calls `onCassette` exactly once, when something was read: also for
 *         what failed or was cut.
 * Throws  what `tokens` throws.
 *
 * @param onCassette Given the recording; `JSON.stringify` makes a file of it.
 * @param options.signal Stops the source.
 * @example
 * let cassette: Recording | undefined
 * for await (const part of record(['Hel', 'lo'], (recorded) => (cassette = recorded))) show(part)
 * cassette?.parts.map(({ part }) => part) // → [{ type: 'text', text: 'Hel' }, { type: 'text', text: 'lo' }]
 */
export function record(
  source: TokenSource,
  onCassette: (cassette: Recording) => void,
  { signal }: RecordOptions = {},
): AsyncGenerator<Part, void, undefined> {
  const read = readSource<Part, void>(source, signal, { pick: (part) => part, end: () => {} })
  return new Stoppable(taped(read, onCassette), () => read.return())
}

async function* taped(
  read: AsyncIterable<Part>,
  onCassette: (cassette: Recording) => void,
): AsyncGenerator<Part, void, undefined> {
  const startedAt = performance.now()
  const now = (): number => Math.round(performance.now() - startedAt)
  const parts: { atMs: number; part: Part }[] = []
  let end: Omit<RecordingEnd, 'atMs'> = { as: 'cut' }
  try {
    for await (const part of read) {
      parts.push({ atMs: now(), part: plain(part) })
      yield part
    }
    end = { as: 'whole' }
  } catch (error) {
    end = { as: 'failed', message: error instanceof Error ? error.message : String(error) }
    throw error
  } finally {
    onCassette({ version: 1, parts, end: { atMs: now(), ...end } })
  }
}

/** As JSON would give it back. `raw` is never missing: it tells our parts from those of a provider. */
function plain(part: Part): Part {
  if (part.type === 'text') return part
  try {
    const raw: unknown = JSON.parse(JSON.stringify(part.raw) ?? 'null')
    return { ...part, raw }
  } catch {
    return { ...part, raw: null }
  }
}
