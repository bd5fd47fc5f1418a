import type { BlockRenderer, Context } from '../engine.ts'
import { ANY, plainContext, type Values } from './block-context.ts'
import { andThen, type Outcome, outcomeOf } from './failure.ts'
import { type Frame, RuntimeFrame } from './internals.ts'
import { isLater, type Point, runToBlock, type Target } from './page-run.ts'
import { changing, runtime } from './runtime.ts'

/**
 * One block of a template. Its page is run up to the block once; a draw calls the block's own function, on copies of the
 * variables and scopes that the page had there.
 */
export class NunjucksBlock implements BlockRenderer {
  readonly #target: Target
  readonly #given: Values
  /** Missing while a draw is using it, when that has changed what the page made, and when the page failed. */
  #point: Point | undefined
  /** The first draw notes what it looks up; the others when that is asked for, since it costs as much as a small draw. */
  #isNoted = true
  #isWatched = false
  /** What the last draw and its page looked up; undefined when that was not noted. */
  #reads: readonly ReadonlySet<string>[] | undefined

  private constructor(target: Target, given: Values) {
    this.#target = target
    this.#given = given
  }

  /**
   * In      variables without a prototype, which stay ours.
   * Throws  TemplateError for what no change of a variable can make right.
   */
  static open(target: Target, given: Values): Outcome<NunjucksBlock> {
    const block = new NunjucksBlock(target, given)
    const failed = (error: unknown): NunjucksBlock => {
      if (isLater(error)) return block
      throw error
    }
    const keep = (point: Point): NunjucksBlock => {
      block.#point = point
      return block
    }
    try {
      const point = runToBlock(target, given)
      return point instanceof Promise ? point.then(keep, failed) : keep(point)
    } catch (error) {
      return failed(error)
    }
  }

  render(changes?: Context): Outcome<string> {
    const point = this.#point
    if (point !== undefined && !this.#isStale(point, changes)) {
      this.#point = undefined
      return this.#draw(point, changes, true)
    }
    const given = changes ? plainContext(this.#given, changes) : this.#given
    return andThen(runToBlock(this.#target, given), (own) => this.#draw(own, undefined, false))
  }

  /** Whether a change is one of something that the page has looked up on its way. */
  #isStale({ reads }: Point, changes: Context = {}): boolean {
    for (const name in changes) {
      if (!reads.has(name) && !reads.has(ANY)) continue
      if (!Object.is(changes[name], this.#given[name]) || !(name in this.#given)) return true
    }
    return false
  }

  get dependencies(): ReadonlySet<string> | undefined {
    this.#isNoted = this.#isWatched = true
    const names = this.#reads && new Set(this.#reads.flatMap((each) => [...each]))
    return names?.has(ANY) ? undefined : names
  }

  #draw(point: Point, changes: Context | undefined, isKept: boolean): Outcome<string> {
    const { context, level, variables, scope, written } = point
    const { leaf, block, limitMs } = this.#target
    const own = plainContext()
    for (const name in changes)
      if (name !== '__proto__' && !written.has(name)) own[name] = changes[name]
    context.ctx = own
    context.under = variables
    context.missing = point.missing
    context.reads = this.#isNoted ? new Set() : undefined
    this.#isNoted = this.#isWatched
    this.#reads = context.reads && [point.reads, context.reads]
    const before = changing.calls
    const frame = scope ? scopeOf(scope) : NO_SCOPE
    const html = outcomeOf<string>({ template: leaf.name, block }, limitMs, (done) => {
      context.end = done
      level.located(context.env, context, frame, runtime, done)
    })
    return andThen(html, (text) => {
      const isSame = !point.mayChange || changing.calls === before
      if (isKept && isSame) this.#point = point
      return text
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
