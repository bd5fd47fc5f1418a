import { SwapstreamError } from '../base/errors.ts'
import type { PublicError } from './wire.ts'

/**
 * What a client may see of a failure: a code and an id that finds the cause in the log. The cause itself only with
 * `expose`, which is for development: messages name files, queries and secrets.
 */
export function toPublicError(error: unknown, expose: boolean): PublicError {
  const code = error instanceof SwapstreamError ? error.code : 'source/failed'
  const message = expose && error instanceof Error ? error.message : 'Something went wrong.'
  return { code, id: crypto.randomUUID().slice(0, 8), message }
}
