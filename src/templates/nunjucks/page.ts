import { didYouMean, TemplateError } from '../../shared/errors.ts'
import {
  BlockContext,
  type Block,
  isSteady,
  NOTHING,
  plainContext,
  type Values,
} from './context.ts'
import { andThen, type MaybePromise, resultOf, templateError } from './errors.ts'
import { type BlockFunction, type Frame, RuntimeFrame } from './internals.ts'
import type { LoadedTemplate, TemplateCatalog } from './loader.ts'
import { type Around, Lost, makeKeywordArgs, type Where } from './runtime.ts'

export interface Target {
  readonly catalog: TemplateCatalog
  readonly leaf: LoadedTemplate
  readonly block: string
  readonly limitMs: number
}

/** Everything that a page has declared when it comes to a block. */
interface Capture {
  readonly variables: Values
  /** The scopes around the block, as one; undefined when they hold nothing. */
  readonly scope: Values | undefined
  readonly written: ReadonlySet<string>
  /** All names that are looked up on the way: when one of these changes, the page must run again. */
  readonly reads: ReadonlySet<string>
}

/** A page at the place of one block: what is left is to render the block, any number of times. */
export interface Point extends Capture {
  /** Macros hold on to the context of their declaration, so the block is rendered with the very same one. */
  readonly context: BlockContext
  /** The page has made an object that rendering the block may change: a list, a counter. */
  readonly mayChange: boolean
}

/**
 * Runs a page up to one of its blocks, without its output, and notes what it has declared by then.
 *
 * A block that the page does not render, or renders in a loop or a macro, needs a second run, in which the conditions and
 * loops around it lead there: the caller's context says which turn of the loop is meant.
 *
 * In      variables without a prototype, which are not changed.
 * Cost    the declarations, conditions and loops of the page.
 * Throws  TemplateError for parents that cannot be found, `block/unknown`.
 */
export function runToBlock(target: Target, input: Values): MaybePromise<Point> {
  const { leaf, block } = target
  return andThen(new PageContext(target, input).run(target), (page) => {
    const family = page.blocks[block]
    if (!family) {
      const has = didYouMean(block, Object.keys(page.blocks))
      const message = `block "${block}" not found in template "${leaf.name}" ${has}`
      throw new TemplateError('block/unknown', message, { template: leaf.name, block })
    }
    // The eldest template that has a block is where its page would render it.
    const { template } = family.at(-1)!
    if (page.found && !page.repeats.has(template)) return pointOf(page, page.found, input)
    return andThen(new PageContext(target, input, template).run(target), (second) =>
      pointOf(second, second.found ?? second.captured(), input),
    )
  })
}

function pointOf(context: PageContext, capture: Capture, input: Values): Point {
  context.isPassing = context.isForcing = false
  const { variables, scope, written } = capture
  const { loop: _, ...inScope } = scope ?? {}
  const made = [...[...written].map((name) => variables[name]), ...Object.values(inScope)]
  const inputs = new Set(Object.values(input))
  const isUnchanged = (each: unknown): boolean =>
    isSteady(each) || each instanceof Lost || inputs.has(each)
  return { ...capture, context, mayChange: !made.every(isUnchanged) }
}

/** The blocks of a page, as far as they are known without any variables. */
export async function blocksOf(target: Target): Promise<string[]> {
  const context = new PageContext(target, plainContext())
  try {
    await context.run(target)
  } catch (error) {
    const isParentUnknown = (error as TemplateError).code === 'template/extends-nothing'
    if (!mayPass(error) && !isParentUnknown) throw error
  }
  return Object.keys(context.blocks)
}

/** True when a failed page may be all right with other variables; if it is not, a render says so. */
export function mayPass(error: unknown): boolean {
  const { code } = error as TemplateError
  return code === 'render/failed' || code === 'template/timeout'
}

/**
 * The context of a page up to one of its blocks, and of the block from then on. nunjucks asks it for each
 * block that it comes to: at the one that is wanted, it notes the variables and scopes.
 */
class PageContext extends BlockContext {
  readonly block: string
  /** The page as it comes to the block for the last time: what is rendered before an extends is thrown away. */
  found: Capture | undefined
  /** The templates in which the block stands in a loop. */
  readonly repeats: Set<string> = new Set()
  /** True in a part that the page itself leaves out: a macro, or a block that its parent has not. */
  isForcing = false
  readonly #top: Frame = new RuntimeFrame()
  /** The scopes in such a part; the variables are those at the end of the page. */
  #scope: Values | undefined
  readonly #written = new Set<string>()
  readonly #input: Values
  /** The template whose conditions and loops lead to the block, whatever they say. */
  readonly #forced: string | undefined

  constructor({ catalog, block }: Target, input: Values, forced?: string) {
    super(catalog.env, plainContext(input))
    this.block = block
    this.#input = input
    this.#forced = forced
    this.reads = new Set()
    this.isPassing = true
  }

  run({ leaf, limitMs }: Target): MaybePromise<this> {
    return resultOf<this>({ template: leaf.name }, limitMs, (done) => {
      this.end = done
      leaf.rootRenderFunc(this.env, this, this.#top, undefined, (error) =>
        // What fails behind the block is no fault of the block's.
        error && !this.found && !this.#scope ? done(error) : done(null, this),
      )
    })
  }

  override setVariable(name: string, value: unknown): void {
    super.setVariable(name, value)
    if (this.isPassing) this.#written.add(name)
  }

  override addBlock(name: string, block: Block): void {
    this.found = undefined
    super.addBlock(name, block)
  }

  override getBlock(name: string, parent?: unknown): BlockFunction {
    if (!this.isPassing) return super.getBlock(name, parent)
    if (parent && this.#forced === undefined) return NOTHING
    if (parent)
      return (env, context, frame, own, done) =>
        this.#aside(() => this.getBlock(name)(env, context, frame, own, done))
    if (name === this.block)
      return (_env, _context, frame, _runtime, done) => {
        if (this.isForcing) this.#scope = flatten(frame, this.#input)
        else this.found = this.captured(frame)
        done(null, '')
      }
    const leading = this.blocks[name]?.find((block) => this.#leads(block))
    if (!leading) return NOTHING
    return this.#forced === undefined ? super.getBlock(name) : leading
  }

  #aside(run: () => void): void {
    const outer = this.isForcing
    this.isForcing = true
    run()
    this.isForcing = outer
  }

  /** True when the wanted block may be rendered in another one. */
  #leads({ inner }: Block): boolean {
    const names = new Set(inner ?? [this.block])
    for (const name of names)
      for (const block of this.blocks[name] ?? [])
        for (const each of block.inner ?? [this.block]) names.add(each)
    return names.has(this.block)
  }

  /** True when an output has to run because the wanted block is in it. */
  leadsTo(name: string): boolean {
    return this.#forced !== undefined && name === this.block
  }

  /** The value that a condition, or the list of a loop, must have for the block; undefined for its own. */
  force(around: Around, [, , template, frame]: Where): unknown {
    const { inside, otherwise, names } = around
    const isInside = inside.includes(this.block)
    if (isInside && names !== undefined) this.repeats.add(template)
    if (template !== this.#forced || !(isInside || otherwise.includes(this.block))) return undefined
    if (names === undefined) return isInside
    if (!isInside) return []
    const { set } = frame
    frame.variables['loop'] = this.#bound('loop', around, template)
    frame.set = (name, ...rest) => {
      if (!name.startsWith('loop.')) set.call(frame, name, ...rest)
    }
    const values = [names].flat().map((name) => this.#bound(name, around, template))
    return typeof names === 'string' ? values : [values]
  }

  /** Runs a macro with the block in it, with arguments out of the caller's context. */
  forceMacro(macro: (keywords: object) => unknown, around: Around, template: string): void {
    if (template !== this.#forced || !around.inside.includes(this.block)) return
    const values = plainContext(this.#input)
    for (const name of around.names!)
      values[name] = this.#bound(name, around, template, 'an argument of the macro')
    this.#aside(() => macro(makeKeywordArgs(values)))
  }

  /** The caller's value for a name that is bound around the block. */
  #bound(name: string, { line, column }: Around, template: string, what = 'the loop variable') {
    this.reads!.add(name)
    if (name in this.#input) return this.#input[name]
    const message = `reads "${name}", ${what} around the block: pass it in the fragment's context.`
    const place = { template, block: this.block, line, column }
    return new Lost(templateError('block/variable-missing', place, message))
  }

  captured(frame?: Frame): Capture {
    return {
      variables: plainContext(this.ctx),
      scope: frame ? flatten(frame, this.#input) : (this.#scope ?? flatten(this.#top)),
      written: new Set(this.#written),
      reads: new Set(this.reads),
    }
  }
}

/**
 * Scopes from the outermost to the innermost, as one object: what a look-up would find. Undefined when that is nothing.
 *
 * In      `input` stands for the variables of loops: the caller says which turn is meant.
 */
export function flatten(frame: Frame, input: Readonly<Values> = {}): Values | undefined {
  const { parent, variables } = frame
  let all = parent && flatten(parent, input)
  let isLoop = 'loop' in variables
  for (const name in variables) {
    // A loop sets its variables first, then `loop`; what stands behind is set in its body.
    const value = isLoop && name in input ? input[name] : variables[name]
    if (value !== undefined) (all ??= plainContext())[name] = value
    if (name === 'loop') isLoop = false
  }
  return all
}
