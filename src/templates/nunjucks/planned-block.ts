import type { GrowthPlan } from '../growth.ts'
import { TemplateError } from '../../base/errors.ts'
import { runSegments } from './compiled-segment.ts'
import { declarationsIn } from './declarations.ts'
import { located, messageOf, templateError } from './failure.ts'
import { proveGrowth } from './growth-proof.ts'
import { RuntimeFrame } from './frame.ts'
import type { Frame } from './internals.ts'
import { andThen, answer, type Outcome } from './outcome.ts'
import type { Plan } from './plan.ts'
import { flatten, lateError, type Preparable, type Prepared } from './prepared.ts'
import { PrologueContext } from './prologue-context.ts'
import { child } from './syntax.ts'

/** A block with a plan: prepared by running the slices that the plan holds. */
export class PlannedBlock implements Preparable {
  readonly plan: Plan
  readonly #growths = new Map<string, GrowthPlan>()

  constructor(plan: Plan) {
    this.plan = plan
  }

  /** How the block may travel while `key` grows; proved once. */
  growth(key: string): GrowthPlan {
    let growth = this.#growths.get(key)
    if (!growth) this.#growths.set(key, (growth = proveGrowth(this.plan, key)))
    return growth
  }

  get parentReads(): ReadonlySet<string> {
    return this.plan.chain.reads
  }

  get bare(): boolean {
    return this.plan.segments.every(({ run }) => run === undefined)
  }

  requireNames(given: Readonly<Record<string, unknown>>): void {
    const { needs, block } = this.plan
    for (const { name, surrounding } of needs.required) {
      if (name in given) continue
      const { node, template, enter } = surrounding
      const what = enter === 'loop' ? 'the loop variable' : 'an argument of the macro'
      const place = { template, block, line: node.lineno + 1, column: node.colno + 1 }
      const message = `reads "${name}", ${what} around the block: pass it in the fragment's context.`
      throw templateError('block/variable-missing', place, message)
    }
  }

  prepare(given: Record<string, unknown>, limitMs: number): Outcome<Prepared> {
    const { catalog, table, segments, chain, block } = this.plan
    this.requireNames(given)
    const context = new PrologueContext(catalog.env, given, table)
    const start = new RuntimeFrame()
    start.topLevel = true
    const place = { template: chain.templates[0]!.name, block }
    const end = located(place, () =>
      answer<Frame>(
        (done) => {
          context.draw = { end: done }
          runSegments(segments, context, start, done)
        },
        limitMs,
        () => this.late(limitMs),
      ),
    )
    return andThen(end, (frame) => this.#prepared(context, frame))
  }

  #prepared(context: PrologueContext, end: Frame): Prepared {
    const { level, needs } = this.plan
    context.settled = true
    const { reads, readsEverything, volatile } = needs
    const scope = flatten(end)
    const { variables } = context
    return { level, context, variables, scope, reads, readsEverything, volatile }
  }

  /**
   * A macro or import that another block declares is seen in the page, by a leak of nunjucks, and not in the block alone.
   * When that is why a call fails, say so.
   */
  explain(error: Error): Error {
    const called = /^Unable to call `(\w+)/.exec(messageOf(error.cause))?.[1]
    if (called === undefined || !(error instanceof TemplateError)) return error
    for (const { ast, blockNodes, name } of this.plan.chain.templates) {
      for (const [block, node] of ast ? Object.entries(blockNodes) : []) {
        const own = declarationsIn([child(node, 'body')], name)
        const found = own.find(
          (each) => each.node.typename !== 'Set' && each.names.includes(called),
        )
        if (!found) continue
        const hint = `It is declared inside the block "${block}" (${name}:${found.node.lineno + 1}): move it to the top level.`
        return new TemplateError('render/failed', error.message, error.place, {
          hint,
          cause: error.cause,
        })
      }
    }
    return error
  }

  late(limitMs: number): Error {
    return lateError(this.plan.level.template, this.plan.block, limitMs)
  }
}
