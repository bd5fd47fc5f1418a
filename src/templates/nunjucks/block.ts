import type { BlockRenderer, Context } from '../engine.ts'
import { ANY, plainContext, type Values } from './context.ts'
import { andThen, type MaybePromise, resultOf } from './errors.ts'
import { type Frame, RuntimeFrame } from './internals.ts'
import { mayPass, type Point, runToBlock, type Target } from './page.ts'
import { changing, runtime } from './runtime.ts'

/**
 * One block of a template. Its page is run up to the block once; a render calls the block's own function, on copies of
 * the variables and scopes that the page had there.
 */
export class NunjucksBlock implements BlockRenderer {
  readonly #target: Target
  readonly #input: Values
  /** Missing while a render is using it, when that has changed what the page made, and when the page failed. */
  #point: Point | undefined
  /** What the last render and its page looked up. */
  #reads: readonly ReadonlySet<string>[] | undefined

  private constructor(target: Target, input: Values) {
    this.#target = target
    this.#input = input
  }

  /**
   * In      variables without a prototype, which stay ours.
   * Throws  TemplateError for what no change of a variable can make right.
   */
  static open(target: Target, input: Values): MaybePromise<NunjucksBlock> {
    const block = new NunjucksBlock(target, input)
    const failed = (error: unknown): NunjucksBlock => {
      if (mayPass(error)) return block
      throw error
    }
    const ready = (point: Point): NunjucksBlock => {
      block.#point = point
      return block
    }
    try {
      const point = runToBlock(target, input)
      return point instanceof Promise ? point.then(ready, failed) : ready(point)
    } catch (error) {
      return failed(error)
    }
  }

  render(changes?: Context): MaybePromise<string> {
    const point = this.#point
    if (point !== undefined && !this.#isStale(point, changes)) {
      this.#point = undefined
      const calls = changing.calls
      return andThen(this.#draw(point, changes), (html) => {
        if (!point.mayChange || changing.calls === calls) this.#point = point
        return html
      })
    }
    const input = plainContext(this.#input, changes)
    return andThen(runToBlock(this.#target, input), (own) => this.#draw(own))
  }

  /** The names that the last render and the way to the block looked up; undefined when they may be any. */
  get dependencies(): ReadonlySet<string> | undefined {
    const names = this.#reads && new Set(this.#reads.flatMap((each) => [...each]))
    return names?.has(ANY) ? undefined : names
  }

  /** Whether a change is one of a variable that the page has looked up on its way. */
  #isStale({ reads }: Point, changes: Context = {}): boolean {
    return Object.keys(changes).some((name) => {
      const isRead = reads.has(name) || reads.has(ANY)
      return isRead && (!Object.is(changes[name], this.#input[name]) || !(name in this.#input))
    })
  }

  #draw(point: Point, changes: Context = {}): MaybePromise<string> {
    const { context, variables, scope, written } = point
    const { leaf, block, limitMs } = this.#target
    context.ctx = plainContext(variables, changes)
    for (const name of written) if (name in changes) context.ctx[name] = variables[name]
    context.reads = new Set()
    this.#reads = [point.reads, context.reads]
    return resultOf<string>({ template: leaf.name, block }, limitMs, (done) => {
      context.end = done
      const call = context.getBlock(block)
      call(context.env, context, scope ? scopeOf(scope) : NO_SCOPE, runtime, done)
    })
  }
}

/** Nothing is written to an empty scope: a block has one of its own, and its loops write where a name is. */
const NO_SCOPE = new RuntimeFrame()

function scopeOf(variables: Values): Frame {
  const frame = new RuntimeFrame()
  frame.variables = Object.create(variables)
  return frame
}
