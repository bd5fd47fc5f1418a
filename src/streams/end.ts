import { SourceError, type PublicError } from '../shared/errors.ts'

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

/** The argument of `onEnd`: why a stream ended, and how long it was. */
export interface StreamEnd {
  readonly reason: EndReason
  /** The failure, with reason `error`. */
  readonly error?: unknown
  /** The return value of the source, when it came to its end. */
  readonly final?: unknown
  /** The text of the answer as far as it came, whatever ended it: of `streamToFragments` and `streamWithSources`. */
  readonly text?: string
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

/** The public part of failures that the log has already, by the failure. */
export const publicErrors: WeakMap<object, PublicError> = new WeakMap()

/** How a stream ends, for the encoder. */
export interface EndEvent {
  readonly reason: EndReason
  /** The failure, with reason `error`. */
  readonly error?: PublicError | undefined
  /** The return value of the source, with reason `done`. */
  readonly final?: unknown
}

/** How a stream ends, once that is decided. */
export interface Outcome {
  readonly reason: EndReason
  /** The failure itself, where it is at hand. */
  readonly error?: unknown
  /** The part of a failure that clients may know, when the log has its cause already. */
  readonly publicError?: PublicError | undefined
  /** The return value of the source. */
  readonly final?: unknown
}

/** The return value of a source that replays another stream: this stream ends as that one did. */
export class EndMarker implements Outcome {
  readonly reason: EndReason
  readonly final: unknown
  readonly publicError: PublicError | undefined
  readonly error: unknown

  constructor(reason: EndReason, details: Omit<Outcome, 'reason'> = {}) {
    const { final, publicError, error } = details
    this.reason = reason
    this.final = final
    this.publicError = publicError
    this.error = error
    if (publicError && error === undefined) this.error = failureBehind(publicError)
    Object.freeze(this)
  }
}

/** Makes an error that stands for one of another process, of which only the public part is known. */
export function failureBehind(publicError: PublicError): SourceError {
  const { code, id } = publicError
  const failure = new SourceError('source/failed', `The answer failed: ${code} ${id}.`)
  publicErrors.set(failure, publicError)
  return failure
}
