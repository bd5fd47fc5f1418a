import type { Report, StreamBuffer } from './buffer.ts'
import type { Chunk } from './encoder.ts'
import { EndMarker, type EndReason, type PublicError } from './end.ts'

/** How a stream ends, once that is decided. */
export interface Outcome {
  readonly reason: EndReason
  readonly error?: unknown
  /** What clients may know of the error, when the log has it already. */
  readonly publicError?: PublicError | undefined
  readonly final?: unknown
  /** The stream replays another one, and ends as that one did. */
  readonly isReplayed?: boolean
}

/** How a stream ends whose source has returned. */
export function outcomeOf(returned: unknown): Outcome {
  if (!(returned instanceof EndMarker)) return { reason: 'done', final: returned }
  const { reason, error, final, publicError } = returned
  return { reason, error, final, publicError, isReplayed: true }
}

/**
 * Makes the last chunks of a body: what still waits, and the end event, in one text where they are texts.
 *
 * Out     the chunks, nothing when the body has to be cut; and how the stream has ended after all: what fails here fails
 *         the stream.
 *
 * @param onPart For failures of a part, which does not end the stream.
 * @param report For the failure that does.
 */
export async function lastChunks<T>(
  buffer: StreamBuffer<T>,
  decided: Outcome,
  onPart: Report,
  report: Report,
): Promise<{ readonly chunks: readonly Chunk[] | undefined; readonly outcome: Outcome }> {
  const chunks: Chunk[] = []
  let outcome = decided
  try {
    // A failure of the buffer itself leaves it empty.
    while (!buffer.isEmpty) chunks.push(await buffer.flush(onPart))
    if (buffer.failure && outcome.reason === 'done')
      outcome = { ...outcome, ...buffer.failure, reason: 'error' }
  } catch (error) {
    if (outcome.reason === 'error') report(error)
    else outcome = { reason: 'error', error }
  }
  // The failure of an end event is one more end event, and the last try.
  for (let tries = 0; tries < 2; tries++) {
    const { reason, final, publicError } = outcome
    const error = reason === 'error' ? (publicError ?? report(outcome.error)) : undefined
    try {
      const end = await buffer.end({ reason, final, error })
      return { chunks: end === undefined ? undefined : joined([...chunks, end]), outcome }
    } catch (cause) {
      if (reason === 'error') {
        report(cause)
        break
      }
      outcome = { reason: 'error', error: cause }
    }
  }
  return { chunks: undefined, outcome }
}

function joined(chunks: readonly Chunk[]): readonly Chunk[] {
  return chunks.every((chunk) => typeof chunk === 'string') ? [chunks.join('')] : chunks
}
