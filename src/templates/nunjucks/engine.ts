import type { Markdown } from '../../markdown/markdown.ts'
import { english } from '../../shared/texts.ts'
import type { Context, TemplateEngine } from '../engine.ts'
import type { TemplateSource } from '../source.ts'
import { NunjucksBlock } from './block.ts'
import { ANY, type BlockContext, plainContext, type Values } from './context.ts'
import { Failure, resultOf } from './errors.ts'
import { FILTERS, markdownFilter, safeHtml } from './filters.ts'
import { fragmentTag } from './fragment-tag.ts'
import {
  type Compile,
  Environment,
  type InnerEnvironment,
  type NunjucksEnvironment,
} from './internals.ts'
import { type Precompiled, TemplateCatalog } from './loader.ts'
import { blocksOf, flatten, type Target } from './page.ts'

type Filter = (...values: any[]) => unknown

export interface NunjucksOptions {
  /** Name → function of the value and the arguments, beside `url`, `qs`, `timeago`, `pluralize` and `attributes`. Markup comes back as `safeHtml(…)`. */
  readonly filters?: Readonly<Record<string, Filter>>
  /** The same, for filters that give a promise, or that take nunjucks' callback as their last argument. */
  readonly asyncFilters?: Readonly<Record<string, Filter>>
  /** The renderer of the filter `markdown`. */
  readonly markdown?: Markdown
  /** Variables and functions that every template sees. */
  readonly globals?: Readonly<Record<string, unknown>>
  /** Escape what is printed. Default true; leave it. */
  readonly autoescape?: boolean
  /** Printing something that is missing is an error. Default false. */
  readonly throwOnUndefined?: boolean
  /** Gets nunjucks' environment once, for extensions, tests and options that have no place here. */
  readonly configure?: (env: NunjucksEnvironment) => void
  /** The longest that a render with async filters may take, in ms. Default 10,000. */
  readonly renderTimeoutMs?: number
  /** Follow edits of the source: what is opened after an edit is rendered from it. For development. */
  readonly watch?: boolean
  /** Compiled templates, by name: of a bundle, or as nunjucks' precompiler writes them. */
  readonly precompiled?: Precompiled
}

/** The template engine over nunjucks. */
export interface NunjucksEngine extends TemplateEngine {
  /** Ends the watcher. Renderers that are open go on. */
  close(): void
}

/**
 * The engine over any source of templates; needs nothing of Node.
 *
 * In      what makes templates from text, undefined where nothing can; templates from `source` only: no call takes text.
 * Out     blocks as their page would render them, without rendering the page.
 * Cost    a template is compiled when first asked for; opening a block of it takes microseconds.
 * Ends    with `watch`, `close()` ends the watcher.
 */
export function engineWith(
  compile: Compile | undefined,
  source: TemplateSource,
  options: NunjucksOptions,
): NunjucksEngine {
  const { precompiled, renderTimeoutMs: limitMs = 10_000 } = options
  const base = environmentOf(options, renderBlock)
  const load = (): TemplateCatalog => new TemplateCatalog(base, source, compile, precompiled)
  let catalog = load()
  const stop = options.watch && source.watch?.(() => (catalog = load()))
  const target = (from: TemplateCatalog, template: string, block: string): Target => {
    return { catalog: from, leaf: from.get(template), block, limitMs }
  }

  /** The template global: renders a block where it stands, with the variables around it and its own. */
  function renderBlock(
    this: BlockContext,
    template: string,
    block: string,
    context?: Context,
  ): unknown {
    this.reads?.add(ANY)
    const scope = this.callScope && flatten(this.callScope)
    const input = plainContext(this.getVariables(), scope, context)
    delete input['__keywords']
    const from = (this.env.catalog as TemplateCatalog | undefined) ?? catalog
    const html = new NunjucksBlock(target(from, String(template), block), input).render()
    if (typeof html === 'string') return safeHtml(html)
    html.catch(() => {})
    const message = 'renderBlock() cannot wait: the block uses an async filter.'
    throw new Failure('template/async-filter', message)
  }

  const engineOf = (current: () => TemplateCatalog): TemplateEngine => {
    const derived = new WeakMap<object, TemplateEngine>()
    const withMore: WithMore = (key, globals) => {
      const known = derived.get(key) ?? engineOf(() => current().withGlobals(key, globals))
      derived.set(key, known)
      return known
    }
    const engine: TemplateEngine = {
      render: async (template, context) =>
        resultOf<string>({ template }, limitMs, (done) =>
          current().get(template).render(plainContext(context), undefined, done),
        ),
      open: async (template, block, context) =>
        NunjucksBlock.open(target(current(), template, block), plainContext(context)),
      blocks: async (template) => blocksOf(target(current(), template, '')),
      source: (template) => source.read(template)?.text,
      withTexts: (swapstreamTexts) => withMore(swapstreamTexts, { swapstreamTexts }),
    }
    internals.set(engine, { catalog: current, withMore })
    return engine
  }
  const close = (): void => void (stop && stop())
  return Object.assign(
    engineOf(() => catalog),
    { close },
  )
}

function environmentOf(options: NunjucksOptions, renderBlock: unknown): InnerEnvironment {
  const { filters, asyncFilters = {}, globals, markdown } = options
  const { autoescape = true, throwOnUndefined = false } = options
  const env = new Environment([], { autoescape, throwOnUndefined })
  env.addExtension('swapstream.fragment', fragmentTag)
  if (markdown) env.addFilter('markdown', markdownFilter(markdown))
  for (const [name, filter] of Object.entries({ ...FILTERS, ...filters }))
    env.addFilter(name, filter)
  for (const [name, filter] of Object.entries(asyncFilters)) env.addFilter(name, filter, true)
  const own = { renderBlock, swapstreamTexts: english, ...globals }
  for (const [name, value] of Object.entries(own)) env.addGlobal(name, value)
  options.configure?.(env)
  return env
}

/** Gives the same engine with some more globals. Equal keys give one engine. */
type WithMore = (key: object, globals: Values) => TemplateEngine

/** The inside of each engine of ours. */
const internals = new WeakMap<
  TemplateEngine,
  { catalog: () => TemplateCatalog; withMore: WithMore }
>()

/** The templates that an engine renders now; undefined for an engine that is not ours. */
export function catalogOf(engine: TemplateEngine): TemplateCatalog | undefined {
  return internals.get(engine)?.catalog()
}

/** An engine of ours whose templates see some more globals; another engine as it is. */
export function withGlobals(engine: TemplateEngine, globals: Values): TemplateEngine {
  return internals.get(engine)?.withMore(globals, globals) ?? engine
}
