import { callHook } from '../shared/call-hook.ts'
import { LimitError, SourceError, SwapstreamError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import { safely, said } from '../shared/said.ts'
import type { EndReason } from './stream-end.ts'
import type { PublicError } from './wire.ts'

/**
 * What a client may see of a failure: a code and an id that finds the cause in the log. The cause itself only with
 * `expose`, which is for development: messages name files, queries and secrets.
 */
export function toPublicError(error: unknown, expose: boolean): PublicError {
  const code = safely(() => error instanceof SwapstreamError, false)
    ? (error as SwapstreamError).code
    : 'source/failed'
  const message = expose ? said(error) : 'Something went wrong.'
  return { code, id: crypto.randomUUID().slice(0, 8), message }
}

/** Who hears of a failure beside the client. */
export interface FailureListeners {
  readonly route: string
  readonly log: Log
  readonly expose: boolean
  readonly onError: ((error: unknown) => void) | undefined
}

/** Writes the cause of a failed stream into the log, tells it to `onError`, and gives what the client may know. */
export function reportFailure(
  error: unknown,
  { route, log, expose, onError }: FailureListeners,
): PublicError {
  const seen = toPublicError(error, expose)
  log.error({ route, id: seen.id, code: seen.code, err: error }, `stream failed: ${said(error)}`)
  callHook(
    () => onError?.(error),
    (failure) => log.error({ route, err: failure }, 'onError of a stream failed'),
  )
  return seen
}

/** An answer that was to be sent whole has no terminal to say why it is not. */
export function unfinished(reason: EndReason): LimitError | SourceError {
  if (reason === 'shutdown')
    return new LimitError('limit/closing', 'The server is shutting down.', 2)
  const what =
    reason === 'timeout' ? 'The source stood still for too long' : 'The answer took too long'
  return new SourceError('source/stalled', `${what}, and it was to be sent whole.`)
}
