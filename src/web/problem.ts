import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { AccessError, InputError, LimitError, type SwapstreamError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'
import { notice } from '../htmx/notices.ts'
import { isForPeople } from '../htmx/request.ts'
import { toPublicError } from '../streams/failure.ts'

/** One of our errors with its finished answer; what it tells people stands beside it, for pages that say it their way. */
export class Problem extends HTTPException {
  readonly told: string
  readonly mark: string
  /** HTML for developers, below what is told. */
  readonly excerpt: string

  constructor(res: Response, told: string, mark: string, excerpt: string, cause: SwapstreamError) {
    super(res.status as 500, { res, cause, message: cause.message })
    this.told = told
    this.mark = mark
    this.excerpt = excerpt
  }
}

/** What a reader can do about it; the rest is for the log. */
const TOLD: Partial<Record<number, string>> = {
  400: 'This request cannot be read.',
  401: 'Please sign in first.',
  403: 'You may not do this.',
  404: 'This answer is not here, or no longer.',
  405: 'This address does not answer to that method.',
  413: 'That is too much text for one request.',
  415: 'This request is of a kind that is not taken here.',
  422: 'This request does not fit.',
  429: 'Too many answers are open at once. Please wait for one to end.',
  503: 'The server is busy. Please try again in a moment.',
}

/**
 * One of our own errors as an HTTP answer: a notice for people, `application/problem+json` for programs.
 *
 * In      `excerpt`: HTML for developers, which people get below the notice.
 * Out     an HTTPException that holds the answer, so that the app's own `onError` still has the last word.
 */
export function toProblem(
  c: Context,
  error: SwapstreamError,
  log: Log,
  expose: boolean,
  excerpt = '',
): Problem {
  const { code, id, message } = toPublicError(error, expose)
  const { status } = error
  const meant = code === 'access/cross-site' ? 'This request came from another site.' : TOLD[status]
  const told = expose ? message : (meant ?? message)
  const level = status >= 500 ? 'error' : 'warn'
  log[level](
    { id, code, status, method: c.req.method, path: c.req.path, err: error },
    error.message,
  )

  const { headers } = c.req.raw
  const issues = error instanceof InputError && error.issues.length > 0 ? error.issues : undefined
  const detail = issues
    ?.map(({ path, message: what }) => (path ? `${path}: ${what}` : what))
    .join('; ')
  const people = isForPeople(headers)
  const sentence = issues ? `${told} ${detail}` : told
  const mark = `${code} ${id}`
  const body = people
    ? notice(sentence, mark) + excerpt
    : JSON.stringify({ title: told, status, ...(issues && { detail, errors: issues }), code, id })
  const type = people ? 'text/html; charset=utf-8' : 'application/problem+json'
  const more: Record<string, string> = {}
  if (error instanceof LimitError) more['Retry-After'] = String(error.retryAfterSeconds)
  if (error instanceof AccessError && error.challenge) more['WWW-Authenticate'] = error.challenge
  if (error instanceof InputError && error.allow.length > 0) more['Allow'] = error.allow.join(', ')
  const res = new Response(body, {
    status,
    headers: { 'Content-Type': type, 'Cache-Control': 'no-store', ...more },
  })
  return new Problem(res, sentence, mark, excerpt, error)
}
