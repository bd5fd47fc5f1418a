import type { Context } from '../engine.ts'
import { Exports, newVariables } from './frame.ts'
import { circular, Failure, templateError } from './failure.ts'
import type { BlockFunction, Callback, Frame, InnerEnvironment, Runtime } from './internals.ts'

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
  #lineage: string[] | undefined

  constructor(env: InnerEnvironment, ctx: Record<string, unknown>, blocks: BlockTable) {
    this.env = env
    this.ctx = ctx
    this.blocks = blocks
  }

  lookup(name: string): unknown {
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
    return plainContext(this.under, this.ctx)
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
    if (name !== undefined && name !== null && name !== '') return name
    const place = { template, line: line + 1, column: column + 1 }
    const hint = "Pass the layout in the fragment's context."
    throw templateError('template/extends-nothing', place, '{% extends %} resolved to nothing.', {
      hint,
    })
  }

  /** One more parent. Lines count from 0, as nunjucks counts. */
  extend(parent: { readonly name: string }, template: string, line: number, column: number): void {
    const lineage = (this.#lineage ??= [template])
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

/** Which level a compiled function is: compiled templates hand functions around, without a word of where they come from. */
const levels = new WeakMap<BlockFunction, BlockLevel>()

/** Remembers a level by its function. */
export function registerLevel(level: BlockLevel): BlockLevel {
  levels.set(level.call, level)
  return level
}
