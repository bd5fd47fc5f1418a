import type { Context } from '../engine.ts'
import { Failure, Fault } from './failure.ts'
import {
  type BlockFunction,
  type Callback,
  type Frame,
  type InnerEnvironment,
  type Runtime,
  SafeString,
} from './internals.ts'

export type Values = Record<string, unknown>

/** Variables without a prototype to fall back on; a class, because that is the cheapest way to make many such objects. */
class Variables {
  [name: string]: unknown
}
Object.setPrototypeOf(Variables.prototype, null)
delete (Variables.prototype as { constructor?: unknown }).constructor

/** Own enumerable keys only, onto an object without a prototype; `__proto__` out of a JSON body is not a variable. */
export function plainContext(...layers: (Context | undefined)[]): Values {
  const plain = new Variables()
  for (const layer of layers) {
    if (!layer) continue
    for (const key of Object.keys(layer)) if (key !== '__proto__') plain[key] = layer[key]
  }
  return plain
}

const steady = new WeakSet<object>()

/** Remembers that using an object changes nothing in it: a macro, what an import of such gives. */
export function markSteady<T extends object>(object: T): T {
  steady.add(object)
  return object
}

/** Whether using a value changes nothing in it: texts, numbers, and what is marked. */
export function isSteady(value: unknown): boolean {
  const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null)
  return !isObject || value instanceof SafeString || steady.has(value)
}

/** Stands among the names that were looked up when something may have looked at all of them. */
export const ANY = '*'

/** One level of a block: its function, and the template it was written in. */
export interface BlockLevel {
  readonly template: string
  readonly call: BlockFunction
  /** `call`, with errors that know the template and the block. This is what templates are handed. */
  readonly located: BlockFunction
  /** The blocks in it; undefined when that is not known. */
  readonly inner: readonly string[] | undefined
}

/** Which level a compiled function is: compiled templates hand functions around, without a word of where they come from. */
const levels = new WeakMap<BlockFunction, BlockLevel>()

/** Joins a block function with the place it was written. Made once for each compiled block. */
export function blockLevel(
  template: string,
  name: string,
  call: BlockFunction,
  inner: readonly string[] | undefined,
): BlockLevel {
  const located: BlockFunction = (env, context, frame, runtime, done) => {
    call(env, context, frame, runtime, (error, html) => {
      if (error) done(Failure.within(error, template, name))
      else done(null, html)
    })
  }
  const level = { template, call, located, inner }
  levels.set(call, level)
  return level
}

/**
 * What templates know as `context`: the variables and the blocks of one page, fragment, include or import.
 *
 * nunjucks' own class is not exported, copies the variables onto an ordinary object (so that `{{ constructor }}`
 * prints a function) and keeps its blocks on another one (so that a block of that name breaks it).
 */
export class BlockContext {
  ctx: Values
  /** What stands for a name that `ctx` does not have. Not its prototype: each would make the engine learn a new shape. */
  under: Readonly<Values> | undefined
  readonly env: InnerEnvironment
  /** Block name → its levels, the youngest child's first. Without a prototype, so that one may be named `constructor`. */
  readonly blocks: Record<string, BlockLevel[]> = Object.create(null)
  /** The template and its parents, as they extend each other. */
  readonly lineage: string[] = []
  /** Ends the draw with an error that is thrown where nothing can catch it. */
  end: Callback<any> = () => {}
  /** The scope in which `renderBlock` is being called. */
  callScope: Frame | undefined
  /** The names that are looked up, when they are noted. An include notes them where its page does. */
  reads: Set<string> | undefined
  /** Names of loops and macros around the block that were not given: name → the error for a block that reads it. */
  missing: ReadonlyMap<string, Error> | undefined
  /** The page is only run up to a block: what it prints does not count. */
  isPassing = false
  readonly #exported: string[] = []

  constructor(env: InnerEnvironment, ctx: Values) {
    this.env = env
    this.ctx = ctx
    const page = including.get(ctx)
    this.reads = page?.reads
    this.missing = page?.missing
  }

  lookup(name: string): unknown {
    this.reads?.add(name)
    const value = this.ctx[name]
    if (value !== undefined || name in this.ctx) return value
    if (this.under !== undefined && name in this.under) return this.under[name]
    const { globals } = this.env
    if (Object.hasOwn(globals, name)) return globals[name]
    const error = this.missing?.get(name)
    if (error) throw error
    return undefined
  }

  setVariable(name: string, value: unknown): void {
    this.ctx[name] = value
  }

  /** All variables on one object: includes and imports copy own keys only. */
  getVariables(): Values {
    const all = plainContext(this.under, this.ctx)
    including.set(all, this)
    return all
  }

  addBlock(name: string, call: BlockFunction): this {
    const level = levels.get(call)
    if (level) (this.blocks[name] ??= []).push(level)
    return this
  }

  getBlock(name: string): BlockFunction {
    const level = this.blocks[name]?.[0]
    if (!level) throw new Error(`unknown block "${name}"`)
    return level.located
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

/** Whose variables an include was given: it gets a copy of them and nothing else. */
const including = new WeakMap<object, BlockContext>()
