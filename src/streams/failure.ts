import { LimitError, SourceError, SwapstreamError, type PublicError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import { english } from '../shared/texts.ts'
import { callHook, errorMessage, tryOr } from '../shared/hooks.ts'
import { publicErrors, type EndReason, type StreamEnd } from './end.ts'

/**
 * Makes the part of a failure that a client may see: a code, and an id that finds the cause in the log. The cause itself
 * only with `expose`, which is for development: messages name files, queries and secrets. A failure that the log has
 * already keeps its id.
 */
export function toPublicError(error: unknown, expose: boolean): PublicError {
  const fresh = newPublicError(error, expose)
  return { ...fresh, id: reportedAs(error)?.id ?? fresh.id }
}

function newPublicError(error: unknown, expose: boolean): PublicError {
  const own = tryOr(() => error instanceof SwapstreamError && error.code, false)
  const code = own || 'source/failed'
  const cause = expose && ({ message: errorMessage(error), exposed: true } as const)
  return { code, id: crypto.randomUUID().slice(0, 8), message: english.failed, ...cause }
}

/** The public part of a failure that the log has already. */
export function reportedAs(error: unknown): PublicError | undefined {
  return Object(error) === error ? publicErrors.get(error as object) : undefined
}

export interface FailureListeners {
  readonly route: string
  readonly log: Log
  readonly expose: boolean
  readonly onError: ((error: unknown) => void) | undefined
}

export interface EndListener {
  readonly onEnd?: ((end: StreamEnd) => unknown) | undefined
}

/** Writes the cause of a failure to the log, calls `onError`, and returns what the client may know. */
export function reportFailure(
  error: unknown,
  { route, log, expose, onError }: FailureListeners,
): PublicError {
  const publicError = newPublicError(error, expose)
  const { id, code } = publicError
  if (Object(error) === error) publicErrors.set(error as object, publicError)
  log.error({ route, id, code, err: error }, `stream failed: ${errorMessage(error)}`)
  callHook(
    () => onError?.(error),
    (failure) => log.error({ route, err: failure }, 'onError of a stream failed'),
  )
  return publicError
}

/** Writes how a stream ended to the log, with its figures, and calls `onEnd`. */
export function reportEnd(
  end: StreamEnd,
  { route, log, onEnd }: Pick<FailureListeners, 'route' | 'log'> & EndListener,
): void {
  const { reason, values, frames, bytes, durationMs: ms } = end
  log.info({ route, reason, values, frames, bytes, ms }, 'stream ended')
  callHook(
    () => onEnd?.(end),
    (failure) => log.error({ route, err: failure }, 'onEnd of a stream failed'),
  )
}

/** Makes the error of a cut answer that is sent whole: it has no end event that could say so. */
export function unfinished(reason: EndReason): LimitError | SourceError {
  if (reason === 'shutdown')
    return new LimitError('limit/closing', 'The server is shutting down.', 2)
  const what =
    reason === 'timeout' ? 'The source stood still for too long' : 'The answer took too long'
  return new SourceError('source/stalled', `${what}, and it was to be sent whole.`)
}
