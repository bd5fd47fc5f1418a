import type { BlockRenderer, Context } from '../engine.ts'
import { plainContext } from './block-context.ts'
import { runSegments } from './compiled-segment.ts'
import { Failure, templateError } from './failure.ts'
import type { Callback, Frame } from './internals.ts'
import { andThen, answer, type Outcome } from './outcome.ts'
import type { Plan } from './plan.ts'
import { PrologueContext } from './prologue-context.ts'
import { RuntimeFrame } from './frame.ts'
import { runtime } from './runtime.ts'

/** A block's declarations, run: what is left is to draw the block, any number of times. */
interface Prepared {
  readonly context: PrologueContext
  readonly variables: Record<string, unknown>
  /** The scopes around the block, as one. */
  readonly scope: Record<string, unknown>
}

export interface DrawOptions {
  readonly limitMs: number
  /** Opens the same block with other variables: for a change that chooses another parent. */
  readonly reopen: (given: Record<string, unknown>) => Outcome<BlockRenderer>
}

/**
 * Draws one block of one template. What does not depend on the changes has been done before the first draw; a draw runs
 * the block and nothing else, on variables of its own that are thrown away.
 */
export class BlockDrawer implements BlockRenderer {
  readonly #plan: Plan
  readonly #given: Record<string, unknown>
  readonly #options: DrawOptions
  /** Missing while a draw that has to wait is using it, and when the declarations failed with what was given. */
  #prepared: Prepared | undefined

  private constructor(plan: Plan, given: Record<string, unknown>, options: DrawOptions) {
    this.#plan = plan
    this.#given = given
    this.#options = options
  }

  /**
   * In      variables without a prototype. They stay ours.
   * Throws  TemplateError `block/variable-missing` when `strict`.
   */
  static open(
    plan: Plan,
    given: Record<string, unknown>,
    options: DrawOptions,
    strict: boolean,
  ): Outcome<BlockDrawer> {
    const drawer = new BlockDrawer(plan, given, options)
    if (strict) drawer.#requireNames(given)
    // What fails here may be all right with the changes of the first draw; if it is not, that draw says so.
    const keep = (prepared: Prepared): BlockDrawer => {
      drawer.#prepared = prepared
      return drawer
    }
    try {
      const prepared = drawer.#prepare(given)
      return prepared instanceof Promise ? prepared.then(keep, () => drawer) : keep(prepared)
    } catch {
      return drawer
    }
  }

  render(changes?: Context): Outcome<string> {
    const { needs, chain } = this.#plan
    const keys = changes === undefined ? NO_KEYS : Object.keys(changes)
    let again = this.#prepared === undefined
    for (const key of keys) {
      if (changes![key] === this.#given[key] && key in this.#given) continue
      if (chain.reads.has(key)) {
        const reopened = this.#options.reopen(plainContext(this.#given, changes))
        return andThen(reopened, (renderer) => renderer.render())
      }
      again ||= needs.readsEverything || needs.reads.has(key)
    }
    if (again) {
      const prepared = this.#prepare(
        keys.length > 0 ? plainContext(this.#given, changes) : this.#given,
      )
      return andThen(prepared, (fresh) => this.#draw(fresh, undefined, NO_KEYS, false))
    }
    const prepared = this.#prepared!
    if (needs.volatile) this.#prepared = undefined
    return this.#draw(prepared, changes, keys, !needs.volatile)
  }

  #draw(
    prepared: Prepared,
    changes: Context | undefined,
    keys: readonly string[],
    keep: boolean,
  ): Outcome<string> {
    const { context, variables, scope } = prepared
    const { level, library } = this.#plan
    const layer: Record<string, unknown> = Object.create(variables)
    for (const key of keys) {
      if (key !== '__proto__' && !context.written.has(key)) layer[key] = changes![key]
    }
    context.ctx = layer
    const frame = new RuntimeFrame()
    frame.variables = Object.create(scope)
    const draw = new Draw()
    context.draw = draw
    level.call(library.env, context, frame, runtime, (error, text) => draw.end(error, text))
    if (draw.settled) {
      context.ctx = variables
      if (draw.error) throw this.#located(draw.error)
      return draw.html
    }
    // From here on the context belongs to this draw alone.
    if (keep) this.#prepared = undefined
    const waiting = answer<string>(
      (finish) => {
        draw.wake = finish
      },
      this.#options.limitMs,
      () => this.#late(),
    ) as Promise<string>
    return waiting.then(
      (text) => {
        context.ctx = variables
        if (keep) this.#prepared ??= prepared
        return text
      },
      (error) => {
        throw this.#located(error)
      },
    )
  }

  #prepare(given: Record<string, unknown>): Outcome<Prepared> {
    const { library, table, segments, chain, block } = this.#plan
    this.#requireNames(given)
    const context = new PrologueContext(library.env, given, table)
    const start = new RuntimeFrame()
    start.topLevel = true
    const finish = (end: Frame): Prepared => {
      context.settled = true
      return { context, variables: context.ctx, scope: flatten(end) }
    }
    try {
      const end = answer<Frame>(
        (done) => {
          context.draw = { end: done }
          runSegments(segments, context, start, done)
        },
        this.#options.limitMs,
        () => this.#late(),
      )
      if (!(end instanceof Promise)) return finish(end)
      return end.then(finish, (error) => {
        throw Failure.toError(error, chain.templates[0]!.name, block)
      })
    } catch (error) {
      throw Failure.toError(error, chain.templates[0]!.name, block)
    }
  }

  #requireNames(given: Record<string, unknown>): void {
    const { needs, block } = this.#plan
    for (const { name, surrounding } of needs.required) {
      if (name in given) continue
      const { node, template, enter } = surrounding
      const what = enter === 'loop' ? 'the loop variable' : 'an argument of the macro'
      const place = { template, block, line: node.lineno + 1, column: node.colno + 1 }
      const message = `reads "${name}", ${what} around the block: pass it in the fragment's context.`
      throw templateError('block/variable-missing', place, message)
    }
  }

  #located(error: unknown): Error {
    return Failure.toError(error, this.#plan.level.template, this.#plan.block)
  }

  #late(): Error {
    const { level, block } = this.#plan
    const place = { template: level.template, block }
    const message = `not finished within ${this.#options.limitMs} ms: an async filter never called back.`
    return templateError('template/timeout', place, message)
  }
}

/** How one draw ends. Only the first answer counts: after an error, nunjucks may call back again. */
class Draw {
  settled = false
  error: unknown
  html = ''
  wake: Callback | undefined

  end(error: unknown, text?: string): void {
    if (this.settled) return
    this.settled = true
    if (error) this.error = error
    else this.html = text!
    this.wake?.(this.error, this.html)
  }
}

const NO_KEYS: readonly string[] = []

/** The scopes from the outermost to the innermost, as one object: what a look-up would find. */
function flatten(frame: Frame): Record<string, unknown> {
  const chain: Frame[] = []
  for (let at: Frame | undefined = frame; at; at = at.parent) chain.push(at)
  const all: Record<string, unknown> = Object.create(null)
  for (const { variables } of chain.reverse()) {
    for (const name in variables) if (variables[name] !== undefined) all[name] = variables[name]
  }
  return all
}
