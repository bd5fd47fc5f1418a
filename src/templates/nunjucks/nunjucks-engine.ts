import type { BlockRenderer, Context, TemplateEngine } from '../engine.ts'
import type { GrowthPlan } from '../growth.ts'
import type { Markdown } from '../../markdown/markdown.ts'
import type { TemplateSource } from '../template-source.ts'
import { type BlockContext, plainContext } from './block-context.ts'
import { BlockDrawer } from './block-drawer.ts'
import { type Chain, isReadable, knownChain, resolveChain } from './chain.ts'
import { DryBlock } from './dry-run.ts'
import { located, templateError } from './failure.ts'
import { fragmentTag } from './fragment-tag.ts'
import { provePageGrowth } from './growth-proof.ts'
import {
  type Callback,
  type CompiledTemplate,
  newEnvironment,
  type NunjucksEnvironment,
} from './internals.ts'
import { LINK_FILTERS } from './link-filters.ts'
import { markdownFilter } from './markdown-filter.ts'
import { andThen, answer, type Outcome } from './outcome.ts'
import { chainTable, planBlock } from './plan.ts'
import { PlannedBlock } from './planned-block.ts'
import { flatten } from './prepared.ts'
import { safeHtml } from './safe-html.ts'
import { checkNunjucks } from './self-check.ts'
import { TemplateCatalog } from './template-catalog.ts'
import { TEXT_FILTERS } from './text-filters.ts'

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
  /**
   * How a block may travel while the variable `key`, and nothing else, grows; and why not better.
   *
   * In      `context` only where a parent is chosen by a variable.
   *
   * @example (await engine.explain('chat.html', 'response', 'text')).kind // → 'append'
   */
  explain(template: string, block: string, key: string, context?: Context): Promise<GrowthPlan>
  /** Ends the watcher. Renderers that are open go on. */
  close(): void
}

/**
 * The engine over any source of templates; needs nothing of Node.
 *
 * In      templates from `source` only: no call takes template text.
 * Out     blocks drawn as their page would draw them, without drawing the page.
 * Cost    a template is compiled and a block planned when first asked for; opening a known block takes microseconds.
 * Ends    with `watch`, `close()` ends the watcher.
 * Throws  ConfigError `config/invalid` when the installed nunjucks is not the one expected.
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
  checkNunjucks()
  const limitMs = options.renderTimeoutMs ?? 10_000
  const base = newEnvironment((name) => source.read(name)?.text, {
    autoescape: options.autoescape ?? true,
    throwOnUndefined: options.throwOnUndefined ?? false,
  })
  base.addExtension('swapstream.fragment', fragmentTag)
  const { filters = {}, asyncFilters = {}, globals = {}, markdown } = options
  if (markdown) base.addFilter('markdown', markdownFilter(markdown))
  for (const [name, filter] of Object.entries({ ...LINK_FILTERS, ...TEXT_FILTERS, ...filters }))
    base.addFilter(name, filter)
  for (const [name, filter] of Object.entries(asyncFilters)) base.addFilter(name, filter, true)
  base.addGlobal('renderBlock', renderBlock)
  for (const [name, value] of Object.entries(globals)) base.addGlobal(name, value)
  options.configure?.(base)

  let catalog = new TemplateCatalog(base, source, options.precompiled)
  const stop = options.watch
    ? source.watch?.(() => {
        catalog = new TemplateCatalog(base, source, options.precompiled)
      })
    : undefined

  function open(
    from: TemplateCatalog,
    template: string,
    block: string,
    given: Record<string, unknown>,
    strict: boolean,
  ): Outcome<BlockRenderer> {
    catalogs.set(from.env, from)
    const leaf = from.get(template)
    return andThen(resolveChain(leaf, given, { catalog: from, limitMs }), (chain) => {
      const reopen = (changed: Record<string, unknown>): Outcome<BlockRenderer> =>
        open(from, template, block, changed, true)
      const drawing = { limitMs, reopen }
      if (isReadable(chain))
        return BlockDrawer.open(blockOf(from, chain, block), given, drawing, strict)
      const dry = new DryBlock(from.env, leaf, block)
      // Run once to know that there is such a block; the drawer runs it again.
      return andThen(dry.prepare(given, limitMs), () =>
        BlockDrawer.open(dry, given, drawing, strict),
      )
    })
  }

  function draw(
    from: TemplateCatalog,
    template: string,
    context: Context | undefined,
  ): Outcome<string> {
    const page = from.get(template)
    const late = (): Error =>
      templateError('template/timeout', { template }, `not finished within ${limitMs} ms.`)
    const run = (done: Callback): void => page.render(plainContext(context), undefined, done)
    return located({ template }, () => answer(run, limitMs, late))
  }

  /** The template global: draws a block where it stands, with the variables around it and those it is given. */
  function renderBlock(
    this: BlockContext,
    template: string,
    block: string,
    context?: Context,
  ): unknown {
    const from = catalogs.get(this.env) ?? catalog
    const scope = this.callScope && flatten(this.callScope)
    const given = plainContext(this.getVariables(), scope, context)
    delete given['__keywords']
    const html = andThen(open(from, String(template), block, given, true), (renderer) =>
      renderer.render(),
    )
    if (!(html instanceof Promise)) return safeHtml(html)
    html.catch(() => {})
    const message = 'renderBlock() cannot wait: the block uses an async filter.'
    throw templateError('template/async-filter', { template: String(template), block }, message)
  }

  const engine: NunjucksEngine = {
    render: async (template, context) => draw(catalog, template, context),
    open: async (template, block, context) =>
      open(catalog, template, block, plainContext(context), context !== undefined),
    async reads(template, block) {
      const from = catalog
      const chain = await knownChain(from.get(template), plainContext(), { catalog: from, limitMs })
      // Another parent would read something else.
      if (!isReadable(chain) || chain.open || chain.choice) return undefined
      return blockOf(from, chain, block).plan.needs.names
    },
    async split(template, key, context) {
      const from = catalog
      const given = plainContext(context)
      const chain = await resolveChain(from.get(template), given, { catalog: from, limitMs })
      if (!isReadable(chain)) return undefined
      if (provePageGrowth(chain, chainTable(chain), from, key).kind !== 'append') return undefined
      // Proved to come out as it is, and nowhere else; not at all, where a condition leaves it out.
      const mark = crypto.randomUUID()
      const [before, after] = (await draw(from, template, { ...context, [key]: mark })).split(mark)
      if (after === undefined) return undefined
      return {
        before: before!,
        after,
        empty: await draw(from, template, { ...context, [key]: '' }),
      }
    },
    async blocks(template) {
      const leaf = catalog.get(template)
      const chain = await knownChain(leaf, {}, { catalog, limitMs })
      if (isReadable(chain)) return Object.keys(chainTable(chain))
      return Object.keys(await new DryBlock(catalog.env, leaf, '').table(plainContext(), limitMs))
    },
    async explain(template, block, key, context) {
      const from = catalog
      const leaf = from.get(template)
      const chain = await knownChain(leaf, plainContext(context), { catalog: from, limitMs })
      if (!isReadable(chain)) return new DryBlock(from.env, leaf, block).growth()
      const planned = blockOf(from, chain, block)
      const choice = chain.open ?? (context === undefined ? chain.choice : undefined)
      if (!choice) return planned.growth(key)
      const reason = `line ${choice.line}: the parent is only known at run time`
      return { kind: 'full', reason, ...choice }
    },
    source: (template) => source.read(template)?.text,
    close: () => stop?.(),
  }
  current.set(engine, () => catalog)
  return engine
}

const current = new WeakMap<TemplateEngine, () => TemplateCatalog>()

/** The templates that an engine draws now; nothing for an engine that is not ours. */
export function catalogOf(engine: TemplateEngine): TemplateCatalog | undefined {
  return current.get(engine)?.()
}

/** Which catalog a template runs in: a block that it draws must come from the same version. */
const catalogs = new WeakMap<object, TemplateCatalog>()

function blockOf(catalog: TemplateCatalog, chain: Chain, block: string): PlannedBlock {
  let blocks = blocksByChain.get(chain)
  if (!blocks) blocksByChain.set(chain, (blocks = new Map()))
  let planned = blocks.get(block)
  if (!planned) blocks.set(block, (planned = new PlannedBlock(planBlock(catalog, chain, block))))
  return planned
}

const blocksByChain = new WeakMap<Chain, Map<string, PlannedBlock>>()
