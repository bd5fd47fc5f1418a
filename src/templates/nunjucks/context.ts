import type { Context } from '../engine.ts'
import { Failure } from './errors.ts'
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

/** Marks an object that no use of it changes: a macro, or an import of such. */
export function markSteady<T extends object>(object: T): T {
  steady.add(object)
  return object
}

/** True for values that no use of them changes: texts, numbers, and what is marked. */
export function isSteady(value: unknown): boolean {
  const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null)
  return !isObject || value instanceof SafeString || steady.has(value)
}

/** Stands among the looked up names when a template may have looked at all of them. */
export const ANY = '*'

/** A block as one template writes it: its function, with errors that know the template and the block. */
export interface Block extends BlockFunction {
  readonly template: string
  /** The compiled function itself, which `super()` names. */
  readonly compiled: BlockFunction
  /** The blocks in it; undefined when that is not known. */
  readonly inner: readonly string[] | undefined
}

export function locatedBlock(
  template: string,
  name: string,
  compiled: BlockFunction,
  inner: readonly string[] | undefined,
): Block {
  const block: BlockFunction = (env, context, frame, runtime, done) =>
    compiled(env, context, frame, runtime, (error, html) =>
      error ? done(Failure.within(error, template, name)) : done(null, html),
    )
  return Object.assign(block, { template, compiled, inner })
}

export const NOTHING: BlockFunction = (_env, _context, _frame, _runtime, done) => done(null, '')

const pages = new WeakMap<Values, BlockContext>()

/** The context that an include or import got its variables from. */
export function pageOf(variables: Values): BlockContext | undefined {
  return pages.get(variables)
}

/**
 * The `context` of templates: the variables and the blocks of one page, fragment, include or import.
 *
 * nunjucks' own class is not exported, copies the variables onto an ordinary object (so that `{{ constructor }}`
 * prints a function) and keeps its blocks on another one (so that a block of that name breaks it).
 */
export class BlockContext {
  ctx: Values
  readonly env: InnerEnvironment
  /** Name → the block of each template, the youngest child's first. One may be named `constructor`. */
  readonly blocks: Record<string, Block[]> = Object.create(null)
  /** The template and its parents, as they extend each other. */
  readonly lineage: string[] = []
  /** Ends the render with an error that is thrown where nothing can catch it. */
  end: Callback<any> = () => {}
  callScope: Frame | undefined
  /** The names that are looked up. An include notes them where its page does. */
  reads: Set<string> | undefined
  /** The page is only run up to a block: what it prints does not count. */
  isPassing = false
  readonly #exported: string[] = []

  constructor(env: InnerEnvironment, ctx: Values) {
    this.env = env
    this.ctx = ctx
    this.reads = pages.get(ctx)?.reads
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
    pages.set(all, this)
    return all
  }

  addBlock(name: string, block: Block): void {
    ;(this.blocks[name] ??= []).push(block)
  }

  /** In: `parent` when the template extends one, which then renders the block. */
  getBlock(name: string, parent?: unknown): BlockFunction {
    const block = this.blocks[name]?.[0]
    if (!block) throw new Error(`unknown block "${name}"`)
    return parent ? NOTHING : block
  }

  getSuper(
    env: unknown,
    name: string,
    compiled: BlockFunction,
    ...rest: [Frame, Runtime, Callback]
  ): void {
    const family = this.blocks[name] ?? []
    const parent = family[family.findIndex((block) => block.compiled === compiled) + 1]
    if (!parent) throw new Failure('render/failed', `super(): no parent has a block "${name}"`)
    parent(env, this, ...rest)
  }

  addExport(name: string): void {
    this.#exported.push(name)
  }

  /** The content of an import. An ordinary object, since it may be printed. */
  getExported(): Values {
    const exported = Object.fromEntries(this.#exported.map((name) => [name, this.ctx[name]]))
    // A macro of a template with a counter may change it.
    if (Object.values(this.ctx).every(isSteady)) return markSteady(exported)
    for (const value of Object.values(exported))
      if (typeof value === 'function') steady.delete(value)
    return exported
  }
}
