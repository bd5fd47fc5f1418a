import { closestMatch } from './closest-match.ts'
import { errorMessage } from './hooks.ts'

/** The codes of all errors, in groups by who moves next. Each has a section in `docs/errors.md`. */
export type ErrorCode =
  // The developer: a wrong setting
  | `config/${'invalid' | 'middleware-missing' | 'port-taken'}`
  // The developer: a declared route that cannot work, found when it is declared or mounted
  | `stream/${'path' | 'method' | 'option' | 'not-a-generator' | 'input'}`
  | `stream/${'guard-missing' | 'duplicate' | 'host' | 'no-request'}`
  // The author of the template
  | `template/${'missing' | 'invalid' | 'name' | 'circular' | 'extends-nothing'}`
  | `template/${'async-filter' | 'filter-unknown' | 'timeout'}`
  | `block/${'unknown' | 'variable-missing' | 'no-address'}`
  | 'render/failed'
  // The caller
  | `input/${'invalid' | 'malformed' | 'content-type' | 'method' | 'too-large'}`
  | `access/${'cross-site' | 'unauthenticated' | 'forbidden'}`
  // The source: the model, or what else feeds the stream, failed
  | `source/${'failed' | 'value' | 'stalled' | 'ended' | 'scope' | 'chunk' | 'final' | 'too-large'}`
  // The operator: a limit is reached
  | `limit/${'streams' | 'streams-per-client' | 'closing' | 'runs' | 'runs-per-owner'}`
  // An answer that is not here, or cannot be reached
  | `run/${'unknown' | 'store-away'}`
  // A field that would change the meaning of the event stream
  | 'wire/field'

/** The HTTP status of a code, where it is not that of its class. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  'input/malformed': 400,
  'access/unauthenticated': 401,
  // The run of another owner is not even there.
  'run/unknown': 404,
  'input/method': 405,
  'input/too-large': 413,
  'input/content-type': 415,
  'limit/streams-per-client': 429,
  'limit/runs-per-owner': 429,
  'source/stalled': 504,
}

/** The page with a section for each code. */
const DOCS = 'https://github.com/swapstream/swapstream/blob/main/docs/errors.md'

type CodesOf<Area extends string> = Extract<ErrorCode, `${Area}/${string}`>

export interface ErrorDetails {
  /** Advice, as one sentence. */
  readonly hint?: string
  readonly cause?: unknown
}

/**
 * The base of all errors that swapstream throws on purpose: `code` is for programs, `message` for the log, `status` for
 * the HTTP answer while nothing has been sent. A client gets the code and an id, the message only with `expose`.
 *
 * The message ends with the address of the section about its code, which `npx swapstream explain` prints, too.
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
  /** The address of the section about its code: cause, cure, an example. */
  readonly docs: string

  constructor(code: ErrorCode, message: string, status: number, details: ErrorDetails = {}) {
    const { hint, cause } = details
    // As GitHub makes anchors of headings.
    const docs = `${DOCS}#${code.replace('/', '')}`
    const text = hint ? `${message} ${hint}` : message
    const stop = /[\w"'`]$/.test(text) ? '.' : ''
    super(`${text}${stop} See ${docs}`, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.status = status
    this.hint = hint
    this.docs = docs
  }
}

/**
 * The message of any thrown value without the address of its section: for a text that shows the address in another way.
 *
 * @example withoutDocs(new SourceError('source/failed', 'Overloaded.')) // → 'Overloaded.'
 */
export function withoutDocs(error: unknown): string {
  const text = errorMessage(error)
  return error instanceof SwapstreamError ? text.replace(` See ${error.docs}`, '') : text
}

/**
 * A wrong setting or a wrong use of the API: thrown when declared or started. The developer moves next.
 *
 * @example new ConfigError('config/invalid', 'There is no folder "views".').status // → 500
 */
export class ConfigError extends SwapstreamError {
  constructor(code: CodesOf<'config' | 'stream'>, message: string, details?: ErrorDetails) {
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
    code: CodesOf<'template' | 'block' | 'render'>,
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
  /** The fault, for the caller. */
  readonly message: string
}

/**
 * A request whose content cannot be used. The caller moves next.
 *
 * @example new InputError('input/too-large', 'The request body is larger than 65536 bytes.').status // → 413
 */
export class InputError extends SwapstreamError {
  /** The faults that a schema found, for the caller. */
  readonly issues: readonly InputIssue[]
  /** The methods that are allowed. */
  readonly allow: readonly string[]

  constructor(
    code: CodesOf<'input'>,
    message: string,
    details: ErrorDetails & Partial<Pick<InputError, 'issues' | 'allow'>> = {},
  ) {
    const { issues = [], allow = [] } = details
    super(code, message, STATUS[code] ?? 422, details)
    this.issues = issues
    this.allow = allow
  }
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
    code: CodesOf<'access'> | 'run/unknown',
    message: string,
    details: ErrorDetails & { readonly challenge?: string } = {},
  ) {
    super(code, message, STATUS[code] ?? 403, details)
    this.challenge = details.challenge
  }
}

/**
 * A source that failed, or a value that cannot be sent.
 *
 * @example new SourceError('source/failed', 'The model is overloaded.', { hint: 'Ask again.' }).message // → 'The model is overloaded. Ask again. See https://github.com/swapstream/swapstream/blob/main/docs/errors.md#sourcefailed'
 */
export class SourceError extends SwapstreamError {
  constructor(code: CodesOf<'source'> | 'wire/field', message: string, details?: ErrorDetails) {
    super(code, message, STATUS[code] ?? 502, details)
  }
}

/**
 * A limit that is reached. The caller may come back; the operator may raise the limit.
 *
 * @example new LimitError('limit/streams', 'There are 10000 streams.', 5).retryAfterSeconds // → 5
 */
export class LimitError extends SwapstreamError {
  /** When to come back, in seconds. */
  readonly retryAfterSeconds: number

  constructor(
    code: CodesOf<'limit'> | 'run/store-away',
    message: string,
    retryAfterSeconds: number,
    details?: ErrorDetails,
  ) {
    super(code, message, STATUS[code] ?? 503, details)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The part of a failure that a client may know. */
export interface PublicError {
  readonly code: string
  /** Finds the cause in the log. */
  readonly id: string
  readonly message: string
  /** The message is the cause itself, in development. Absent: it says only that something failed. */
  readonly exposed?: true
}

/**
 * Lists the known names, and the closest one.
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
