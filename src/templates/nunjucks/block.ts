import type { BlockRenderer, Context } from '../engine.ts'
import { TemplateError } from '../../base/errors.ts'
import { newVariables, plainContext, Reads } from './block-context.ts'
import { declaringBlock } from './block-facts.ts'
import { located, messageOf } from './failure.ts'
import { type Callback, type Frame, RuntimeFrame } from './internals.ts'
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
  #isWatched = false

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
    // Noting what is looked up costs as much as a small draw: from the second one on, it is done for those who ask.
    this.#isWatched = true
    const point = this.#last
    const reads = point?.context.reads
    if (!point || !reads || point.readsEverything || reads.everything) return undefined
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
    for (const name of reads.names) visit(name)
    return names
  }

  #draw(point: Point, changes: Context | undefined, keep: boolean): Outcome<string> {
    const { context, level, variables, scope, origins } = point
    const own = newVariables()
    for (const name in changes)
      if (name !== '__proto__' && !origins.has(name)) own[name] = changes[name]
    context.ctx = own
    context.under = variables
    context.reads = this.#isWatched || this.#last === undefined ? new Reads() : undefined
    this.#last = point
    const before = changing.calls
    const draw = new Draw()
    context.draw = draw
    const frame = scope ? scopeOf(scope) : NO_SCOPE
    level.call(context.env, context, frame, runtime, (error, html) => draw.end(error, html))
    if (!draw.isOver || draw.error) {
      return placed(this.#target, point.given, () =>
        andThen(this.#ended(draw, level), (html) => {
          this.#keep(keep ? point : undefined, before)
          return html
        }),
      )
    }
    this.#keep(keep ? point : undefined, before)
    return draw.html
  }

  /** Takes a point back after a draw, unless that may have changed what its page made. */
  #keep(point: Point | undefined, callsBefore: number): void {
    if (point && !(point.mayChange && changing.calls !== callsBefore)) this.#point = point
  }

  /** The end of a draw that waits, or has failed. */
  #ended(draw: Draw, { template, name: block }: Point['level']): Outcome<string> {
    const { limitMs } = this.#target
    const wait = (done: Callback): void => draw.wait(done)
    try {
      const html = located({ template, block }, () =>
        answer(wait, limitMs, () => lateError(this.#target)),
      )
      return html instanceof Promise
        ? html.catch((error) => {
            throw this.#explained(error)
          })
        : html
    } catch (error) {
      throw this.#explained(error)
    }
  }

  /**
   * A macro or import that another block declares is seen in the page, by a leak of nunjucks, and not in the block alone.
   * When that is why a call fails, say so.
   */
  #explained(error: unknown): unknown {
    if (!(error instanceof TemplateError)) return error
    const called = /^Unable to call `(\w+)/.exec(messageOf(error.cause))?.[1]
    if (called === undefined) return error
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

/** How one draw ends. Only the first answer counts: after an error, nunjucks may call back again. */
class Draw {
  isOver = false
  error: unknown
  html = ''
  #done: Callback | undefined

  end(error: unknown, html?: string): void {
    if (this.isOver) return
    this.isOver = true
    if (error) this.error = error
    else this.html = html!
    this.#done?.(this.error, this.html)
  }

  wait(done: Callback): void {
    this.#done = done
    if (this.isOver) done(this.error, this.html)
  }
}

/** Nothing is written to an empty scope: a block has one of its own, and its loops write where a name is. */
const NO_SCOPE = new RuntimeFrame()

function scopeOf(variables: Record<string, unknown>): Frame {
  const frame = new RuntimeFrame()
  frame.variables = Object.create(variables)
  return frame
}
