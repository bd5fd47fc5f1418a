import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { InputError, SwapstreamError } from '../shared/errors.ts'
import { DEFAULT_LIMITS, type Limits } from '../shared/limits.ts'
import { silent, type Log } from '../shared/log.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import type { Updates, Backpressure } from '../streams/event-stream.ts'
import { StreamBody } from '../streams/stream-body.ts'
import { answerFormResult } from './answer-form-result.ts'
import { answerPage } from './answer-page.ts'
import { answerStream, type Answer } from './answer-stream.ts'
import { holdSettings, rememberSettings } from './current-settings.ts'
import { FormResult } from './form-result.ts'
import { awaitValue, takeValue } from './handler-value.ts'
import { guardOrigin } from './origin-guard.ts'
import { Page } from './page.ts'
import { toProblem } from './problem.ts'
import { engineFor } from './request-engine.ts'
import { addSecurityHeaders, STRICT_CSP } from './security-headers.ts'
import type { Connection, ContentCoding, Settings } from './settings.ts'
import { excerptOf } from './template-excerpt.ts'

/** The settings of an app: everything but the engine has a default that is safe. */
export interface CoreOptions {
  readonly engine: TemplateEngine
  /** Where to write what happened. Default: nowhere in the core, standard error in the main door. */
  readonly log?: Log
  /** Show causes to clients: for development. Default false; the main door reads `NODE_ENV=development`. */
  readonly expose?: boolean
  /** Other origins whose pages may ask, such as `https://app.example.com`. Default none. */
  readonly allowedOrigins?: readonly string[]
  /** Content-Security-Policy of pages, `false` for none. Default: everything from this origin only. */
  readonly csp?: string | false
  /** Silence after which a stream shows that it lives, `false` for never. Default 15,000. */
  readonly heartbeatMs?: number | false
  /** What a frame holds of a block: `auto` what has changed, `full` the whole block each time. Default `auto`. */
  readonly updates?: Updates
  /**
   * Time between two frames of a stream of fragments; the first one leaves at once, and what comes meanwhile leaves
   * together. 0 for a frame a value. Default: 50, and 100 for a run that more than 100 subscribers show.
   */
  readonly frameMs?: number
  /** What a reader who stands still means for the source. Default `finish`, and `hold` with `frameMs: 0`. */
  readonly backpressure?: Backpressure
  /** How event streams are compressed, for clients that can read it. Default not at all. */
  readonly contentCoding?: ContentCoding
  /** The only methods that an event stream may answer: `['GET']` keeps to what EventSource can ask. Default all. */
  readonly sseMethods?: readonly string[]
  /** What differs from the default limits. */
  readonly limits?: Partial<Limits>
  /**
   * Variables that every template of a request sees, in pages, fragments and streams: `(c) => ({ user: c.get('user') })`.
   * Asked when the handler has returned. What a page or fragment is given itself wins. A run is then drawn for each of its
   * viewers by himself, and not once for all.
   */
  readonly context?: (c: Context) => Readonly<Record<string, unknown>>
  /** What the server knows about a request. Default nothing; the main door asks Node. */
  readonly connection?: (c: Context) => Connection
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The middleware that turns what handlers return (`EventStream`, `Page`, `FormResult`) into answers, and guards them.
 *
 * In      any TemplateEngine. Put it before the routes; other middleware may stand on both sides.
 * Cost    for other answers: one look at the body, and the security headers.
 * Throws  HTTPException with the answer in it: 403 for another site's request, 405 for a method that `sseMethods`
 *         leaves out, 413 for a large body, 429 and 503 for
 *         too many streams, 500 for a template that fails before anything was sent. What a source throws first goes to
 *         `app.onError`.
 *
 * @example app.use(createSwapstream({ engine: fromComponents({ chat: { page: () => '<p>Hello</p>' } }) }))
 */
export function createSwapstream(options: CoreOptions): MiddlewareHandler {
  const settings: Settings = {
    log: silent,
    expose: false,
    allowedOrigins: [],
    csp: STRICT_CSP,
    heartbeatMs: 15_000,
    updates: 'diff',
    connection: () => ({}),
    ...options,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  }
  const { log, expose, allowedOrigins, csp } = settings
  const { maxBodyBytes } = settings.limits
  const limited = bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw new InputError(
        'input/too-large',
        `The request body is larger than ${maxBodyBytes} bytes.`,
        {
          hint: 'Raise swapstream({ limits: { maxBodyBytes } }) if that is meant.',
        },
      )
    },
  })
  const answer = async (c: Context, value: object): Promise<Answer | Response | undefined> => {
    const { headers } = c.req.raw
    const engine = engineFor(c, settings)
    if (value instanceof Page) return answerPage(value, headers, engine)
    if (value instanceof FormResult) return answerFormResult(value, headers, engine)
    return value instanceof StreamBody ? answerStream(value, c, { ...settings, engine }) : undefined
  }

  const middleware: MiddlewareHandler = async function swapstream(c, next) {
    try {
      awaitValue(c, settings)
      holdSettings(c, settings)
      if (READS.has(c.req.method)) {
        await next()
      } else {
        guardOrigin(c.req.raw.headers, c.req.url, allowedOrigins)
        await limited(c, next)
      }
      // Hono has asked the app's `onError` already, which does not know what our errors mean.
      if (c.error instanceof SwapstreamError) throw c.error
      const value = takeValue(c)
      const answered = value && (await answer(c, value))
      if (answered) {
        const held = c.res
        const { status, headers, body } = answered
        // What the handler and other middleware have set stays; ours only says what the body is.
        for (const [name, text] of headers instanceof Headers ? headers : Object.entries(headers)) {
          if (name.toLowerCase() === 'vary') held.headers.append(name, text)
          else held.headers.set(name, text)
        }
        const init = { status, headers: held.headers }
        c.res = undefined
        c.res = new Response(body, init)
      }
      addSecurityHeaders(c.res.headers, csp)
    } catch (error) {
      if (!(error instanceof SwapstreamError)) {
        // The answer is made by the app's `onError`, from what stands here.
        addSecurityHeaders(c.res.headers, csp)
        throw error
      }
      c.res = undefined
      const excerpt = expose ? excerptOf(error, settings.engine) : ''
      const problem = toProblem(c, error, log, expose, excerpt)
      if (problem.res) addSecurityHeaders(problem.res.headers, csp)
      throw problem
    }
  }
  rememberSettings(middleware, settings)
  return middleware
}
