import { SourceError } from '../shared/errors.ts'

/**
 * Why a stream ended: `done` by itself, `stopped` by a user, `error` by a failure, `disconnected` because the client
 * left, `limit` at a limit, `timeout` because its source or its client stood still, `shutdown` with the server,
 * `interrupted` because the server that made it died.
 */
export type EndReason =
  | 'done'
  | 'stopped'
  | 'error'
  | 'disconnected'
  | 'limit'
  | 'timeout'
  | 'shutdown'
  | 'interrupted'

/** How a stream ended, and how much of it there was: what `onEnd` is called with. */
export interface StreamEnd {
  readonly reason: EndReason
  /** What failed, with reason `error`. */
  readonly error?: unknown
  /** What the source returned, when it came to its end. */
  readonly final?: unknown
  /** How many times a fragment could not be rendered; its place shows a notice, and the stream went on. */
  readonly failed?: number
  /** Values taken from the source. */
  readonly values: number
  /** Frames handed to the connection. */
  readonly frames: number
  /** Their size. */
  readonly bytes: number
  readonly durationMs: number
}

/** What a client may learn of a failure. */
export interface PublicError {
  readonly code: string
  /** Finds the cause in the log. */
  readonly id: string
  readonly message: string
}

/** How a stream ends, for the encoder that spells it. */
export interface EndEvent {
  readonly reason: EndReason
  /** What failed, with reason `error`. */
  readonly error?: PublicError | undefined
  /** What the source returned, with reason `done`. */
  readonly final?: unknown
}

export interface EndMarkerDetails {
  /** What the source returned. */
  readonly final?: unknown
  /** What clients may know of a failure. Its cause is in the log of the process that made the stream. */
  readonly publicError?: PublicError | undefined
  /** The failure itself, where it is at hand. */
  readonly error?: unknown
}

/** The return value of a source that replays another stream: this stream ends as that one did. */
export class EndMarker {
  readonly reason: EndReason
  readonly final: unknown
  readonly publicError: PublicError | undefined
  readonly error: unknown

  constructor(reason: EndReason, { final, publicError, error }: EndMarkerDetails = {}) {
    this.reason = reason
    this.final = final
    this.publicError = publicError
    this.error =
      error ??
      (publicError &&
        new SourceError(
          'source/failed',
          `The answer failed: ${publicError.code} ${publicError.id}.`,
        ))
    Object.freeze(this)
  }
}
