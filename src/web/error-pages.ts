import type { Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { escapeHtml } from '../shared/escape-html.ts'
import { errorMessage } from '../shared/hooks.ts'
import { htmxRequest, isForPeople, VARY } from '../htmx/request.ts'
import { htmxHeaders, type HtmxHeaders } from '../htmx/response.ts'
import { reportedAs, toPublicError } from '../streams/failure.ts'
import { answerPage, Page } from './page.ts'
import { errorResponse, errorTexts, Problem, type ErrorView } from './problem.ts'
import { engineFor, settingsOf, textsFor } from './settings.ts'
import { notice } from '../htmx/together.ts'

const META =
  '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'

/** How errors are rendered, and where htmx puts them. */
export interface ErrorPagesOptions extends Pick<HtmxHeaders, 'retarget' | 'reswap' | 'trigger'> {
  /**
   * The template of the page, rendered with `status`, `title`, `message` and `errorId`, which finds the cause in the log.
   * Default: a bare page.
   */
  readonly template?: string
  /** The block of it that htmx gets. Default: one line for the target of the request. */
  readonly block?: string
}

/**
 * Answers what an app does not: 404, 405 with `Allow`, and thrown errors. A part of the page for htmx, a page for
 * browsers, `application/problem+json` for programs.
 *
 * In      an app with the swapstream middleware. It sets the app's `notFound` and `onError`.
 * Out     errors of ours, and Hono's HTTPException, keep status and headers. Everything else is a 500 without a cause: that
 *         is in the log, under the id that is shown.
 *
 * @example
 * errorPages(app, { retarget: '#errors', reswap: 'innerHTML' })
 * const response = await app.request('/nowhere', { headers: { accept: 'text/html' } })
 * response.status // → 404
 */
export function errorPages(app: Hono<any>, options: ErrorPagesOptions = {}): void {
  // What no header can hold fails now, and not at the first error.
  htmxHeaders(options)
  app.notFound((c) => {
    const allow = methodsAt(app, c.req.path)
    if (allow.length === 0 || allow.includes(c.req.method))
      return answer(c, { status: 404 }, options)
    return answer(c, { status: 405 }, options, { Allow: allow.join(', ') })
  })
  app.onError((error, c) => {
    if (error instanceof Problem && isForPeople(c.req.raw.headers))
      return answer(c, error.view, options, Object.fromEntries(error.res.headers))
    if (!(error instanceof HTTPException)) return answer(c, unexpected(error, c), options)
    // An exception that brings its own answer has nothing to add.
    if (error.res) return error.getResponse()
    return answer(c, { status: error.status, message: error.message }, options)
  })
}

/** The methods that have a handler at a path. Under ALL stands middleware, which has no method of its own. */
function methodsAt(app: Hono<any>, path: string): string[] {
  const all = new Set(app.routes.map(({ method }) => method).filter((method) => method !== 'ALL'))
  const own = [...all].filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  )
  return own.includes('GET') ? [...own, 'HEAD'] : own
}

function unexpected(error: Error, c: Context): PartialView {
  const { log, expose } = settingsOf(c)
  const { code, id, message } = toPublicError(error, expose)
  if (!reportedAs(error))
    log.error({ id, code, method: c.req.method, path: c.req.path, err: error }, errorMessage(error))
  return { status: 500, errorId: id, ...(expose && { message }) }
}

/** An error; without a message it has the text of its status. */
type PartialView = Pick<ErrorView, 'status'> & Partial<ErrorView>

async function answer(
  c: Context,
  error: PartialView,
  options: ErrorPagesOptions,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const { status, errorId: id } = error
  const { headers: request, method } = c.req.raw
  const { title, message } = errorTexts(status, textsFor(c), { method })
  const view = { ...error, message: error.message || message }
  const headers = { ...more, Vary: VARY }
  if (!isForPeople(request))
    return errorResponse(status, { title, status, detail: view.message, id }, headers)
  const htmx = htmxRequest(request).fragment
  const html = await render(c, { ...view, title }, options, htmx)
  return errorResponse(status, html, { ...headers, ...(htmx && htmxHeaders(options)) })
}

/** The app's template, or a page of ours where there is none or it fails, too. */
async function render(
  c: Context,
  { excerpt = '', ...context }: ErrorView & { readonly title: string },
  { template, block }: ErrorPagesOptions,
  htmx: boolean,
): Promise<string> {
  const line = notice(context.message, context.errorId) + excerpt
  if (template !== undefined && (!htmx || block !== undefined)) {
    const settings = settingsOf(c)
    try {
      const page = new Page(template, context, block === undefined ? {} : { block })
      return (await answerPage(page, c.req.raw.headers, engineFor(c, settings))).body
    } catch (err) {
      settings.log.error({ err }, `the error page cannot be rendered: ${errorMessage(err)}`)
    }
  }
  if (htmx) return line
  const title = escapeHtml(context.title)
  const { lang, dir } = textsFor(c)
  const direction = dir === 'rtl' ? ' dir="rtl"' : ''
  return `<!doctype html><html lang="${escapeHtml(lang)}"${direction}><head><meta charset="utf-8">${META}<title>${title}</title></head><body><main><h1>${title}</h1>${line}</main></body></html>`
}
