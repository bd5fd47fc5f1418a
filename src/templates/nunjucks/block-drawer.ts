import type { BlockRenderer, Context } from '../engine.ts'
import type { GrowthPlan } from '../growth.ts'
import { type BlockLevel, plainContext } from './block-context.ts'
import { Failure } from './failure.ts'
import { newVariables, RuntimeFrame } from './frame.ts'
import type { Callback } from './internals.ts'
import { andThen, answer, type Outcome } from './outcome.ts'
import type { Preparable, Prepared } from './prepared.ts'
import { runtime } from './runtime.ts'

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
  readonly #block: Preparable
  readonly #given: Record<string, unknown>
  readonly #options: DrawOptions
  /** Missing while a draw that has to wait is using it, and when the declarations failed with what was given. */
  #prepared: Prepared | undefined

  private constructor(block: Preparable, given: Record<string, unknown>, options: DrawOptions) {
    this.#block = block
    this.#given = given
    this.#options = options
  }

  /**
   * In      variables without a prototype. They stay ours.
   * Throws  TemplateError `block/variable-missing` when `strict`.
   */
  static open(
    block: Preparable,
    given: Record<string, unknown>,
    options: DrawOptions,
    strict: boolean,
  ): Outcome<BlockDrawer> {
    const drawer = new BlockDrawer(block, given, options)
    if (strict) block.requireNames(given)
    // What fails here may be all right with the changes of the first draw; if it is not, that draw says so.
    const keep = (prepared: Prepared): BlockDrawer => {
      drawer.#prepared = prepared
      return drawer
    }
    try {
      const prepared = block.prepare(given, options.limitMs)
      return prepared instanceof Promise ? prepared.then(keep, () => drawer) : keep(prepared)
    } catch {
      return drawer
    }
  }

  growth(key: string): GrowthPlan {
    return this.#block.growth(key)
  }

  get bare(): boolean {
    return this.#block.bare
  }

  render(changes?: Context): Outcome<string> {
    const { parentReads } = this.#block
    const prepared = this.#prepared
    const keys = changes === undefined ? NO_KEYS : Object.keys(changes)
    let again = false
    for (const key of keys) {
      if (changes![key] === this.#given[key] && key in this.#given) continue
      if (parentReads.has(key)) {
        const reopened = this.#options.reopen(plainContext(this.#given, changes))
        return andThen(reopened, (renderer) => renderer.render())
      }
      again ||= prepared !== undefined && (prepared.readsEverything || prepared.reads.has(key))
    }
    if (again || prepared === undefined) {
      const given = keys.length > 0 ? plainContext(this.#given, changes) : this.#given
      const fresh = this.#block.prepare(given, this.#options.limitMs)
      return andThen(fresh, (own) => this.#draw(own, undefined, NO_KEYS, false))
    }
    if (prepared.volatile) this.#prepared = undefined
    return this.#draw(prepared, changes, keys, !prepared.volatile)
  }

  #draw(
    prepared: Prepared,
    changes: Context | undefined,
    keys: readonly string[],
    keep: boolean,
  ): Outcome<string> {
    const { context, variables, scope, level } = prepared
    const { ctx, under } = context
    const layer = newVariables()
    for (const key of keys) {
      if (key !== '__proto__' && !context.written.has(key)) layer[key] = changes![key]
    }
    context.ctx = layer
    context.under = variables
    const frame = new RuntimeFrame()
    if (scope !== undefined) frame.variables = Object.create(scope)
    const draw = new Draw()
    context.draw = draw
    level.call(context.env, context, frame, runtime, (error, text) => draw.end(error, text))
    if (draw.settled) {
      context.ctx = ctx
      context.under = under
      if (draw.error) throw this.#located(draw.error, level)
      const { html } = draw
      // The context knows the draw until the next one, and that may never come.
      draw.html = ''
      return html
    }
    // From here on the context belongs to this draw alone.
    if (keep) this.#prepared = undefined
    const waiting = answer<string>(
      (finish) => {
        draw.wake = finish
      },
      this.#options.limitMs,
      () => this.#block.late(this.#options.limitMs),
    ) as Promise<string>
    return waiting.then(
      (text) => {
        context.ctx = ctx
        context.under = under
        if (keep) this.#prepared ??= prepared
        return text
      },
      (error) => {
        throw this.#located(error, level)
      },
    )
  }

  #located(error: unknown, { template, name }: BlockLevel): Error {
    const located = Failure.toError(error, template, name)
    return this.#block.explain?.(located) ?? located
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
