import { abortableGenerator } from '../shared/abortable.ts'
import { now, sleep } from '../shared/clock.ts'
import { ConfigError, SourceError } from '../shared/errors.ts'
import type { Part } from './part.ts'
import { readParts } from './parts.ts'
import type { TokenSource } from './source.ts'

/** What a model said, and when: plain JSON, the same for every provider. */
export interface Recording {
  readonly version: 1
  /** The parts, each with the milliseconds since the source was opened. */
  readonly parts: readonly { readonly atMs: number; readonly part: Part }[]
  readonly end: RecordingEnd
}

/** How a recording ended: by itself, because its reader left, or with an error. */
export interface RecordingEnd {
  readonly atMs: number
  readonly as: 'whole' | 'cut' | 'failed'
  /** The message of the error. */
  readonly message?: string
}

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
 * Ends    closes the source as `tokens` does, and calls `onRecording` exactly once, when something was read: also for
 *         what failed or was cut.
 * Throws  what `tokens` throws.
 *
 * @param onRecording Called with the recording; `JSON.stringify` makes a file of it.
 * @param options.signal Stops the source.
 * @example
 * let recording: Recording | undefined
 * for await (const part of record(['Hel', 'lo'], (made) => (recording = made))) show(part)
 * recording?.parts.map(({ part }) => part) // → [{ type: 'text', text: 'Hel' }, { type: 'text', text: 'lo' }]
 */
export function record(
  source: TokenSource,
  onRecording: (recording: Recording) => void,
  { signal }: RecordOptions = {},
): AsyncGenerator<Part, void, undefined> {
  return abortableGenerator(
    (inner) => recorded(readParts(source, inner), onRecording, inner),
    signal,
  )
}

async function* recorded(
  source: AsyncIterable<Part>,
  onRecording: (recording: Recording) => void,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  const startedAt = now()
  const parts: { atMs: number; part: Part }[] = []
  let end: Omit<RecordingEnd, 'atMs'> = { as: 'cut' }
  try {
    for await (const part of source) {
      parts.push({ atMs: now() - startedAt, part: plain(part) })
      yield part
    }
    end = { as: 'whole' }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (!signal.aborted) end = { as: 'failed', message }
    throw error
  } finally {
    onRecording({ version: 1, parts, end: { atMs: now() - startedAt, ...end } })
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

/** How fast a recording is played, and what stops it. */
export interface ReplayOptions {
  /** How much faster than recorded. Default 1; `Infinity` never waits. */
  readonly speed?: number
  /** Stops it; then it throws the reason, as models do. */
  readonly signal?: AbortSignal
}

/**
 * Plays a recorded model: the same parts again, at the recorded pace.
 *
 * In      what `record` gave, or what `JSON.parse` made of it.
 * Out     the parts of the recording: a source for `tokens` and everything that reads tokens.
 * Ends    as the recording did; a cut one just ends. At once, also in a pause, when its reader leaves.
 * Throws  SourceError `source/failed` where the recorded source failed; ConfigError `config/invalid` for what is no
 *         recording; the reason of `signal`.
 *
 * @param options.speed How much faster than recorded.
 * @param options.signal Stops it.
 * @example
 * const recording: Recording = { version: 1, parts: [{ atMs: 400, part: { type: 'text', text: 'Hello' } }], end: { atMs: 500, as: 'whole' } }
 * for await (const token of tokens(replay(recording, { speed: Infinity }))) show(token) // 'Hello'
 */
export function replay(
  recording: Recording,
  { speed = 1, signal }: ReplayOptions = {},
): AsyncGenerator<Part, void, undefined> {
  if (recording?.version !== 1 || !Array.isArray(recording.parts) || recording.end === undefined)
    throw new ConfigError('config/invalid', 'This is no recording of version 1.', {
      hint: 'record(source, onRecording) makes one.',
    })
  return abortableGenerator((inner) => play(recording, speed, inner), signal)
}

async function* play(
  { parts, end }: Recording,
  speed: number,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  let lastMs = 0
  const waitFor = async (atMs: number): Promise<void> => {
    const pauseMs = (atMs - lastMs) / speed
    lastMs = atMs
    if (pauseMs > 0) await sleep(pauseMs, signal)
    signal.throwIfAborted()
  }
  for (const { atMs, part } of parts) {
    await waitFor(atMs)
    yield part
  }
  if (end.as !== 'failed') return
  await waitFor(end.atMs)
  throw new SourceError('source/failed', end.message ?? 'The recorded model failed.')
}
