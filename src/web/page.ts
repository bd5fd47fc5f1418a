import type { Fragment } from '../fragments/fragment.ts'
import { Returned } from '../streams/returned.ts'

/** What a page answers with, beside its template. */
export interface PageOptions {
  /** The block that htmx gets in place of the whole page. Without it, everybody gets the page. */
  readonly block?: string
  /** `#id` where htmx shall put that block, whatever the form says: for a form that comes back with a message. */
  readonly target?: string
  /** Another block for an element of its own, by its id: `{ sidebar: 'menu' }` when the answer goes to `#sidebar`. */
  readonly blocks?: Readonly<Record<string, string>>
  /**
   * What else changes: htmx gets these with the block, each for its own place; a whole page is drawn with the contexts
   * of those that are of its template.
   */
  readonly alongside?: readonly Fragment[]
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A template as the answer of a route: the whole page, or to htmx one block of it.
 *
 * Out     text/html; `Vary` says what the answer depends on.
 * Throws  TemplateError while it is answered: an ordinary HTTP error.
 *
 * @example app.get('/', () => new Page('chat.html', { user }))
 * @example return new Page('ask.html', { problem: 'Type a question.' }, { block: 'form', target: '#ask', status: 422 })
 * @example return new Page('feed.html', { item }, { block: 'item', alongside: [new Fragment('chat.html', 'response', { text: 'Saved' })] })
 */
export class Page extends Returned {
  // What Hono's types ask of a returned value; nothing of it exists at run time.
  declare readonly _data: string
  declare readonly _status: 200
  declare readonly _format: 'text/html'

  readonly template: string
  readonly context: Readonly<Record<string, unknown>>
  readonly options: PageOptions

  constructor(
    template: string,
    context: Readonly<Record<string, unknown>> = {},
    options: PageOptions = {},
  ) {
    super(options.status ?? 200, new Headers(options.headers))
    this.template = template
    this.context = context
    this.options = options
    Object.freeze(this)
  }
}
