import { checkTarget, Fragment } from '../fragments/fragment.ts'
import { blockTree, idOf } from '../htmx/block-tree.ts'
import { htmxRequest, VARY, VARY_BY_TARGET } from '../htmx/request.ts'
import { htmxHeaders } from '../htmx/response.ts'
import { together, type Rendered, type WholeAnswer } from '../htmx/together.ts'
import { Returned } from '../streams/returned.ts'
import type { Context, TemplateEngine } from '../templates/engine.ts'

const HTML = { 'Content-Type': 'text/html; charset=utf-8' }

/** The options of a page. */
export interface PageOptions {
  /** The block that htmx gets in place of the whole page. Without it, htmx gets the page, too. */
  readonly block?: string
  /**
   * `#id` where htmx puts that block, whatever the form says: for a form that comes back with a message. It goes inside
   * that element, or in its place when it is the block's root.
   */
  readonly target?: string
  /** Another block for an element of its own, by its id: `{ sidebar: 'menu' }` when the answer goes to `#sidebar`. */
  readonly blocks?: Readonly<Record<string, string>>
  /**
   * More changes: htmx gets these with the block, each for its own target; a whole page is rendered with the
   * contexts of those that are of its template.
   */
  readonly alongside?: readonly Fragment[]
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A template as the answer of a route: the whole page, or to htmx one block of it.
 *
 * Out     text/html; `Vary` says what the answer depends on.
 * Throws  TypeError for a target that is not `#id`; TemplateError while it is answered: an ordinary HTTP error.
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
    // Here already, so that other middleware finds its type.
    super(options.status ?? 200, new Headers({ ...options.headers, ...HTML }))
    if (options.target !== undefined) checkTarget("A page's target", options.target)
    this.template = template
    this.context = context
    this.options = options
    Object.freeze(this)
  }
}

/** The status, headers and body that answer a request. */
export interface Answer<Body = string | ReadableStream<Uint8Array> | null> {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
}

/** Renders a page, or for htmx the block it asks for. */
export async function answerPage(
  { template, context, options, status }: Page,
  request: Headers,
  engine: TemplateEngine,
): Promise<Answer<string>> {
  const { blocks = {}, alongside = [] } = options
  const { fragment, morphs, target = '' } = htmxRequest(request)
  const vary = options.blocks ? VARY_BY_TARGET : VARY
  const headers = { ...HTML, Vary: vary }
  const block = Object.hasOwn(blocks, target) ? blocks[target] : options.block
  if (!fragment || block === undefined) {
    const own = alongside.filter((each) => each.template === template)
    const all: Context = Object.assign({}, ...own.map((each) => each.context), context)
    return { status, headers, body: await engine.render(template, all) }
  }
  const rendered = await renderAll([new Fragment(template, block, context), ...alongside], engine)
  const { target: retarget } = options
  const isRoot = retarget !== undefined && idOf(blockTree(rendered[0]!.html)) === retarget
  const reswap = isRoot ? 'outerHTML' : 'innerHTML'
  const place = retarget === undefined ? {} : htmxHeaders({ retarget, reswap })
  const { html, headers: own } = together(rendered, morphs)
  return { status, headers: { ...headers, ...place, ...own }, body: html }
}

/**
 * Renders several fragments as one answer. The first goes where the request says, each other one to its target, or to the
 * element with the id of its root, or to the one that is named after its block.
 */
export async function renderTogether(
  fragments: readonly Fragment[],
  engine: TemplateEngine,
  morphs: boolean,
): Promise<WholeAnswer> {
  return together(await renderAll(fragments, engine), morphs)
}

async function renderAll(
  fragments: readonly Fragment[],
  engine: TemplateEngine,
): Promise<Rendered[]> {
  const rendered = fragments.map(async (fragment) => ({
    fragment,
    html: await renderBlock(fragment, engine),
    target: `#${fragment.block}`,
  }))
  return Promise.all(rendered)
}

/** Renders one block once. */
export async function renderBlock(
  { template, block, context }: Fragment,
  engine: TemplateEngine,
): Promise<string> {
  return (await engine.open(template, block, context)).render()
}
