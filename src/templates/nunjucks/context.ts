import type { Context } from '../engine.ts'
import { Failure, Fault } from './errors.ts'
import {
  type BlockFunction,
  type Callback,
  type Frame,
  type InnerEnvironment,
  type Runtime,
  SafeString,
} from './internals.ts'

export type Values = Record<string, unknown>

/** Own enumerable keys only, on an object without a prototype; `__proto__` out of a JSON body is not a variable. */
export function plainContext(...layers: (Context | undefined)[]): Values {
  const plain: Values = Object.create(null)
  for (const layer of layers)
    for (const key in layer)
      if (key !== '__proto__' && Object.hasOwn(layer, key)) plain[key] = layer[key]
  return plain
}

const steady = new WeakSet<object>()

/** Marks an object that no use of it changes: a macro, or what an import of such gives. */
export function markSteady<T extends object>(object: T): T {
  steady.add(object)
  return object
}

/** Whether no use of a value changes it: texts, numbers, and what is marked. */
export function isSteady(value: unknown): boolean {
  const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null)
  return !isObject || value instanceof SafeString || steady.has(value)
}

/** Stands among the names that were looked up when a template may have looked at all of them. */
export const ANY = '*'

/** A block as one template of the inheritance chain writes it. */
export interface BlockLevel {
  readonly template: string
  readonly call: BlockFunction
  /** `call`, with errors that know the template and the block. */
  readonly located: BlockFunction
  /** The blocks in it; undefined when that is not known. */
  readonly inner: readonly string[] | undefined
}

/** Which level a compiled function is: compiled templates hand functions around, and not where they come from. */
const levels = new WeakMap<BlockFunction, BlockLevel>()

/** Joins a block function with the place where it is written. Made once for each compiled block. */
export function addLevel(
  template: string,
  name: string,
  call: BlockFunction,
  inner: readonly string[] | undefined,
): void {
  const located: BlockFunction = (env, context, frame, runtime, done) =>
    call(env, context, frame, runtime, (error, html) => {
      if (error) done(Failure.within(error, template, name))
      else done(null, html)
    })
  levels.set(call, { template, call, located, inner })
}

/** Renders nothing in the place of a block. */
export const NOTHING: BlockFunction = (_env, _context, _frame, _runtime, done) => done(null, '')

/** The context of the page that an include or import got its variables from. */
const pageOf = new WeakMap<Values, BlockContext>()

/**
 * What templates know as `context`: the variables and the blocks of one page, fragment, include or import.
 *
 * nunjucks' own class is not exported, copies the variables onto an ordinary object (so that `{{ constructor }}`
 * prints a function) and keeps its blocks on another one (so that a block of that name breaks it).
 */
export class BlockContext {
  ctx: Values
  readonly env: InnerEnvironment
  /** Block name → its levels, the youngest child's first. Without a prototype, so that one may be named `constructor`. */
  readonly blocks: Record<string, BlockLevel[]> = Object.create(null)
  /** The template and its parents, as they extend each other. */
  readonly lineage: string[] = []
  /** Ends the render with an error that is thrown where nothing can catch it. */
  end: Callback<any> = () => {}
  /** The scope in which `renderBlock` is being called. */
  callScope: Frame | undefined
  /** The names that are looked up. An include notes them where its page does. */
  reads: Set<string> | undefined
  /** The page is only run up to a block: what it prints does not count. */
  isPassing = false
  readonly #exported: string[] = []

  constructor(env: InnerEnvironment, ctx: Values) {
    this.env = env
    this.ctx = ctx
    this.reads = pageOf.get(ctx)?.reads
  }

  lookup(name: string): unknown {
    this.reads?.add(name)
    const value = this.ctx[name]
    if (value !== undefined || name in this.ctx) return value
    const { globals } = this.env
    return Object.hasOwn(globals, name) ? globals[name] : undefined
  }

  setVariable(name: string, value: unknown): void {
    this.ctx[name] = value
  }

  getVariables(): Values {
    const all = plainContext(this.ctx)
    pageOf.set(all, this)
    return all
  }

  addBlock(name: string, call: BlockFunction): this {
    const level = levels.get(call)
    if (level) (this.blocks[name] ??= []).push(level)
    return this
  }

  /** In: `parent` when the template extends one, which then renders the block. */
  getBlock(name: string, parent?: unknown): BlockFunction {
    const level = this.blocks[name]?.[0]
    if (!level) throw new Error(`unknown block "${name}"`)
    return parent ? NOTHING : level.located
  }

  getSuper(
    env: unknown,
    name: string,
    call: BlockFunction,
    frame: Frame,
    runtime: Runtime,
    done: Callback,
  ): void {
    const family = this.blocks[name] ?? []
    const at = family.findIndex((level) => level.call === call)
    const parent = at < 0 ? undefined : family[at + 1]
    if (!parent) throw new Fault('render/failed', `super(): no parent has a block "${name}"`)
    parent.located(env, this, frame, runtime, done)
  }

  addExport(name: string): void {
    this.#exported.push(name)
  }

  /** What an import takes. An ordinary object, since it may be printed. */
  getExported(): Values {
    const exported = Object.fromEntries(this.#exported.map((name) => [name, this.ctx[name]]))
    if (Object.values(this.ctx).every(isSteady)) markSteady(exported)
    return exported
  }
}
