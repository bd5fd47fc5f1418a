import { abortableGenerator } from '../shared/abortable.ts'
import { now, sleep } from '../shared/clock.ts'
import { ConfigError, SourceError } from '../shared/errors.ts'
import { errorMessage, tryOr } from '../shared/hooks.ts'
import type { Part } from './pieces.ts'
import { readParts } from './parts.ts'
import type { TokenSource } from './source.ts'

/** The parts of a model's answer with their times: plain JSON, the same for every provider. */
export interface Recording {
  readonly version: 1
  /** Each with the milliseconds since the start. */
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

/** Options of `record`. */
export interface RecordOptions {
  /** Stops the source when it aborts. */
  readonly signal?: AbortSignal
}

/**
 * Passes a source on and records its parts with their times, for `replay`.
 *
 * In      whatever `tokens` reads.
 * Out     all its parts, text and others, as they come: a source for `tokens` and everything that reads tokens.
 * Cost    stores every part until the end; of a provider's own object its JSON.
 * Ends    closes the source as `tokens` does, and calls `onRecording` exactly once, when something was read: also for
 *         what failed or was cut.
 * Throws  what `tokens` throws.
 *
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
  const open = (inner: AbortSignal) => recorded(readParts(source, inner), onRecording, inner)
  return abortableGenerator(open, signal)
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
    if (!signal.aborted) end = { as: 'failed', message: errorMessage(error) }
    throw error
  } finally {
    onRecording({ version: 1, parts, end: { atMs: now() - startedAt, ...end } })
  }
}

/** Copies a part as JSON does. `raw` is never missing: it distinguishes our parts from a provider's. */
function plain(part: Part): Part {
  if (part.type === 'text') return part
  const copy = (): unknown => JSON.parse(JSON.stringify(part.raw) ?? 'null')
  return { ...part, raw: tryOr(copy, null) }
}

/** Options of `replay`. */
export interface ReplayOptions {
  /** How much faster than recorded. Default 1; `Infinity` never waits. */
  readonly speed?: number
  /** Stops it; then it throws the reason, as models do. */
  readonly signal?: AbortSignal
}

/**
 * Plays a recorded model: the same parts again, at the recorded pace.
 *
 * In      a recording, or what `JSON.parse` made of its text.
 * Out     the parts of the recording: a source for `tokens` and everything that reads tokens.
 * Ends    as the recording did; a cut one just ends. At once, also in a pause, when its reader leaves.
 * Throws  SourceError `source/failed` where the recorded source failed; ConfigError `config/invalid` for what is no
 *         recording; the reason of `signal`.
 *
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
  return abortableGenerator(async function* play(inner) {
    let lastMs = 0
    const waitUntil = async (atMs: number): Promise<void> => {
      const pauseMs = (atMs - lastMs) / speed
      lastMs = atMs
      if (pauseMs > 0) await sleep(pauseMs, inner)
      inner.throwIfAborted()
    }
    for (const { atMs, part } of recording.parts) {
      await waitUntil(atMs)
      yield part
    }
    const { as, atMs, message = 'The recorded model failed.' } = recording.end
    if (as !== 'failed') return
    await waitUntil(atMs)
    throw new SourceError('source/failed', message)
  }, signal)
}
