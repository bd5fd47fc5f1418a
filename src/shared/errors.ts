import { closestMatch } from './closest-match.ts'

/** The codes of all errors. Each has a paragraph in `docs/errors.md`. */
export type ErrorCode =
  // Config: the developer moves next
  | 'config/invalid'
  | 'config/middleware-missing'
  | 'config/port-taken'
  // Stream: a declared route that cannot work, found when it is declared or mounted
  | 'stream/path'
  | 'stream/method'
  | 'stream/option'
  | 'stream/not-a-generator'
  | 'stream/input'
  | 'stream/guard-missing'
  | 'stream/duplicate'
  | 'stream/host'
  | 'stream/no-request'
  // Template: the template's author moves next
  | 'template/missing'
  | 'template/invalid'
  | 'template/name'
  | 'template/circular'
  | 'template/extends-nothing'
  | 'template/async-filter'
  | 'template/filter-unknown'
  | 'template/timeout'
  | 'block/unknown'
  | 'block/variable-missing'
  | 'block/no-address'
  | 'render/failed'
  // Input and access: the caller moves next
  | 'input/invalid'
  | 'input/malformed'
  | 'input/content-type'
  | 'input/method'
  | 'input/too-large'
  | 'access/cross-site'
  | 'access/unauthenticated'
  | 'access/forbidden'
  // Source: the model, or what else feeds the stream, failed
  | 'source/failed'
  | 'source/value'
  | 'source/stalled'
  | 'source/ended'
  | 'source/scope'
  | 'source/chunk'
  | 'source/final'
  | 'source/too-large'
  // Limit: the operator moves next
  | 'limit/streams'
  | 'limit/streams-per-client'
  | 'limit/closing'
  | 'limit/runs'
  | 'limit/runs-per-owner'
  // Run: an answer that is not here, or cannot be reached
  | 'run/unknown'
  | 'run/store-away'
  // Wire: a field that would change the meaning of the event stream
  | 'wire/field'

export interface ErrorDetails {
  /** What to do about it, as one sentence. */
  readonly hint?: string
  readonly cause?: unknown
}

/**
 * The base of all errors that swapstream throws on purpose: `code` is for programs, `message` for the log, `status` for
 * the HTTP answer while nothing has been sent. A client gets the code and an id, the message only with `expose`.
 *
 * @example
 * try { await engine.open('chat.html', 'respones') } catch (error) {
 *   if (error instanceof SwapstreamError && error.code === 'block/unknown') console.log(error.message)
 * }
 */
export class SwapstreamError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, status: number, details: ErrorDetails = {}) {
    const { hint, cause } = details
    super(hint ? `${message} ${hint}` : message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.status = status
    this.hint = hint
  }
}

/**
 * A wrong setting or a wrong use of the API: thrown when declared or started. The developer moves next.
 *
 * @example new ConfigError('config/invalid', 'There is no folder "views".').status // → 500
 */
export class ConfigError extends SwapstreamError {
  constructor(
    code: Extract<ErrorCode, `config/${string}` | `stream/${string}`>,
    message: string,
    details?: ErrorDetails,
  ) {
    super(code, message, 500, details)
  }
}

/** Where in a template something is wrong; line and column count from 1. */
export interface TemplatePlace {
  readonly template: string
  readonly block?: string
  readonly line?: number
  readonly column?: number
}

/**
 * A template that is missing, broken or fed with the wrong context. Its author moves next.
 *
 * @example (await engine.open('chat.html', 'respones').catch((error: TemplateError) => error.code)) // → 'block/unknown'
 */
export class TemplateError extends SwapstreamError {
  readonly place: TemplatePlace

  constructor(
    code: Extract<ErrorCode, `template/${string}` | `block/${string}` | `render/${string}`>,
    message: string,
    place: TemplatePlace,
    details?: ErrorDetails,
  ) {
    super(code, message, 500, details)
    this.place = place
  }
}

/** One thing that is wrong with a request. */
export interface InputIssue {
  /** The part of the request: json, form, query, param, header or cookie. */
  readonly in: string
  /** Where in that part, from the outside in, joined by dots; empty for the whole. */
  readonly path: string
  /** What is wrong, for the caller. */
  readonly message: string
}

const INPUT_STATUS: Partial<Record<ErrorCode, number>> = {
  'input/too-large': 413,
  'input/malformed': 400,
  'input/content-type': 415,
  'input/method': 405,
}

/**
 * A request whose content cannot be used. The caller moves next.
 *
 * @example new InputError('input/too-large', 'The request body is larger than 65536 bytes.').status // → 413
 */
export class InputError extends SwapstreamError {
  /** What a schema found wrong, for the caller. */
  readonly issues: readonly InputIssue[]
  /** The methods that are allowed. */
  readonly allow: readonly string[]

  constructor(
    code: Extract<ErrorCode, `input/${string}`>,
    message: string,
    details: ErrorDetails & {
      readonly issues?: readonly InputIssue[]
      readonly allow?: readonly string[]
    } = {},
  ) {
    super(code, message, INPUT_STATUS[code] ?? 422, details)
    this.issues = details.issues ?? []
    this.allow = details.allow ?? []
  }
}

const ACCESS_STATUS: Partial<Record<ErrorCode, number>> = {
  'access/unauthenticated': 401,
  // The run of another owner is not even there.
  'run/unknown': 404,
}

/**
 * A request that may not do this. The caller moves next.
 *
 * @example new AccessError('access/unauthenticated', 'Sign in first.', { challenge: 'Bearer' }).status // → 401
 */
export class AccessError extends SwapstreamError {
  /** Value of the header WWW-Authenticate. */
  readonly challenge: string | undefined

  constructor(
    code: Extract<ErrorCode, `access/${string}` | 'run/unknown'>,
    message: string,
    details: ErrorDetails & { readonly challenge?: string } = {},
  ) {
    super(code, message, ACCESS_STATUS[code] ?? 403, details)
    this.challenge = details.challenge
  }
}

/**
 * What feeds a stream failed or gave something that cannot be sent.
 *
 * @example new SourceError('source/failed', 'The model is overloaded.', { hint: 'Ask again.' }).message // → 'The model is overloaded. Ask again.'
 */
export class SourceError extends SwapstreamError {
  constructor(
    code: Extract<ErrorCode, `source/${string}` | `wire/${string}`>,
    message: string,
    details?: ErrorDetails,
  ) {
    super(code, message, code === 'source/stalled' ? 504 : 502, details)
  }
}

/** Limits of one client; the others are those of the whole server. */
const CLIENT_LIMITS = new Set<ErrorCode>(['limit/streams-per-client', 'limit/runs-per-owner'])

/**
 * A limit that is reached. The caller may come back; the operator may raise the limit.
 *
 * @example new LimitError('limit/streams', 'There are 10000 streams.', 5).retryAfterSeconds // → 5
 */
export class LimitError extends SwapstreamError {
  /** When to come back, in seconds. */
  readonly retryAfterSeconds: number

  constructor(
    code: Extract<ErrorCode, `limit/${string}` | 'run/store-away'>,
    message: string,
    retryAfterSeconds: number,
    details?: ErrorDetails,
  ) {
    super(code, message, CLIENT_LIMITS.has(code) ? 429 : 503, details)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/**
 * Lists what exists, and what was probably meant.
 *
 * @example didYouMean('respones', ['page', 'response']) // → '(has: page, response; did you mean "response"?)'
 */
export function didYouMean(name: string, known: Iterable<string>): string {
  const names = [...known].toSorted()
  if (names.length === 0) return '(there are none)'
  const rest = names.length > 20 ? `, … ${names.length - 20} more` : ''
  const meant = closestMatch(name, names)
  const question = meant === undefined ? '' : `; did you mean "${meant}"?`
  return `(has: ${names.slice(0, 20).join(', ')}${rest}${question})`
}
