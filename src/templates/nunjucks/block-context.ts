import type { Context } from '../engine.ts'
import { circular, Failure, Lost, templateError } from './failure.ts'
import type { BlockFunction, Callback, Frame, InnerEnvironment, Runtime } from './internals.ts'

/** Variables without a prototype to fall back on; a class, because that is the cheapest way to make many such objects. */
class Variables {
  [name: string]: unknown
}
Object.setPrototypeOf(Variables.prototype, null)
delete (Variables.prototype as { constructor?: unknown }).constructor

/** An object for variables: no name is found on it that was not put there. */
export function newVariables(): Record<string, unknown> {
  return new Variables()
}

/** What an import gives: names of another template. An ordinary object, since it may be printed. */
export class Exports {
  [name: string]: unknown
}

/** The names that were looked up, and whether something may have looked at all of them. */
export class Reads {
  readonly names: Set<string> = new Set()
  everything = false

  add(name: string): void {
    this.names.add(name)
  }
}

/** One level of a block: its function, and the template it was written in. */
export interface BlockLevel {
  readonly template: string
  readonly name: string
  readonly call: BlockFunction
  /** `call`, with errors that know the template and the block. This is what templates are handed. */
  readonly located: BlockFunction
}

/** Block name → its levels, the youngest child's first. Without a prototype, so that a block may be named `constructor`. */
export type BlockTable = Record<string, BlockLevel[]>

/** Joins a block function with the place it was written. Made once for each compiled block. */
export function blockLevel(template: string, name: string, call: BlockFunction): BlockLevel {
  const located: BlockFunction = (env, context, frame, runtime, done) => {
    call(env, context, frame, runtime, (error, html) => {
      if (error) done(Failure.within(error, template, name))
      else done(null, html)
    })
  }
  return { template, name, call, located }
}

/** Own enumerable keys only, onto an object without a prototype; `__proto__` out of a JSON body is not a variable. */
export function plainContext(...layers: (Context | undefined)[]): Record<string, unknown> {
  const plain = newVariables()
  for (const layer of layers) {
    if (!layer) continue
    for (const key of Object.keys(layer)) if (key !== '__proto__') plain[key] = layer[key]
  }
  return plain
}

/**
 * What templates know as `context`: the variables and the blocks of one page, fragment, include or import.
 *
 * nunjucks' own class is not exported, copies the variables onto an ordinary object (so that `{{ constructor }}`
 * prints a function) and keeps its blocks on another one (so that a block of that name breaks it).
 */
export class BlockContext {
  ctx: Record<string, unknown>
  /** What stands for a name that `ctx` does not have. Not its prototype: each would make the engine learn a new shape. */
  under: Readonly<Record<string, unknown>> | undefined
  readonly env: InnerEnvironment
  readonly blocks: BlockTable
  /** Names of what an import may take from here. */
  readonly exported: string[] = []
  /** The draw that this context belongs to: an error thrown where no one can catch it ends it. */
  draw: { end(error: unknown): void } | undefined

  /** The scope in which `renderBlock` is being called. */
  callScope: Frame | undefined
  /** Where to note the names that are looked up. An include notes them where its page does. */
  reads: Reads | undefined
  /** The page is only run up to a block: what it prints does not count. */
  isPassing = false
  /** A call of something that is missing is nothing: for templates that were compiled without `attempt`. */
  isForgiving = false
  /** The template and its parents, as they extend each other; empty for one that extends nothing. */
  readonly lineage: string[] = []

  constructor(env: InnerEnvironment, ctx: Record<string, unknown>, blocks: BlockTable) {
    this.env = env
    this.ctx = ctx
    this.blocks = blocks
    this.reads = readsBehind.get(ctx)
  }

  lookup(name: string): unknown {
    this.reads?.add(name)
    const value = this.ctx[name]
    if (value !== undefined || name in this.ctx) return value
    if (this.under !== undefined && name in this.under) return this.under[name]
    const { globals } = this.env
    return Object.hasOwn(globals, name) ? globals[name] : undefined
  }

  setVariable(name: string, value: unknown): void {
    this.ctx[name] = value
  }

  /** All variables on one object: includes and imports copy own keys only. */
  getVariables(): Record<string, unknown> {
    const all = plainContext(this.under, this.ctx)
    if (this.reads) readsBehind.set(all, this.reads)
    return all
  }

  /** What a `set` or a condition asks for, while the page is passing. */
  attempt(make: () => unknown, _names: readonly string[], _isValue: boolean): unknown {
    return make()
  }

  /** What to go on with after an error that need not end the run. */
  lose(error: unknown): unknown {
    throw error
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
    if (!parent) {
      const template = levels.get(call)?.template
      throw template === undefined
        ? new Error(`no super block available for "${name}"`)
        : templateError(
            'render/failed',
            { template, block: name },
            `super(): no parent has a block "${name}"`,
          )
    }
    parent.located(env, this, frame, runtime, done)
  }

  /** The name of a parent, which must not come out as nothing. Lines count from 0 here, as nunjucks counts. */
  layout(name: unknown, template: string, line: number, column: number): unknown {
    if (name instanceof Lost) throw name
    if (name !== undefined && name !== null && name !== '') return name
    const place = { template, line: line + 1, column: column + 1 }
    const hint = "Pass the layout in the fragment's context."
    throw templateError('template/extends-nothing', place, '{% extends %} resolved to nothing.', {
      hint,
    })
  }

  /** One more parent. Lines count from 0, as nunjucks counts. */
  extend(parent: { readonly name: string }, template: string, line: number, column: number): void {
    const { lineage } = this
    if (lineage.length === 0) lineage.push(template)
    if (lineage.includes(parent.name)) {
      throw circular([...lineage, parent.name], { template, line: line + 1, column: column + 1 })
    }
    lineage.push(parent.name)
  }

  addExport(name: string): void {
    this.exported.push(name)
  }

  getExported(): Record<string, unknown> {
    const found = new Exports()
    for (const name of this.exported) found[name] = this.ctx[name]
    return found
  }
}

/** Who notes the reads of an include: it gets a copy of the variables and nothing else. */
const readsBehind = new WeakMap<object, Reads>()

/** Which level a compiled function is: compiled templates hand functions around, without a word of where they come from. */
const levels = new WeakMap<BlockFunction, BlockLevel>()

/** Remembers a level by its function. */
export function registerLevel(level: BlockLevel): BlockLevel {
  levels.set(level.call, level)
  return level
}
