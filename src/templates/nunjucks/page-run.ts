import {
  ANY,
  BlockContext,
  type BlockLevel,
  isSteady,
  plainContext,
  type Values,
} from './block-context.ts'
import type { TemplateError } from '../../shared/errors.ts'
import { andThen, type Outcome, outcomeOf } from './failure.ts'
import {
  type BlockFunction,
  type Callback,
  type Frame,
  type InnerEnvironment,
  RuntimeFrame,
} from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { runtime } from './runtime.ts'
import type { TemplateCatalog } from './template-catalog.ts'

/** The block that is wanted, and where. */
export interface Target {
  readonly catalog: TemplateCatalog
  readonly leaf: LoadedTemplate
  readonly block: string
  readonly limitMs: number
}

/** A page at the place of a block, as it was when it came there. */
interface Capture {
  readonly variables: Values
  /** The scopes around the block, as one; undefined when they hold nothing. */
  readonly scope: Values | undefined
  /** When the innermost scope is a loop's: the scopes outside of its loops. */
  readonly loop: { readonly outside: Values | undefined } | undefined
  /** What the page has given a value. */
  readonly written: ReadonlySet<string>
  /** All that was looked up on the way: when one of these changes, the page must run again. */
  readonly reads: ReadonlySet<string>
}

/** A page at the place of one block: what is left is to draw the block, any number of times. */
export interface Point extends Capture {
  /** Macros keep the context that they were declared in, so the block is drawn with the very same one. */
  readonly context: PageContext
  readonly level: BlockLevel
  readonly missing: ReadonlyMap<string, Error> | undefined
  /** The page has made something that drawing the block may change: a list, a counter. */
  readonly mayChange: boolean
}

/**
 * Runs a page up to one of its blocks, without its output, and notes what it has declared by then.
 *
 * In      variables without a prototype, which stay ours.
 * Cost    the declarations, conditions and loops of the page.
 * Throws  TemplateError for parents that cannot be found, `block/unknown`.
 */
export function runToBlock(target: Target, given: Values): Outcome<Point> {
  const { catalog, leaf, block, limitMs } = target
  return andThen(runPage(target, new PageContext(catalog.env, given, block)), (context) => {
    const family = context.blocks[block]
    if (!family) throw catalog.unknownBlock(leaf.name, block, Object.keys(context.blocks))
    // The eldest template that has a block is where its page would draw it.
    const { template } = family.at(-1)!
    const around = catalog.get(template).around(block)
    const missing = new Map([...(around?.bound ?? [])].filter(([name]) => !(name in given)))
    const at = (capture: Capture): Point => {
      context.isPassing = false
      const { variables, scope, written } = capture
      const made = [...[...written].map((name) => variables[name]), ...Object.values(scope ?? {})]
      const own = made.filter((each) => !Object.values(given).includes(each))
      const mayChange = context.importsState || !own.every(isSteady)
      return { ...capture, context, level: family[0]!, missing, mayChange }
    }
    const { found } = context
    const isTurn = found?.loop !== undefined && around?.bound.has('loop')
    if (!around || (found && !isTurn)) return at(found ?? context.captured(context.top))
    // The page did not draw it, or draws it in a loop, and the caller says which turn is meant.
    const { variables, scope, loop } = found ?? context.captured(context.top)
    const frame = new RuntimeFrame(undefined, true)
    frame.variables = plainContext(found ? loop!.outside : scope)
    context.ctx = plainContext(variables)
    context.missing = missing
    const run = (done: Callback): void => {
      context.end = done
      around.run(found ? 'loop' : 'top')(context.env, context, frame, runtime, done)
    }
    return andThen(outcomeOf({ template, block }, limitMs, run), () =>
      at({ ...context.captured(frame), written: found?.written ?? context.written }),
    )
  })
}

/** The blocks of a page, as far as they are known without any variables. */
export async function blocksOf(target: Target): Promise<string[]> {
  const context = new PageContext(target.catalog.env, plainContext(), '')
  try {
    await runPage(target, context)
  } catch (error) {
    const isParentUnknown = (error as TemplateError).code === 'template/extends-nothing'
    if (!isLater(error) && !isParentUnknown) throw error
  }
  return Object.keys(context.blocks)
}

/** Whether it may be all right with other variables; if it is not, a draw says so. */
export function isLater(error: unknown): boolean {
  const { code } = error as TemplateError
  return code === 'render/failed' || code === 'template/timeout'
}

function runPage({ leaf, limitMs }: Target, context: PageContext): Outcome<PageContext> {
  const run = (done: Callback<PageContext>): void => {
    context.end = done
    leaf.rootRenderFunc(context.env, context, context.top, undefined, (error) =>
      // What fails behind the block is no fault of the block's.
      error && !context.found ? done(error) : done(null, context),
    )
  }
  return outcomeOf({ template: leaf.name }, limitMs, run)
}

type GetTemplate = (
  wanted: unknown,
  isParent: boolean,
  from: string | undefined,
  ignoreMissing: boolean,
  done: Callback<object>,
) => void

/**
 * The context of a page that is run up to one of its blocks, and of the block from then on. nunjucks asks it for each
 * block that it comes to: at the one that is wanted, it notes the variables and scopes.
 */
class PageContext extends BlockContext {
  readonly top: Frame = new RuntimeFrame()
  /** Where the page was when it came to the block last: what is drawn before an extends is thrown away. */
  found: Capture | undefined
  /** It imports something that drawing the block may change. */
  importsState = false
  readonly written: Set<string> = new Set()
  override reads: Set<string> | undefined = new Set()
  override isPassing = true
  readonly #given: Values
  readonly #block: string

  constructor(env: InnerEnvironment, given: Values, block: string) {
    super(Object.create(env) as InnerEnvironment, plainContext(given))
    this.#given = given
    this.#block = block
    const getTemplate = env.getTemplate as GetTemplate
    this.env.getTemplate = ((wanted, isParent, from, ignoreMissing, done) => {
      const isSkipped = this.isPassing && !isParent
      getTemplate(wanted, isParent, from, ignoreMissing, (error, found) => {
        if (isSkipped) done(null, this.#passed(error, found as LoadedTemplate))
        else done(error, found)
      })
    }) satisfies GetTemplate
  }

  /** A template on the way: an include prints, which does not count; an import counts. */
  #passed(error: unknown, template: LoadedTemplate): object {
    return {
      render: (_variables: Values, _frame: Frame, done: Callback) => done(null, ''),
      getExported: (...values: unknown[]) => {
        const done = values.pop() as Callback<object>
        if (error) return done(error)
        if (values.length > 0) this.reads!.add(ANY)
        template.getExported(...(values as [Values, Frame]), (wrong, exported) => {
          this.importsState ||= !isSteady(exported)
          done(wrong, exported)
        })
      },
    }
  }

  override setVariable(name: string, value: unknown): void {
    this.ctx[name] = value
    if (this.isPassing) this.written.add(name)
  }

  override addBlock(name: string, call: BlockFunction): this {
    this.found = undefined
    return super.addBlock(name, call)
  }

  override getBlock(name: string): BlockFunction {
    if (!this.isPassing || (name !== this.#block && this.#leadsThere(name)))
      return super.getBlock(name)
    return (_env, _context, frame, _runtime, done) => {
      if (name === this.#block) this.found = this.captured(frame)
      done(null, '')
    }
  }

  /** Whether the wanted block may be drawn in another one. */
  #leadsThere(name: string, seen: Set<string> = new Set()): boolean {
    if (name === this.#block) return true
    if (seen.has(name)) return false
    seen.add(name)
    return (this.blocks[name] ?? []).some(
      ({ inner }) => inner === undefined || inner.some((each) => this.#leadsThere(each, seen)),
    )
  }

  /** The page as it is now, in some scope. */
  captured(frame: Frame): Capture {
    let outside: Frame | undefined = frame
    while (outside && 'loop' in outside.variables) outside = outside.parent
    return {
      variables: plainContext(this.ctx),
      scope: flatten(frame, this.#given),
      loop: outside === frame ? undefined : { outside: outside && flatten(outside, this.#given) },
      written: new Set(this.written),
      reads: new Set(this.reads),
    }
  }
}

/**
 * Scopes from the outermost to the innermost, as one object: what a look-up would find. Undefined when that is nothing.
 *
 * In      `given` stands for the variables of loops: the caller says which turn is meant.
 */
export function flatten(frame: Frame, given: Readonly<Values> = {}): Values | undefined {
  const { parent, variables } = frame
  let all = parent && flatten(parent, given)
  let isLoop = 'loop' in variables
  for (const name in variables) {
    // A loop sets its variables first, then `loop`; what stands behind is set in its body.
    const value = isLoop && name in given ? given[name] : variables[name]
    if (value !== undefined) (all ??= plainContext())[name] = value
    if (name === 'loop') isLoop = false
  }
  return all
}
