import { runSegments } from './compiled-segment.ts'
import { Failure, templateError } from './failure.ts'
import { RuntimeFrame } from './frame.ts'
import type { Frame } from './internals.ts'
import { answer, type Outcome } from './outcome.ts'
import type { Plan } from './plan.ts'
import { flatten, lateError, type Preparable, type Prepared } from './prepared.ts'
import { PrologueContext } from './prologue-context.ts'

/** A block with a plan: prepared by running the slices that the plan holds. */
export class PlannedBlock implements Preparable {
  readonly plan: Plan

  constructor(plan: Plan) {
    this.plan = plan
  }

  get parentReads(): ReadonlySet<string> {
    return this.plan.chain.reads
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
    const { library, table, segments, chain, block } = this.plan
    this.requireNames(given)
    const context = new PrologueContext(library.env, given, table)
    const start = new RuntimeFrame()
    start.topLevel = true
    const fail = (error: unknown): never => {
      throw Failure.toError(error, chain.templates[0]!.name, block)
    }
    try {
      const end = answer<Frame>(
        (done) => {
          context.draw = { end: done }
          runSegments(segments, context, start, done)
        },
        limitMs,
        () => this.late(limitMs),
      )
      if (end instanceof Promise) return end.then((frame) => this.#prepared(context, frame), fail)
      return this.#prepared(context, end)
    } catch (error) {
      return fail(error)
    }
  }

  #prepared(context: PrologueContext, end: Frame): Prepared {
    const { level, needs } = this.plan
    context.settled = true
    const { reads, readsEverything, volatile } = needs
    const scope = flatten(end)
    return { level, context, variables: context.ctx, scope, reads, readsEverything, volatile }
  }

  late(limitMs: number): Error {
    return lateError(this.plan.level.template, this.plan.block, limitMs)
  }
}
