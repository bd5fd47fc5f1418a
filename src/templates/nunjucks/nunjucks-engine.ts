import type { TemplateError } from '../../base/errors.ts'
import type { BlockRenderer, Context, TemplateEngine } from '../engine.ts'
import type { Markdown } from '../../markdown/markdown.ts'
import type { TemplateSource } from '../template-source.ts'
import { type BlockContext, plainContext } from './block-context.ts'
import { NunjucksBlock } from './block.ts'
import { circular, located, templateError } from './failure.ts'
import { fragmentTag } from './fragment-tag.ts'
import {
  type Callback,
  type CompiledTemplate,
  newEnvironment,
  type NunjucksEnvironment,
} from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { LINK_FILTERS } from './link-filters.ts'
import { markdownFilter } from './markdown-filter.ts'
import { andThen, answer, type Outcome } from './outcome.ts'
import { flatten } from './page-context.ts'
import { blocksOfPage } from './page-run.ts'
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
    return NunjucksBlock.open(
      { catalog: from, leaf: from.get(template), block, limitMs },
      given,
      strict,
    )
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
    if (this.reads) this.reads.everything = true
    const from = TemplateCatalog.of(this.env) ?? catalog
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
    blocks: async (template) => blocksOf(catalog, catalog.get(template), limitMs),
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

/** The blocks of a template and its parents, as far as they are known without any variables. */
async function blocksOf(
  catalog: TemplateCatalog,
  leaf: LoadedTemplate,
  limitMs: number,
): Promise<string[]> {
  const chain = [leaf]
  for (;;) {
    const last = chain.at(-1)!
    const [parent] = last.parents
    if (!last.ast || (parent && (last.parents.length > 1 || !parent.always || !parent.name))) break
    if (!parent) return namesOf(chain)
    const next = catalog.getFor(parent.name!, last.name)
    const { lineno, colno } = parent.node
    const place = { template: last.name, line: lineno + 1, column: colno + 1 }
    if (chain.includes(next))
      throw circular(
        [...chain, next].map(({ name }) => name),
        place,
      )
    chain.push(next)
  }
  try {
    return await blocksOfPage({ catalog, leaf, block: '', limitMs }, plainContext())
  } catch (error) {
    if ((error as TemplateError).code !== 'template/extends-nothing') throw error
    return namesOf(chain)
  }
}

function namesOf(chain: readonly LoadedTemplate[]): string[] {
  return [...new Set(chain.flatMap(({ levels }) => Object.keys(levels)))]
}
