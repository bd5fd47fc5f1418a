import type { Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { escapeHtml } from '../shared/escape-html.ts'
import { given } from '../shared/given.ts'
import { said } from '../shared/said.ts'
import { notice } from '../htmx/notices.ts'
import { isForPeople, htmxRequest, VARY } from '../htmx/request.ts'
import { htmxHeaders, type HtmxHeaders } from '../htmx/response.ts'
import { toPublicError } from '../streams/failure.ts'
import { answerPage } from './answer-page.ts'
import { settingsOf } from './current-settings.ts'
import { Page } from './page.ts'
import { Problem } from './problem.ts'
import { engineFor } from './request-engine.ts'

/** How errors are drawn, and where htmx puts them. */
export interface ErrorPagesOptions {
  /** The template of the page, drawn with `status`, `title`, `message` and `mark`, which finds the cause in the log. Default: a bare page of ours. */
  readonly template?: string
  /** The block of it that htmx gets. Default: one line for the place that the answer goes to. */
  readonly block?: string
  /** Where htmx puts errors, as a CSS selector. Default: where the element that asked says. */
  readonly retarget?: string
  /** How. */
  readonly reswap?: string
  /** An event for the page with each error. */
  readonly trigger?: NonNullable<HtmxHeaders['trigger']>
}

/** What a person is told. */
interface Told {
  readonly status: number
  readonly message: string
  /** Finds the cause in the log. */
  readonly mark?: string
  /** HTML for developers. */
  readonly excerpt?: string
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  413: 'Too large',
  422: 'Does not fit',
  429: 'Too many requests',
  503: 'Busy',
}

/**
 * Answers what an app does not: 404, 405 with `Allow`, and what was thrown. A part of the page for htmx, a page for
 * browsers, `application/problem+json` for programs.
 *
 * In      an app with the swapstream middleware. It sets the app's `notFound` and `onError`.
 * Out     errors of ours, and Hono's HTTPException, keep status and headers; everything else is a 500 that says nothing,
 *         with its cause in the log under the mark that is shown.
 *
 * @example
 * errorPages(app, { retarget: '#errors', reswap: 'innerHTML' })
 * const response = await app.request('/nowhere', { headers: { accept: 'text/html' } })
 * response.status // → 404
 */
export function errorPages(app: Hono<any>, options: ErrorPagesOptions = {}): void {
  app.notFound((c) => {
    const allow = methodsAt(app, c)
    if (allow.length === 0 || allow.includes(c.req.method))
      return answer(c, { status: 404, message: 'There is nothing at this address.' }, options)
    const message = `This address does not answer to ${c.req.method}.`
    return answer(c, { status: 405, message }, options, { Allow: allow.join(', ') })
  })
  app.onError((error, c) => {
    if (error instanceof Problem) {
      const { status, told, mark, excerpt, res } = error
      if (!isForPeople(c.req.raw.headers)) return error.getResponse()
      return answer(
        c,
        { status, message: told, mark, excerpt },
        options,
        Object.fromEntries(res!.headers),
      )
    }
    if (!(error instanceof HTTPException)) return answer(c, report(error, c), options)
    // An exception that brings its own answer has nothing left to say.
    if (error.res) return error.getResponse()
    return answer(c, { status: error.status, message: error.message }, options)
  })
}

/** The methods that have a handler where this one has none. */
function methodsAt(app: Hono<any>, { req: { path } }: Context): string[] {
  const all = new Set(app.routes.map(({ method }) => method))
  // Under ALL stands middleware, which answers to no method of its own.
  const own = [...all].filter((method) =>
    app.router
      .match(method, path)[0]
      .some(([[, route]]) => method !== 'ALL' && route.method === method),
  )
  return own.includes('GET') ? [...own, 'HEAD'] : own
}

function report(error: Error, c: Context): Told {
  const { log, expose } = settingsOf(c)
  const { code, id, message } = toPublicError(error, expose)
  log.error({ id, code, method: c.req.method, path: c.req.path, err: error }, said(error))
  return { status: 500, message, mark: id }
}

async function answer(
  c: Context,
  told: Told,
  options: ErrorPagesOptions,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const { status } = told
  const { headers: request } = c.req.raw
  const title = TITLES[status] ?? 'Something went wrong'
  const headers = new Headers({ ...more, 'Cache-Control': 'no-store', Vary: VARY })
  if (!isForPeople(request)) {
    headers.set('Content-Type', 'application/problem+json')
    return new Response(JSON.stringify({ title, status, detail: told.message, mark: told.mark }), {
      status,
      headers,
    })
  }
  const htmx = htmxRequest(request).fragment
  if (htmx) {
    const { retarget, reswap, trigger } = options
    for (const [name, value] of Object.entries(htmxHeaders(given({ retarget, reswap, trigger }))))
      headers.set(name, value)
  }
  headers.set('Content-Type', 'text/html; charset=utf-8')
  const html = await draw(c, { ...told, title }, options, htmx)
  return new Response(html, { status, headers })
}

/** An error page that cannot be drawn is no reason for another one. */
async function draw(
  c: Context,
  told: Told & { readonly title: string },
  { template, block }: ErrorPagesOptions,
  htmx: boolean,
): Promise<string> {
  const { excerpt = '', ...context } = told
  const { title, message, mark } = context
  const line = notice(message, mark) + excerpt
  if (template !== undefined && (!htmx || block !== undefined)) {
    const settings = settingsOf(c)
    try {
      const page = new Page(template, context, given({ block }))
      return await (await answerPage(page, c.req.raw.headers, engineFor(c, settings))).text()
    } catch (failure) {
      settings.log.error({ err: failure }, `the error page cannot be drawn: ${said(failure)}`)
    }
  }
  const name = escapeHtml(title)
  return htmx
    ? line
    : `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${name}</title></head><body><main><h1>${name}</h1>${line}</main></body></html>`
}
