import type { BlockRenderer, Context } from '../engine.ts'
import { ANY, plainContext, type Values } from './context.ts'
import { andThen, type MaybePromise, resultOf } from './errors.ts'
import { RuntimeFrame } from './internals.ts'
import { mayPass, type Point, runToBlock, type Target } from './page.ts'
import { changing, runtime } from './runtime.ts'

/**
 * One block of a template. Its page is run up to the block once; a render calls the block's own function, on copies of
 * the variables and scopes that the page has there.
 */
export class NunjucksBlock implements BlockRenderer {
  readonly #target: Target
  readonly #input: Values
  /** Missing while a render is using it, when that has changed what the page made, and when the page failed. */
  #point: Point | undefined
  /** The names that the last render and its page looked up. */
  #reads: readonly ReadonlySet<string>[] | undefined

  /** In: variables without a prototype, which stay ours. */
  constructor(target: Target, input: Values) {
    this.#target = target
    this.#input = input
  }

  /** Throws  TemplateError for what no change of a variable can make right. */
  static async open(target: Target, input: Values): Promise<NunjucksBlock> {
    const block = new NunjucksBlock(target, input)
    try {
      block.#point = await runToBlock(target, input)
    } catch (error) {
      if (!mayPass(error)) throw error
    }
    return block
  }

  render(changes?: Context): MaybePromise<string> {
    const point = this.#point
    if (point !== undefined && !this.#isStale(point, changes)) {
      this.#point = undefined
      const calls = changing.calls
      return andThen(this.#renderAt(point, changes), (html) => {
        if (!point.mayChange || changing.calls === calls) this.#point = point
        return html
      })
    }
    const input = plainContext(this.#input, changes)
    return andThen(runToBlock(this.#target, input), (own) => this.#renderAt(own))
  }

  /** The names that the last render and the way to the block looked up; undefined when they may be any. */
  get dependencies(): ReadonlySet<string> | undefined {
    const names = this.#reads && new Set(this.#reads.flatMap((each) => [...each]))
    return names?.has(ANY) ? undefined : names
  }

  /** True when a change is one of a variable that the page has looked up on its way. */
  #isStale({ reads }: Point, changes: Context = {}): boolean {
    return Object.keys(changes).some((name) => {
      const isRead = reads.has(name) || reads.has(ANY)
      return isRead && (!Object.is(changes[name], this.#input[name]) || !(name in this.#input))
    })
  }

  #renderAt(point: Point, changes: Context = {}): MaybePromise<string> {
    const { context, variables, scope, written } = point
    const { leaf, block, limitMs } = this.#target
    context.ctx = plainContext(variables, changes)
    for (const name of written) if (name in changes) context.ctx[name] = variables[name]
    context.reads = new Set()
    this.#reads = [point.reads, context.reads]
    return resultOf<string>({ template: leaf.name, block }, limitMs, (done) => {
      context.end = done
      const call = context.getBlock(block)
      const frame = new RuntimeFrame()
      frame.variables = Object.create(scope ?? null)
      call(context.env, context, frame, runtime, done)
    })
  }
}
