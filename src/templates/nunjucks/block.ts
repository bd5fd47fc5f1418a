import type { BlockRenderer, Context } from '../engine.ts'
import { TemplateError } from '../../base/errors.ts'
import { plainContext, Reads } from './block-context.ts'
import { declaringBlock } from './block-facts.ts'
import { Failure, messageOf } from './failure.ts'
import { type Callback, RuntimeFrame } from './internals.ts'
import { andThen, answer, type Outcome } from './outcome.ts'
import { lateError, placed, type Point, runToBlock, type Target } from './page-run.ts'
import { changing, runtime } from './runtime.ts'

/** What may be all right with the changes of the first draw; if it is not, that draw says so. */
const LATER: ReadonlySet<string> = new Set(['render/failed', 'template/timeout'])

/**
 * One block of a template. Its page is run up to the block once; a draw calls the block's own function, on copies of the
 * variables and scopes that the page had there.
 */
export class NunjucksBlock implements BlockRenderer {
  readonly #target: Target
  readonly #given: Record<string, unknown>
  /** Missing while a draw is using it, when that has changed what the page made, and when the page failed. */
  #point: Point | undefined
  #last: Point | undefined

  private constructor(target: Target, given: Record<string, unknown>) {
    this.#target = target
    this.#given = given
  }

  /**
   * In      variables without a prototype. They stay ours. Without `strict`, those around the block may come later.
   * Throws  TemplateError for what no change of a variable can make right.
   */
  static open(
    target: Target,
    given: Record<string, unknown>,
    strict: boolean,
  ): Outcome<NunjucksBlock> {
    const block = new NunjucksBlock(target, given)
    const keep = (point: Point): NunjucksBlock => {
      block.#point = point
      return block
    }
    const later = (error: unknown): NunjucksBlock => {
      const { code } = error as TemplateError
      if (LATER.has(code) || (code === 'block/variable-missing' && !strict)) return block
      throw error
    }
    try {
      const point = runToBlock(target, given)
      return point instanceof Promise ? point.then(keep, later) : keep(point)
    } catch (error) {
      return later(error)
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
  #isStale({ reads, readsEverything }: Point, changes: Context = {}): boolean {
    for (const name in changes) {
      if (!readsEverything && !reads.has(name)) continue
      if (!Object.is(changes[name], this.#given[name]) || !(name in this.#given)) return true
    }
    return false
  }

  get dependencies(): ReadonlySet<string> | undefined {
    const point = this.#last
    if (!point || point.readsEverything || point.context.reads.everything) return undefined
    const names = new Set<string>()
    const visited = new Set<string>()
    const visit = (name: string): void => {
      const origins = point.origins.get(name)
      if (!origins) names.add(name)
      else if (!visited.has(name)) {
        visited.add(name)
        if (origins.has(name)) names.add(name)
        for (const each of origins) visit(each)
      }
    }
    for (const name of point.control) visit(name)
    for (const name of point.context.reads.names) visit(name)
    return names
  }

  #draw(point: Point, changes: Context | undefined, keep: boolean): Outcome<string> {
    const { context, level, variables, scope, origins } = point
    const ctx = plainContext(variables)
    for (const name in changes)
      if (name !== '__proto__' && !origins.has(name)) ctx[name] = changes[name]
    context.ctx = ctx
    context.reads = new Reads()
    this.#last = point
    const frame = new RuntimeFrame()
    if (scope !== undefined) frame.variables = Object.create(scope)
    const before = changing.calls
    const run = (done: Callback): void => {
      context.draw = { end: done }
      level.call(context.env, context, frame, runtime, done)
    }
    const drawn = (html: string): string => {
      if (keep && !(point.mayChange && changing.calls !== before)) this.#point = point
      return html
    }
    const failed = (error: unknown): never => {
      throw this.#explained(Failure.toError(error, level.template, level.name))
    }
    return placed(this.#target, point.given, () => {
      try {
        const html = answer(run, this.#target.limitMs, () => lateError(this.#target))
        return html instanceof Promise ? html.then(drawn, failed) : drawn(html)
      } catch (error) {
        return failed(error)
      }
    })
  }

  /**
   * A macro or import that another block declares is seen in the page, by a leak of nunjucks, and not in the block alone.
   * When that is why a call fails, say so.
   */
  #explained(error: Error): Error {
    const called = /^Unable to call `(\w+)/.exec(messageOf(error.cause))?.[1]
    if (called === undefined || !(error instanceof TemplateError)) return error
    const { catalog, leaf } = this.#target
    const lineage = this.#last?.context.lineage ?? []
    for (const name of [leaf.name, ...lineage]) {
      const found = declaringBlock(catalog.get(name).blockNodes, called)
      if (!found) continue
      const hint = `It is declared inside the block "${found.block}" (${name}:${found.line}): move it to the top level.`
      return new TemplateError('render/failed', error.message, error.place, {
        hint,
        cause: error.cause,
      })
    }
    return error
  }
}
