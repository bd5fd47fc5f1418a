import { SourceError } from '../shared/errors.ts'
import type { EndReason } from './stream-end.ts'
import type { PublicError } from './wire.ts'

export interface EndedDetails {
  /** What the source returned. */
  readonly final?: unknown
  /** What clients may know of a failure. Whoever made the stream has written the cause into its log. */
  readonly seen?: PublicError | undefined
  /** The failure itself, where it is at hand. */
  readonly error?: unknown
}

/**
 * What a source returns when it tells of a stream that ended before: the end is that one's, not its own.
 */
export class Ended {
  readonly reason: EndReason
  readonly final: unknown
  readonly seen: PublicError | undefined
  readonly error: unknown

  constructor(reason: EndReason, { final, seen, error }: EndedDetails = {}) {
    this.reason = reason
    this.final = final
    this.seen = seen
    this.error =
      error ??
      (seen && new SourceError('source/failed', `The answer failed: ${seen.code} ${seen.id}.`))
    Object.freeze(this)
  }
}
