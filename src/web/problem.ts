import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import {
  AccessError,
  InputError,
  LimitError,
  SwapstreamError,
  TemplateError,
  withoutDocs,
} from '../shared/errors.ts'
import { toError } from '../shared/hooks.ts'
import { escapeHtml } from '../shared/escape-html.ts'
import { textWith, type Texts, type TextWith } from '../shared/texts.ts'
import { isForPeople } from '../htmx/request.ts'
import { reportedAs, toPublicError } from '../streams/failure.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { settingsOf, type Settings } from './settings.ts'
import { notice } from '../htmx/together.ts'

/** The view of an error for people. */
export interface ErrorView {
  readonly status: number
  readonly message: string
  /** Finds the cause in the log. */
  readonly errorId?: string
  /** HTML for developers. */
  readonly excerpt?: string
}

/** An error of ours with its finished answer, and its parts for pages that show it their own way. */
export class Problem extends HTTPException {
  declare readonly res: Response
  readonly view: ErrorView

  constructor(res: Response, view: ErrorView, cause: SwapstreamError) {
    super(res.status as 500, { res, cause, message: cause.message })
    this.view = view
  }
}

/** The texts by status: a message, and under the same name with `Title` the title of the error page. */
const TEXTS = {
  400: 'unreadable',
  401: 'signIn',
  403: 'forbidden',
  404: 'notFound',
  405: 'methodNotAllowed',
  413: 'tooLarge',
  415: 'contentType',
  422: 'invalid',
  429: 'tooMany',
  503: 'busy',
} as const

/**
 * The texts of an error page, which say what to do; the rest is for the log.
 *
 * @param seconds After which it makes sense to try again.
 */
export function errorTexts(
  status: number,
  texts: Texts,
  { method, seconds = 1 }: { readonly method: string; readonly seconds?: number | undefined },
): { readonly message: string; readonly title: string } {
  const key = TEXTS[status as keyof typeof TEXTS] ?? 'failed'
  const text = texts[key] as TextWith<string | number>
  return {
    message: textWith(text, status === 405 ? method : seconds),
    title: texts[`${key}Title`],
  }
}

/**
 * Creates the HTTP answer of an error of ours: a notice for people, `application/problem+json` for programs. It is an
 * HTTPException, so that the app's own `onError` has the last word.
 */
export function toProblem(c: Context, error: SwapstreamError, settings: Settings): Problem {
  const { log, expose, engine } = settings
  const { status } = error
  const { code, id, message } = toPublicError(error, expose)
  const texts = settings.textsOf(c)
  const fields = { id, code, status, method: c.req.method, path: c.req.path, err: error }
  // A run that has failed is answered each time it is asked for: the log has its cause already.
  const level = status >= 500 ? 'error' : 'warn'
  log[reportedAs(error) ? 'debug' : level](fields, error.message)

  const forPeople = isForPeople(c.req.raw.headers)
  const exposed = forPeople ? withoutDocs(error) : message
  const title = expose ? exposed : messageOf(error, texts, c.req.method)
  const issues = error instanceof InputError ? error.issues : []
  const detail = issues
    .map((issue) => [issue.path, issue.message].filter(Boolean).join(': '))
    .join('; ')
  const view = {
    status,
    message: detail ? `${title} ${detail}` : title,
    errorId: `${code} ${id}`,
    excerpt: expose ? linkTo(error) + excerptOf(error, engine) : '',
  }
  const headers: Record<string, string> = {}
  if (error instanceof LimitError) headers['Retry-After'] = String(error.retryAfterSeconds)
  if (error instanceof AccessError && error.challenge) headers['WWW-Authenticate'] = error.challenge
  if (error instanceof InputError && error.allow.length > 0)
    headers['Allow'] = error.allow.join(', ')
  const body = forPeople
    ? notice(view.message, view.errorId) + view.excerpt
    : { title, status, ...(detail && { detail, errors: issues }), code, id }
  return new Problem(errorResponse(status, body, headers), view, error)
}

/** The text for the client. That of a request from another site may name the header that is missing or wrong. */
function messageOf(error: SwapstreamError, texts: Texts, method: string): string {
  const { code, status } = error
  if (code === 'access/cross-site') return textWith(texts.crossSite, withoutHint(error))
  if (code === 'run/unknown') return texts.unknownRun
  const seconds = error instanceof LimitError ? error.retryAfterSeconds : undefined
  return errorTexts(status, texts, { method, seconds }).message
}

function withoutHint(error: SwapstreamError): string {
  const message = withoutDocs(error)
  return error.hint === undefined ? message : message.slice(0, -error.hint.length - 1)
}

/** The way to the section about an error, for developers. */
function linkTo({ code, docs }: SwapstreamError): string {
  return `<p><a href="${docs}">What ${code} means</a></p>`
}

/** Creates the answer of an error: HTML for people, an object for programs. */
export function errorResponse(
  status: number,
  body: string | object,
  more: Readonly<Record<string, string>>,
): Response {
  const isHtml = typeof body === 'string'
  const type = isHtml ? 'text/html; charset=utf-8' : 'application/problem+json'
  const headers = new Headers(more)
  headers.set('Content-Type', type)
  headers.set('Cache-Control', 'no-store')
  return new Response(isHtml ? body : JSON.stringify(body), { status, headers })
}

/**
 * Runs a step of a handler of ours, and throws what Hono's `onError` can answer: Hono calls it at once, so the middleware
 * never sees the error. It takes Errors only: see `toError`.
 */
export async function withHttpErrors<T>(c: Context, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw error instanceof SwapstreamError ? toProblem(c, error, settingsOf(c)) : toError(error)
  }
}

/** So many lines of a template are shown before and after the wrong one. */
const LINES_AROUND = 4

/** The lines of a template around its error as escaped HTML; empty where no line is known. */
function excerptOf(error: unknown, engine: TemplateEngine): string {
  if (!(error instanceof TemplateError)) return ''
  const { template, line = 0, column } = error.place
  const lines = engine.source?.(template)?.split(/\r\n|\r|\n/) ?? []
  if (lines[line - 1] === undefined) return ''
  const first = Math.max(1, line - LINES_AROUND)
  const rows = lines.slice(first - 1, line + LINES_AROUND).map((text, at) => {
    const isWrong = first + at === line
    const row = `${isWrong ? '&gt;' : ' '}${String(first + at).padStart(4)} | ${escapeHtml(text)}`
    if (!isWrong) return row
    const caret = column === undefined ? '' : `\n      | ${' '.repeat(column - 1)}^`
    return `<mark>${row}</mark>${caret}`
  })
  const name = `${escapeHtml(template)}, line ${line}`
  return `<figure class="swapstream-source"><figcaption>${name}</figcaption><pre tabindex="0">${rows.join('\n')}</pre></figure>`
}
