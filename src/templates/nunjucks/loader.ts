import { didYouMean, TemplateError } from '../../shared/errors.ts'
import { closestMatch } from '../../shared/closest-match.ts'
import { isPlainName, type TemplateSource } from '../source.ts'
import { asyncFilter, guardedTag } from './async-filters.ts'
import {
  ANY,
  type Block,
  BlockContext,
  locatedBlock,
  pageOf,
  plainContext,
  type Values,
} from './context.ts'
import { Failure, templateError } from './errors.ts'
import {
  type AstNode,
  type BundledTemplate,
  type Callback,
  type Compile,
  type CompiledTemplate,
  type Frame,
  type InnerBlocks,
  type InnerEnvironment,
  RuntimeFrame,
  SafeString,
} from './internals.ts'
import { lenientRuntime, runtime } from './runtime.ts'

const NO_COMPILER = 'a template cannot be compiled here, where no code may be made from text.'
const BUNDLE =
  'Compile it before: npx swapstream bundle templates --out bundle.js, then templates: bundle.'

/** Compiled templates, by name: of a bundle, or as nunjucks' precompiler writes them. */
export type Precompiled = Readonly<Record<string, CompiledTemplate | BundledTemplate>>

function isBundled(compiled: CompiledTemplate | BundledTemplate): compiled is BundledTemplate {
  return typeof compiled.inner === 'object'
}

/**
 * All templates of one point in time, compiled when first asked for.
 *
 * After an edit a new catalog takes over; a stream that is already open keeps the one it was opened with, so that it
 * shows one consistent version to its end.
 */
export class TemplateCatalog {
  readonly env: InnerEnvironment
  readonly source: TemplateSource
  readonly #base: InnerEnvironment
  readonly #precompiled: Precompiled
  readonly #compile: Compile | undefined
  readonly #loaded = new Map<string, LoadedTemplate>()
  /** The catalog that compiles for this one, which differs in its globals alone. */
  readonly #original: TemplateCatalog | undefined
  readonly #byKey = new WeakMap<object, TemplateCatalog>()

  /** @param compile Undefined where code cannot be made from text. */
  constructor(
    base: InnerEnvironment,
    source: TemplateSource,
    compile: Compile | undefined,
    precompiled: Precompiled = {},
    original?: TemplateCatalog,
  ) {
    this.source = source
    this.#base = base
    this.#compile = compile
    this.#precompiled = precompiled
    this.#original = original
    this.env = environment(base)
    this.env.getTemplate = this.#getTemplate.bind(this)
    this.env.catalog = this
  }

  /** The same templates with other globals: one catalog for each key. An import has its globals from there. */
  withGlobals(key: object, globals: Values): TemplateCatalog {
    const known = this.#byKey.get(key)
    if (known) return known
    const own = new TemplateCatalog(this.#base, this.source, undefined, this.#precompiled, this)
    own.env.globals = { ...this.env.globals, ...globals }
    this.#byKey.set(key, own)
    return own
  }

  /** Every name that `get` answers for. */
  names(): string[] {
    return [...new Set([...Object.keys(this.#precompiled), ...this.source.names()])]
  }

  /** Throws  TemplateError `template/missing`, `template/name`, `template/invalid`. */
  get(name: string): LoadedTemplate {
    // Without types, it may be anything.
    const template = typeof name === 'string' ? this.#find(name) : undefined
    if (template) return template
    const { code, message } = this.#missing(name)
    throw new TemplateError(code!, message, { template: name })
  }

  #find(name: string): LoadedTemplate | undefined {
    const template = this.#loaded.get(name) ?? this.#load(name)
    if (template) this.#loaded.set(name, template)
    return template
  }

  #load(name: string): LoadedTemplate | undefined {
    if (this.#original) return this.#original.#find(name)?.in(this.env)
    if (Object.hasOwn(this.#precompiled, name)) {
      const compiled = this.#precompiled[name]!
      if (!isBundled(compiled)) return new LoadedTemplate(name, this.env, compiled)
      const late = compiled.filters.find((filter) => this.env.asyncFilters.includes(filter))
      if (late === undefined)
        return new LoadedTemplate(name, this.env, compiled.functions, compiled.inner)
      const message = `the filter "${late}" is async, which the bundle does not know.`
      const hint = `Name it: npx swapstream bundle templates --async ${late}.`
      throw templateError('template/async-filter', { template: name }, message, { hint })
    }
    const found = this.source.read(name)
    if (!found) return undefined
    try {
      if (!this.#compile) throw new Failure('template/invalid', NO_COMPILER, BUNDLE)
      const { functions, inner, ast } = this.#compile(found.text, name, this.env)
      return new LoadedTemplate(name, this.env, functions, inner, ast)
    } catch (error) {
      throw Failure.toError(error, name, undefined, 'template/invalid')
    }
  }

  /** How compiled templates ask for another one. In: a name, perhaps relative to the asking template's. */
  #getTemplate(
    input: unknown,
    isParent: boolean,
    from: string | undefined,
    ignoreMissing: boolean,
    done: Callback<object>,
  ): void {
    const wanted = input instanceof SafeString ? String(input) : input
    if (isParent && (wanted === undefined || wanted === null || wanted === '')) {
      const hint = "Pass the layout in the fragment's context."
      return done(
        new Failure('template/extends-nothing', '{% extends %} resolved to nothing.', hint),
      )
    }
    if (typeof wanted !== 'string') {
      const message = `the name of a template came out as ${described(wanted)}.`
      return done(new Failure('template/name', message))
    }
    const name = resolveName(wanted, from)
    try {
      const template = this.#find(name)
      if (template || ignoreMissing) done(null, template ?? EMPTY)
      else done(this.#missing(name))
    } catch (error) {
      done(error)
    }
  }

  #missing(name: string): Failure {
    if (typeof name === 'string' && isPlainName(name)) {
      const message = `template "${name}" not found ${didYouMean(name, this.names())}`
      return new Failure('template/missing', message)
    }
    const hint = 'Names are relative to the template folder, with "/" between folders.'
    return new Failure('template/name', `${JSON.stringify(name)} is no name of a template.`, hint)
  }
}

function described(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
}

/** Resolves `./row.html` and `../row.html` from the folder of the template that names them. */
export function resolveName(name: string, from: string | undefined): string {
  if (from === undefined || !/^\.\.?\//.test(name)) return name
  const steps = from.split('/').slice(0, -1)
  for (const step of name.split('/')) {
    // Above the root there is nothing: such a name must not be found, so it is left as it was written.
    if (step === '..' && steps.pop() === undefined) return name
    if (step !== '.' && step !== '..' && step !== '') steps.push(step)
  }
  return steps.join('/')
}

/** The environment of one catalog: the app's own, with filters and tags that cannot end the process. */
function environment(base: InnerEnvironment): InnerEnvironment {
  const env = Object.create(base) as InnerEnvironment
  const known = new Map<unknown, any>()
  const once = <T extends object>(own: T, make: (own: T) => T): T => {
    if (!known.has(own)) known.set(own, make(own))
    return known.get(own) as T
  }
  env.getFilter = (name) => {
    if (!Object.hasOwn(base.filters, name)) throw unknownName('filter', name, base)
    const filter = base.filters[name]!
    return base.asyncFilters.includes(name) ? once(filter, asyncFilter) : filter
  }
  env.getTest = (name) => {
    if (!Object.hasOwn(base.tests, name)) throw unknownName('test', name, base)
    return base.tests[name]!
  }
  env.getExtension = (name) => {
    const tag = base.extensions[name]
    return tag && once(tag, guardedTag)
  }
  return env
}

export function unknownName(kind: 'filter' | 'test', name: string, env: InnerEnvironment): Failure {
  const meant = closestMatch(name, Object.keys(kind === 'filter' ? env.filters : env.tests))
  const hint =
    meant === undefined ? `Add it: ${kind}s: { ${name}: … }.` : `Did you mean "${meant}"?`
  return new Failure('template/filter-unknown', `unknown ${kind} "${name}".`, hint)
}

/**
 * One compiled template. Stands in for nunjucks' class of the same purpose, which runs includes and imports with its
 * own context and runtime; here every template of a page runs with ours.
 */
export class LoadedTemplate {
  readonly name: string
  /** Undefined when the template came compiled. */
  readonly ast: AstNode | undefined
  /** For compiled templates, which read this when they extend. */
  readonly blocks: Readonly<Record<string, Block>>
  readonly #env: InnerEnvironment
  readonly #compiled: CompiledTemplate
  readonly #inner: InnerBlocks | undefined

  /** @param inner Undefined when another compiler than ours has made it. */
  constructor(
    name: string,
    env: InnerEnvironment,
    compiled: CompiledTemplate,
    inner?: InnerBlocks,
    ast?: AstNode,
    blocks: LoadedTemplate['blocks'] = blocksOf(name, compiled, inner),
  ) {
    this.name = name
    this.ast = ast
    this.#env = env
    this.#compiled = compiled
    this.#inner = inner
    this.blocks = blocks
  }

  /** The same template, in another environment. */
  in(env: InnerEnvironment): LoadedTemplate {
    return new LoadedTemplate(this.name, env, this.#compiled, this.#inner, this.ast, this.blocks)
  }

  /** Runs the template as a page, or as the parent of one: what compiled templates call when they extend. */
  rootRenderFunc(
    env: unknown,
    context: BlockContext,
    frame: Frame,
    _runtime: unknown,
    done: Callback,
  ): void {
    const { name } = this
    const { lineage } = context
    if (lineage.includes(name)) {
      const circle = [...lineage, name].join(' → ')
      throw new Failure('template/circular', `templates extend each other in a circle: ${circle}`)
    }
    if (lineage.push(name) === 1)
      for (const block in this.blocks) context.addBlock(block, this.blocks[block]!)
    frame.topLevel = true
    this.#compiled['root']!(
      env,
      context,
      frame,
      this.#inner ? runtime : lenientRuntime,
      (error, text) => {
        if (error) done(Failure.within(error, name))
        else done(null, text)
      },
    )
  }

  /**
   * Renders the template: as a page, or as an include when `parent` is the scope of the one that includes it.
   *
   * In      the variables, on an object that is ours to keep.
   */
  render(variables: Values, parent: Frame | undefined, done: Callback): void {
    // On the way to a block, what an include prints does not count.
    if (pageOf(variables)?.isPassing) return done(null, '')
    this.#run(variables, parent?.push(true), done)
  }

  #run(
    variables: Values,
    frame: Frame | undefined,
    done: (error: unknown, html: string | undefined, context: BlockContext) => void,
  ): void {
    const context = new BlockContext(this.#env, variables)
    context.end = (error, html) => done(error, html, context)
    this.rootRenderFunc(this.#env, context, frame ?? new RuntimeFrame(), undefined, context.end)
  }

  /** The content of an import. Called as `(done)`, or `(variables, scope, done)` for `with context`. */
  getExported(...input: [Callback<object>] | [Values, Frame, Callback<object>]): void {
    const done = input.at(-1) as Callback<object>
    const [variables, parent] = input.length === 3 ? input : [plainContext()]
    const page = pageOf(variables)
    if (page?.isPassing) page.reads!.add(ANY)
    this.#run(variables, parent?.push(), (error, _html, context) =>
      done(error, error ? undefined : context.getExported()),
    )
  }
}

/** The blocks of a compiled template, by name. */
function blocksOf(
  name: string,
  compiled: CompiledTemplate,
  inner: InnerBlocks | undefined,
): Readonly<Record<string, Block>> {
  const blocks: Record<string, Block> = Object.create(null)
  for (const key of Object.keys(compiled).filter((each) => each.startsWith('b_'))) {
    const block = key.slice(2)
    blocks[block] = locatedBlock(name, block, compiled[key]!, inner?.[block])
  }
  return blocks
}

/** An empty template, for an include that may be missing. */
const EMPTY = new LoadedTemplate('', {} as InnerEnvironment, {
  root: (_env, _context, _frame, _runtime, done) => done(null, ''),
})
