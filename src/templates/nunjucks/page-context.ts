import { BlockContext, type BlockTable, plainContext, Reads } from './block-context.ts'
import { Lost } from './failure.ts'
import type { BlockFunction, Callback, Frame, InnerEnvironment, Runtime } from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { isSteady } from './runtime.ts'

type Values = Record<string, unknown>

/** A page at the place of a block. */
export interface Capture {
  readonly variables: Values
  /** The scopes around the block, as one; nothing when they hold nothing. */
  readonly scope: Values | undefined
  /** When the innermost scope is a loop's: the names of its loops, and the scopes outside of them. */
  readonly loop:
    | { readonly names: readonly string[]; readonly outside: Values | undefined }
    | undefined
  /** What the page has given a value, and the names that it was made of. */
  readonly origins: ReadonlyMap<string, ReadonlySet<string>>
  /** What was looked up to decide whether and how the page comes to the block. */
  readonly control: ReadonlySet<string>
  /** All that was looked up on the way: when one of these changes, the page must run again. */
  readonly reads: ReadonlySet<string>
  /** Something may have looked at everything. */
  readonly readsEverything: boolean
  /** The page has made something that drawing the block may change: a list, a counter. */
  readonly mayChange: boolean
}

/** Finds a template and hands it to `done`: what compiled templates call for an include, an import or an extends. */
type GetTemplate = (
  wanted: unknown,
  eager: boolean,
  parent: string | undefined,
  ignoreMissing: boolean,
  done: Callback<object>,
) => void

interface PageOptions {
  readonly template: string
  readonly block: string
  readonly find: (name: string) => LoadedTemplate | undefined
  readonly failAt: number
}

/**
 * The context of a page that is run up to one of its blocks, and of the block from then on. nunjucks asks it for each
 * block that it comes to: at the one that is wanted, it notes the variables and scopes.
 */
export class PageContext extends BlockContext {
  /** Where the page was when it came to the block last: what is drawn before an extends is thrown away. */
  capture: Capture | undefined
  /** The run has come to the loss at which it was to fail. */
  failed = false
  override isPassing = true
  readonly #given: Values
  readonly #block: string
  readonly #find: (name: string) => LoadedTemplate | undefined
  readonly #failAt: number
  readonly #origins = new Map<string, ReadonlySet<string>>()
  readonly #control = new Reads()
  #losses = 0
  #importsState = false
  /** The value that a `set` has made, until a variable takes it. */
  #made:
    | { readonly value: unknown; readonly names: ReadonlySet<string>; isTaken: boolean }
    | undefined

  /** In: the names that the caller gives, on an object without a prototype; the loss at which to fail, or -1. */
  constructor(
    env: InnerEnvironment,
    given: Values,
    blocks: BlockTable,
    { template, block, find, failAt }: PageOptions,
  ) {
    super(Object.create(env) as InnerEnvironment, plainContext(given), blocks)
    this.#given = given
    this.#block = block
    this.#find = find
    this.#failAt = failAt
    this.reads = this.#control
    this.isForgiving = find(template)?.ast === undefined
    const getTemplate = env.getTemplate as GetTemplate
    this.env.getTemplate = ((wanted, eager, parent, ignoreMissing, done) => {
      getTemplate(wanted, eager, parent, ignoreMissing, (error, found) => {
        const other = found as LoadedTemplate
        if (eager) this.isForgiving ||= this.isPassing && other?.ast === undefined
        if (this.isPassing && !eager) done(null, this.#passed(error, other))
        else done(error, other)
      })
    }) satisfies GetTemplate
  }

  /** A template on the way: an include prints, which does not count; an import counts. */
  #passed(error: unknown, template: LoadedTemplate): object {
    return {
      render: (_variables: Values, _frame: Frame, done: Callback) => done(null, ''),
      getExported: (...values: unknown[]) => {
        const done = values.pop() as Callback<object>
        const exported: Callback<object> = (wrong, found) => {
          if (wrong && !this.failed) this.#loseExports(wrong, done)
          else done(wrong, found)
        }
        if (error) return exported(error)
        if (values.length > 0) this.#control.everything = true
        this.#importsState ||= !template.isConstant
        template.getExported(...(values as [Values, Frame]), exported)
      },
    }
  }

  /** Whatever is taken from an import that failed is lost. */
  #loseExports(error: unknown, done: Callback<object>): void {
    let value: Lost
    try {
      value = this.lose(error)
    } catch {
      return done(error)
    }
    const getOwnPropertyDescriptor = (): PropertyDescriptor => ({
      value,
      enumerable: true,
      configurable: true,
    })
    done(null, new Proxy({}, { get: () => value, getOwnPropertyDescriptor }))
  }

  override attempt(make: () => unknown, names: readonly string[], isValue: boolean): unknown {
    this.#settle()
    const outer = this.reads!
    const own = isValue ? new Reads() : outer
    for (const name of names) own.add(name)
    this.reads = own
    let value: unknown
    try {
      value = make()
    } catch (error) {
      value = error instanceof Lost ? error : this.lose(error)
    } finally {
      this.reads = outer
    }
    if (own !== outer) {
      outer.everything ||= own.everything
      if (outer === this.#control) this.#made = { value, names: own.names, isTaken: false }
      else for (const name of own.names) outer.add(name)
    }
    // A condition that cannot be told does not hold.
    return !isValue && value instanceof Lost ? undefined : value
  }

  override lose(error: unknown): Lost {
    this.failed ||= this.#losses === this.#failAt
    if (this.failed) throw error
    return new Lost(this.#losses++, error)
  }

  /** What a `set` of an inner scope was made of counts as decided. */
  #settle(): void {
    if (this.#made && !this.#made.isTaken)
      for (const name of this.#made.names) this.#control.add(name)
    this.#made = undefined
  }

  override setVariable(name: string, value: unknown): void {
    this.ctx[name] = value
    if (!this.isPassing) return
    const made = this.#made && Object.is(this.#made.value, value) ? this.#made : undefined
    if (made) made.isTaken = true
    this.#origins.set(name, new Set([...(this.#origins.get(name) ?? []), ...(made?.names ?? [])]))
  }

  /** Nobody imports from here. */
  override addExport(): void {}

  override addBlock(name: string, call: BlockFunction): this {
    this.capture = undefined
    return super.addBlock(name, call)
  }

  override getVariables(): Values {
    return this.isPassing ? plainContext(this.ctx) : super.getVariables()
  }

  override getBlock(name: string): BlockFunction {
    if (!this.isPassing) return super.getBlock(name)
    if (name === this.#block)
      return (
        _env: unknown,
        _context: unknown,
        frame: Frame,
        _runtime: Runtime,
        done: Callback,
      ) => {
        this.capture = this.captured(frame)
        done(null, '')
      }
    if (this.#leadsTo(name, new Set())) return super.getBlock(name)
    return (_env: unknown, _context: unknown, _frame: Frame, _runtime: Runtime, done: Callback) =>
      done(null, '')
  }

  /** Whether the wanted block may be drawn in another one. */
  #leadsTo(name: string, seen: Set<string>): boolean {
    if (name === this.#block) return true
    if (seen.has(name)) return false
    seen.add(name)
    return (this.blocks[name] ?? []).some(({ template }) => {
      const inner = this.#find(template)?.blocksIn(name)
      return inner === undefined || inner.some((each) => this.#leadsTo(each, seen))
    })
  }

  /** The page as it is now, in some scope. */
  captured(frame: Frame): Capture {
    this.#settle()
    const variables = plainContext(this.ctx)
    const scope = flatten(frame, this.#given)
    const made = [
      ...[...this.#origins.keys()].map((name) => variables[name]),
      ...Object.values(scope ?? {}),
    ]
    const given = Object.values(this.#given)
    const loop = this.#loopAround(frame)
    const origins = new Map(this.#origins)
    const control = new Set(this.#control.names)
    return {
      variables,
      scope,
      loop,
      origins,
      control,
      reads: new Set([
        ...control,
        ...[...origins.values()].flatMap((names) => [...names]),
        ...(loop?.names ?? []),
      ]),
      readsEverything: this.#control.everything,
      mayChange:
        this.#importsState || made.some((each) => !isSteady(each) && !given.includes(each)),
    }
  }

  #loopAround(frame: Frame): Capture['loop'] {
    const names: string[] = []
    let at: Frame | undefined = frame
    for (; at && 'loop' in at.variables; at = at.parent) names.push(...loopNamesOf(at))
    return names.length > 0 ? { names, outside: at && flatten(at, this.#given) } : undefined
  }
}

/** A loop sets its variables first, then `loop`; what stands behind is set in its body. */
function loopNamesOf({ variables }: Frame): string[] {
  const names = Object.keys(variables)
  return names.slice(0, names.indexOf('loop') + 1)
}

/**
 * Scopes from the outermost to the innermost, as one object: what a look-up would find. Nothing when that is nothing.
 *
 * In      `given` stands for the variables of loops: the caller says which turn is meant.
 */
export function flatten(frame: Frame, given: Readonly<Values> = {}): Values | undefined {
  const { parent, variables } = frame
  let all = parent && flatten(parent, given)
  for (const name in variables)
    if (variables[name] !== undefined) (all ??= plainContext())[name] = variables[name]
  if (all && 'loop' in variables)
    for (const name of loopNamesOf(frame)) if (name in given) all[name] = given[name]
  return all
}
