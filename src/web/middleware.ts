import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { ConfigError, InputError, SwapstreamError } from '../shared/errors.ts'
import { toError } from '../shared/hooks.ts'
import { DEFAULT_LIMITS } from '../shared/limits.ts'
import { safeLog, silent } from '../shared/log.ts'
import { checkHeartbeat } from '../streams/event-stream.ts'
import { reportedAs, reportFailure } from '../streams/failure.ts'
import { readAs, takeReturned, type Handled, type Returned } from '../streams/returned.ts'
import type { StreamBody } from '../streams/stream-body.ts'
import { answerStream } from './answer-stream.ts'
import { answerFormResult, FormResult } from './forms.ts'
import { guardOrigin, readOrigins } from './origin-guard.ts'
import { answerPage, Page, type Answer } from './page.ts'
import { toProblem } from './problem.ts'
import { engineFor, settingsBy, textsOf, type CoreOptions, type Settings } from './settings.ts'
import { handleRequest } from '../shared/async-context.ts'
import { htmxRequest } from '../htmx/request.ts'

/** Scripts, styles and requests from this origin only; images also as data. htmx and its extension need no more. */
const STRICT_CSP =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The middleware that answers requests with what handlers return (`EventStream`, `Page`, `FormResult`), and guards them.
 *
 * In      any TemplateEngine. Put it before the routes; other middleware may stand on both sides.
 * Cost    for other answers: one look at the body, and the security headers.
 * Throws  HTTPException with the answer in it: 403 for another site's request, 405 for a method that `sseMethods`
 *         leaves out, 413 for a large body, 429 and 503 for too many streams, 500 for a template that fails before
 *         anything was sent. What a source throws first goes to `app.onError`.
 *
 * @example app.use(createSwapstream({ engine: fromComponents({ chat: { page: () => '<p>Hello</p>' } }) }))
 */
export function createSwapstream(options: CoreOptions): MiddlewareHandler {
  const log = safeLog(options.log ?? silent)
  const settings: Settings = {
    expose: false,
    csp: STRICT_CSP,
    // Bun cuts a connection after 10 s of silence.
    heartbeatMs: 'Bun' in globalThis ? 5_000 : 15_000,
    updates: 'diff',
    connection: () => ({}),
    ...options,
    allowedOrigins: readOrigins(options.allowedOrigins ?? []),
    log,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    textsOf: textsOf(options, log),
  }
  const { allowedOrigins, csp } = settings
  checkHeartbeat(settings.heartbeatMs)
  const limitBody = limitBodyTo(settings.limits.maxBodyBytes)

  const middleware: MiddlewareHandler = async function swapstream(c, next) {
    const decide = handleRequest(settings.waitUntil?.(c))
    // A run is for an answer: one that failed, or was refused, starts none.
    let isWanted = false
    try {
      settingsBy.set(c, settings)
      // Once a response exists, Hono keeps the headers that are set before a handler returns a value of ours.
      void c.res
      const sendAnswer = prepareAnswer(c, settings)
      if (SAFE_METHODS.has(c.req.method)) await next()
      else {
        guardOrigin(c.req.raw.headers, c.req.url, allowedOrigins)
        await limitBody(c, next)
      }
      // Hono has called the app's `onError` already, which does not know what our errors mean.
      if (c.error instanceof SwapstreamError) throw c.error
      await sendAnswer()
      addSecurityHeaders(c.res.headers, csp)
      isWanted = c.req.method !== 'HEAD' && c.res.status < 400
    } catch (thrown) {
      const error = toError(thrown)
      if (!(error instanceof SwapstreamError)) {
        reportOnce(error, c, settings)
        // The app's `onError` builds its answer on these headers.
        addSecurityHeaders(c.res.headers, csp)
        throw error
      }
      c.res = undefined
      const problem = toProblem(c, error, settings)
      addSecurityHeaders(problem.res.headers, csp)
      throw problem
    } finally {
      decide(isWanted)
    }
  }
  settingsBy.set(middleware, settings)
  return middleware
}

function limitBodyTo(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError() {
      const hint = 'Raise swapstream({ limits: { maxBodyBytes } }) if that is intended.'
      const what = `The request body is larger than ${maxSize} bytes.`
      throw new InputError('input/too-large', what, { hint })
    },
  })
}

/** Watches what handlers and middleware set as the response. Out: a function that sends the answer in its place. */
function prepareAnswer(c: Context, settings: Settings): () => Promise<void> {
  const answers = new Map<object, Promise<Answer>>()
  const answerOnce = (value: object): Promise<Answer> => {
    const made = answers.get(value) ?? answer(c, value, settings)
    answers.set(value, made)
    return made
  }
  let handled: Handled | undefined
  watchResponse(c, (response) => {
    const content = async (value: object, isCopy: boolean): Promise<Answer['body']> =>
      // A copy of a stream would have to wait for its end, and the answer with it.
      isCopy && !isPage(value) ? null : (await answerOnce(value)).body
    handled = readAs(response, content) ?? handled
  })
  return async () => {
    const returned = takeReturned(c.res)
    if (returned && handled?.isRead() && !isPage(returned)) throw nothingLeft(c)
    if (returned) send(c, await answerOnce(returned))
    else if (handled?.isRead()) complete(c, handled.value, await answerOnce(handled.value))
    if ((returned ?? handled?.value) instanceof Page) refreshOnBack(c)
  }
}

/** Writes what a stream throws before its first value to the log; the app's `onError` may tell people only. */
function reportOnce(error: unknown, c: Context, { log, expose }: Settings): void {
  if (error instanceof HTTPException || reportedAs(error)) return
  const route = `${c.req.method} ${c.req.path}`
  reportFailure(error, { route, log, expose, onError: undefined })
}

/** Calls back with each response that is set. */
function watchResponse(c: Context, onResponse: (response: Response) => void): void {
  const { get, set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(c), 'res')!
  Object.defineProperty(c, 'res', {
    configurable: true,
    get: () => get!.call(c) as Response,
    set(response: Response | undefined) {
      set!.call(c, response)
      if (response) onResponse(get!.call(c) as Response)
    },
  })
}

/** True for what is sent whole, so that a copy of it may be read. */
function isPage(value: object): boolean {
  return value instanceof Page || value instanceof FormResult
}

function nothingLeft(c: Context): ConfigError {
  const what = `A middleware has read the stream that ${c.req.method} ${c.req.path} answers, and put nothing in its place.`
  const hint = 'Read c.res.clone() there, or set c.res to a Response with what was read.'
  return new ConfigError('config/invalid', what, { hint })
}

async function answer(c: Context, value: object, settings: Settings): Promise<Answer> {
  const { headers } = c.req.raw
  const engine = engineFor(c, settings)
  if (value instanceof Page) return answerPage(value, headers, engine)
  if (value instanceof FormResult) return answerFormResult(value, headers, engine)
  return answerStream(value as StreamBody<unknown, string>, c, { ...settings, engine })
}

/** Puts an answer in place of the handler's value. Headers that the handler and other middleware have set stay. */
function send(c: Context, { status, headers: own, body }: Answer): void {
  const { headers } = c.res
  for (const [name, text] of Object.entries(own)) {
    if (name === 'Vary') headers.append(name, text)
    else if (name !== 'ETag' || !headers.has(name)) headers.set(name, text)
  }
  // Whatever counted the bytes has counted a copy, which is empty for a stream.
  if (typeof body !== 'string') headers.delete('Content-Length')
  c.res = undefined
  c.res = new Response(body, { status, headers })
}

/** Gives an answer whose body other middleware has changed the status and the headers that it lacks. */
function complete(c: Context, value: Returned, { status, headers }: Answer): void {
  const { res } = c
  const isLacking = (name: string): boolean =>
    !res.headers.has(name) || (name === 'Content-Type' && res.headers.get(name) === OF_A_TEXT)
  const lacking = Object.entries(headers).filter(([name]) => name === 'Vary' || isLacking(name))
  const isOwn = res.status !== value.status
  const body = status === 204 && !isOwn ? null : res.body
  send(c, { status: isOwn ? res.status : status, headers: Object.fromEntries(lacking), body })
}

/** The type of a Response that is made of a text without one. */
const OF_A_TEXT = 'text/plain;charset=UTF-8'

/**
 * Marks a page as different each time: else Back shows it from a cache, without the answers that came into it. Unlike
 * `no-store`, the mark lets a browser bring back the page as it stood. The answer to a form gets no mark, because Back
 * would send the form again.
 */
function refreshOnBack(c: Context): void {
  const { headers } = c.res
  const isCached = headers.has('Cache-Control') || headers.has('Expires')
  if (isCached || !SAFE_METHODS.has(c.req.method)) return
  if (!htmxRequest(c.req.raw.headers).fragment) headers.append('Vary', '*')
}

/** Adds what is missing. What a handler or another middleware has set stays. */
function addSecurityHeaders(headers: Headers, csp: string | false): void {
  const add = (name: string, value: string): void => {
    if (!headers.has(name)) headers.set(name, value)
  }
  add('X-Content-Type-Options', 'nosniff')
  add('Referrer-Policy', 'strict-origin-when-cross-origin')
  if (csp !== false && headers.get('content-type')?.startsWith('text/html'))
    add('Content-Security-Policy', csp)
}
