import type { BlockRenderer, Context, TemplateEngine } from '../engine.ts'
import type { Markdown } from '../../markdown/markdown.ts'
import type { TemplateSource } from '../template-source.ts'
import { ANY, type BlockContext, plainContext } from './block-context.ts'
import { NunjucksBlock } from './block.ts'
import { Fault, type Outcome, outcomeOf } from './failure.ts'
import { FILTERS } from './filters.ts'
import { fragmentTag } from './fragment-tag.ts'
import { type CompiledTemplate, Environment, type NunjucksEnvironment } from './internals.ts'
import { markdownFilter } from './markdown-filter.ts'
import { blocksOf, flatten } from './page-run.ts'
import { safeHtml } from './safe-html.ts'
import { TemplateCatalog } from './template-catalog.ts'

type Filter = (...values: any[]) => unknown

export interface NunjucksOptions {
  /** Name → function of the value and the arguments, beside `url`, `qs`, `timeago`, `pluralize` and `attributes`. Markup comes back as `safeHtml(…)`. */
  readonly filters?: Readonly<Record<string, Filter>>
  /** The same, for filters that give a promise, or that take nunjucks' callback as their last argument. */
  readonly asyncFilters?: Readonly<Record<string, Filter>>
  /** What the filter `markdown` draws with. */
  readonly markdown?: Markdown
  /** Variables and functions that every template sees. */
  readonly globals?: Readonly<Record<string, unknown>>
  /** Escape what is printed. Default true; leave it. */
  readonly autoescape?: boolean
  /** Printing something that is missing is an error. Default false. */
  readonly throwOnUndefined?: boolean
  /** Gets nunjucks' environment once, for extensions, tests and options that have no place here. */
  readonly configure?: (env: NunjucksEnvironment) => void
  /** The longest that a draw with async filters may take, in ms. Default 10,000. */
  readonly renderTimeoutMs?: number
  /** Follow edits of the source: what is opened after an edit is drawn from it. For development. */
  readonly watch?: boolean
  /** Templates that were compiled before, by name, as nunjucks' precompiler writes them. */
  readonly precompiled?: Readonly<Record<string, CompiledTemplate>>
}

/** The template engine over nunjucks. */
export interface NunjucksEngine extends TemplateEngine {
  /** Ends the watcher. Renderers that are open go on. */
  close(): void
}

/**
 * The engine over any source of templates; needs nothing of Node.
 *
 * In      templates from `source` only: no call takes template text.
 * Out     blocks drawn as their page would draw them, without drawing the page.
 * Cost    a template is compiled when first asked for; opening a block of it takes microseconds.
 * Ends    with `watch`, `close()` ends the watcher.
 *
 * @example
 * const engine = createNunjucksEngine(fromRecord({ 'chat.html': '{% block answer %}<p>{{ text }}</p>{% endblock %}' }))
 * const answer = await engine.open('chat.html', 'answer')
 * answer.render({ text: 'a < b' }) // → '<p>a &lt; b</p>'
 */
export function createNunjucksEngine(
  source: TemplateSource,
  options: NunjucksOptions = {},
): NunjucksEngine {
  const { filters = {}, asyncFilters = {}, globals = {}, markdown } = options
  const { autoescape = true, throwOnUndefined = false, renderTimeoutMs: limitMs = 10_000 } = options
  const base = new Environment([], { autoescape, throwOnUndefined })
  base.addExtension('swapstream.fragment', fragmentTag)
  if (markdown) base.addFilter('markdown', markdownFilter(markdown))
  for (const [name, filter] of Object.entries({ ...FILTERS, ...filters }))
    base.addFilter(name, filter)
  for (const [name, filter] of Object.entries(asyncFilters)) base.addFilter(name, filter, true)
  base.addGlobal('renderBlock', renderBlock)
  for (const [name, value] of Object.entries(globals)) base.addGlobal(name, value)
  options.configure?.(base)

  const load = (): TemplateCatalog => new TemplateCatalog(base, source, options.precompiled)
  let catalog = load()
  const stop = options.watch && source.watch?.(() => (catalog = load()))
  const target = (from: TemplateCatalog, template: string, block: string) => ({
    catalog: from,
    leaf: from.get(template),
    block,
    limitMs,
  })

  /** The template global: draws a block where it stands, with the variables around it and those it is given. */
  function renderBlock(
    this: BlockContext,
    template: string,
    block: string,
    context?: Context,
  ): unknown {
    this.reads?.add(ANY)
    const scope = this.callScope && flatten(this.callScope)
    const given = plainContext(this.getVariables(), scope, context)
    delete given['__keywords']
    const from = TemplateCatalog.of(this.env) ?? catalog
    const html = now(now(NunjucksBlock.open(target(from, String(template), block), given)).render())
    return safeHtml(html)
  }

  const engine: NunjucksEngine = {
    render: async (template, context) =>
      outcomeOf<string>({ template }, limitMs, (done) =>
        catalog.get(template).render(plainContext(context), undefined, done),
      ),
    open: async (template, block, context): Promise<BlockRenderer> =>
      NunjucksBlock.open(target(catalog, template, block), plainContext(context)),
    blocks: async (template) => blocksOf(target(catalog, template, '')),
    source: (template) => source.read(template)?.text,
    close: () => void (stop && stop()),
  }
  current.set(engine, () => catalog)
  return engine
}

/** What does not wait. Throws  Fault `template/async-filter` for what does. */
function now<T>(outcome: Outcome<T>): T {
  if (!(outcome instanceof Promise)) return outcome
  outcome.catch(() => {})
  const message = 'renderBlock() cannot wait: the block uses an async filter.'
  throw new Fault('template/async-filter', message)
}

const current = new WeakMap<TemplateEngine, () => TemplateCatalog>()

/** The templates that an engine draws now; undefined for an engine that is not ours. */
export function catalogOf(engine: TemplateEngine): TemplateCatalog | undefined {
  return current.get(engine)?.()
}
