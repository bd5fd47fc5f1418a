import { SourceError, SwapstreamError } from '../shared/errors.ts'
import { field } from './field.ts'

const SHOWN_CHARS = 500

/** What a provider sent as its error, as ours. The provider's own stays as the cause. */
export function modelFailure(cause: unknown): SourceError {
  return new SourceError('source/failed', `The model failed: ${saidBy(cause)}`, { cause })
}

/**
 * An error that a source threw, as it goes on. Those that carry an answer of their own, ours and Hono's, keep it; an
 * abort is no failure of anybody.
 */
export function thrownBySource(error: unknown): unknown {
  if (error instanceof SwapstreamError || typeof field(error, 'getResponse') === 'function')
    return error
  return isAbort(error) ? error : modelFailure(error)
}

export function isAbort(error: unknown): boolean {
  return field(error, 'name') === 'AbortError' || field(error, 'name') === 'APIUserAbortError'
}

function saidBy(cause: unknown): string {
  const said = [
    cause,
    field(cause, 'message'),
    field(cause, 'errorText'),
    field(cause, 'error'),
    field(field(cause, 'error'), 'message'),
  ].find((text) => typeof text === 'string' && text !== '') as string | undefined
  if (said === undefined) return 'it did not say why.'
  return said.length > SHOWN_CHARS ? `${said.slice(0, SHOWN_CHARS)}…` : said
}
