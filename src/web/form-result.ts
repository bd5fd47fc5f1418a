import type { Fragment } from '../fragments/fragment.ts'
import { htmxRequest, VARY } from '../htmx/request.ts'
import { htmxHeaders, wayTo, type HtmxHeaders } from '../htmx/response.ts'
import { Returned } from '../streams/returned.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { renderTogether, type Answer } from './page.ts'

/** The fragments and headers that answer a form. */
export interface FormResultOptions {
  /** The changes of the page: the first goes where the form says, each other one to its own target. */
  readonly fragments?: readonly Fragment[]
  /** An event for the page, sent with the fragments: its name, or names with their details. */
  readonly trigger?: NonNullable<HtmxHeaders['trigger']>
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The answer of a form that has done something, for htmx and for browsers without scripts.
 *
 * Out     to htmx the fragments, or without any the way to the next page; to a browser without scripts a redirect (303),
 *         so that loading anew does nothing twice.
 * Throws  TypeError while it is answered for an address that would run as a script.
 *
 * @example
 * app.post('/items', async (c) => {
 *   const { item } = await c.req.parseBody()
 *   const added = new Fragment('feed.html', 'item', { item }, { target: '#feed', swap: 'afterbegin' })
 *   return new FormResult('/items', { fragments: [added], trigger: 'feed:changed' })
 * })
 */
export class FormResult extends Returned {
  // What Hono's types ask of a returned value; nothing of it exists at run time.
  declare readonly _data: string
  declare readonly _status: 200
  declare readonly _format: 'text/html'

  /** The page to show next. */
  readonly next: string
  readonly options: FormResultOptions

  constructor(next: string, options: FormResultOptions = {}) {
    super(200, new Headers(options.headers))
    this.next = next
    this.options = options
    Object.freeze(this)
  }
}

/** Renders what changed, or leads to the next page. */
export async function answerFormResult(
  { next, options }: FormResult,
  request: Headers,
  engine: TemplateEngine,
): Promise<Answer> {
  const { fragments = [], trigger } = options
  const { fragment: htmx } = htmxRequest(request)
  if (!htmx || fragments.length === 0) {
    const { status, headers } = wayTo(next, htmx)
    return { status, headers: { ...headers, Vary: VARY }, body: null }
  }
  const event = trigger === undefined ? {} : htmxHeaders({ trigger })
  const headers = { 'Content-Type': 'text/html; charset=utf-8', Vary: VARY, ...event }
  return { status: 200, headers, body: await renderTogether(fragments, engine) }
}
