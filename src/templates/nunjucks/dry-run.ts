import { didYouMean, TemplateError } from '../../base/errors.ts'
import type { GrowthPlan } from '../growth.ts'
import type { BlockTable } from './block-context.ts'
import { located } from './failure.ts'
import { RuntimeFrame } from './frame.ts'
import type { BlockFunction, Callback, Frame, InnerEnvironment, Runtime } from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { andThen, answer, type Outcome } from './outcome.ts'
import { flatten, lateError, type Preparable, type Prepared } from './prepared.ts'
import { PrologueContext } from './prologue-context.ts'
import { isSteady, runtime } from './runtime.ts'

/**
 * A block of a template that came without its source, where no syntax tree says what the block needs: its page is run up
 * to the block, output thrown away, and what is declared by then is kept.
 *
 * Right where a plan is right, but paid with a page for each time that the declarations must run.
 */
export class DryBlock implements Preparable {
  /** What runs is the page itself. */
  readonly bare = false
  readonly parentReads: ReadonlySet<string> = new Set()
  readonly #env: InnerEnvironment
  readonly #leaf: LoadedTemplate
  readonly #block: string

  constructor(env: InnerEnvironment, leaf: LoadedTemplate, block: string) {
    this.#env = env
    this.#leaf = leaf
    this.#block = block
  }

  growth(): GrowthPlan {
    const { name } = this.#leaf
    const reason = `"${name}" or one of its parents came precompiled, without its source`
    return { kind: 'full', reason, template: name }
  }

  /** Nothing is known of the names around the block. */
  requireNames(): void {}

  prepare(given: Record<string, unknown>, limitMs: number): Outcome<Prepared> {
    const context = new DryContext(this.#env, given, this.#leaf.table(), this.#block)
    return andThen(this.#run(context, limitMs), (end) => this.#prepared(context, end))
  }

  /** The blocks of the template and the parents that it has with these variables. */
  table(given: Record<string, unknown>, limitMs: number): Outcome<BlockTable> {
    const context = new DryContext(this.#env, given, this.#leaf.table(), '')
    return andThen(this.#run(context, limitMs), () => context.blocks)
  }

  #run(context: DryContext, limitMs: number): Outcome<Captured> {
    const start = new RuntimeFrame()
    start.topLevel = true
    return located({ template: this.#leaf.name }, () =>
      answer<Captured>(
        (done) => {
          context.draw = { end: done }
          this.#leaf.rootRenderFunc(this.#env, context, start, forgiving, (error) => {
            if (error && !context.captured) done(error)
            else
              done(
                null,
                context.captured ?? { variables: context.variables, scope: flatten(start) },
              )
          })
        },
        limitMs,
        () => this.late(limitMs),
      ),
    )
  }

  #prepared(context: DryContext, { variables, scope }: Captured): Prepared {
    const level = context.blocks[this.#block]?.[0]
    if (!level) {
      const { name } = this.#leaf
      const known = didYouMean(this.#block, Object.keys(context.blocks))
      const message = `block "${this.#block}" not found in template "${name}" ${known}`
      throw new TemplateError('block/unknown', message, { template: name, block: this.#block })
    }
    context.settled = true
    const { reads, readsEverything } = context
    const made = [
      ...[...context.written].map((name) => variables[name]),
      ...Object.values(scope ?? {}),
    ]
    const volatile = made.some((value) => !isSteady(value) && !context.isFromCaller(value))
    return { level, context, variables, scope, reads, readsEverything, volatile }
  }

  late(limitMs: number): Error {
    return lateError(this.#leaf.name, this.#block, limitMs)
  }
}

interface Captured {
  readonly variables: Readonly<Record<string, unknown>>
  readonly scope: Record<string, unknown> | undefined
}

/** Helpers that forgive what is missing in the rest of the page. */
const forgiving: Runtime = {
  ...runtime,
  ensureDefined: (value: unknown) => value,
  callWrap: (callee: unknown, _name: string, context: unknown, values: unknown[]) =>
    typeof callee === 'function' ? Reflect.apply(callee, context, values) : undefined,
}

/** Notes what the page reads, and where it was when it came to the block. */
class DryContext extends PrologueContext {
  /** Variables and scopes at the block's place; nothing when the page does not draw it. */
  captured: Captured | undefined
  readonly reads: Set<string> = new Set()
  readsEverything = false
  readonly #target: string

  constructor(
    env: InnerEnvironment,
    given: Record<string, unknown>,
    table: BlockTable,
    target: string,
  ) {
    super(env, given, table)
    this.#target = target
  }

  override lookup(name: string): unknown {
    if (!this.settled) this.reads.add(name)
    return super.lookup(name)
  }

  override addBlock(name: string, call: BlockFunction): this {
    this.captured = undefined
    return super.addBlock(name, call)
  }

  override getVariables(): Record<string, unknown> {
    if (!this.settled) this.readsEverything = true
    return super.getVariables()
  }

  override getBlock(name: string): BlockFunction {
    if (this.settled || name !== this.#target) return super.getBlock(name)
    return (_env: unknown, _context: unknown, frame: Frame, _runtime: Runtime, done: Callback) => {
      // The last time counts: what is drawn before an extends, or by a super() that nobody prints, is thrown away.
      this.captured = { variables: this.variables, scope: this.#withGiven(frame) }
      done(null, '')
    }
  }

  /** The scopes around the block, where what the caller gave stands for the variables of a loop. */
  #withGiven(frame: Frame): Record<string, unknown> | undefined {
    const scope = flatten(frame)
    if (scope === undefined) return undefined
    for (let at: Frame | undefined = frame; at; at = at.parent) {
      if (!('loop' in at.variables)) continue
      // A loop sets its variables first, then `loop`; what stands behind is set in its body.
      for (const name in at.variables) {
        if (this.isGiven(name)) scope[name] = this.given(name)
        if (name === 'loop') break
      }
    }
    return scope
  }

  isFromCaller(value: unknown): boolean {
    return this.givenValues.includes(value)
  }
}
