import { sliceOf } from './declarations.ts'
import { Failure } from './failure.ts'
import {
  type AstNode,
  type BlockFunction,
  type Callback,
  compileSlice,
  type Frame,
  type InnerEnvironment,
  type SliceScope,
} from './internals.ts'
import type { PrologueContext } from './prologue-context.ts'
import { runtime } from './runtime.ts'
import { isSurrounding, type Segment } from './segments.ts'

/** A segment as a function, holding only what the block needs. */
export interface CompiledSegment {
  readonly template: string
  readonly block: string | undefined
  /** Nothing of the segment is needed: only its scope counts. */
  readonly run: BlockFunction<Frame> | undefined
}

/** Compiles what is wanted of a segment. */
export function compileSegment(
  segment: Segment,
  wanted: ReadonlySet<AstNode>,
  env: InnerEnvironment,
): CompiledSegment {
  const { template, block, isPage, level } = segment
  const steps = segment.steps.flatMap((step): (AstNode | SliceScope)[] =>
    isSurrounding(step) ? [step] : step.statements.flatMap((node) => sliceOf(node, wanted)),
  )
  const isBlock = block !== undefined
  const run =
    steps.length === 0 ? undefined : compileSlice(steps, { template, isPage, isBlock, level }, env)
  return { template, block, run }
}

/** Runs segments one after the other. Out: the scope that the block is drawn in. */
export function runSegments(
  segments: readonly CompiledSegment[],
  context: PrologueContext,
  frame: Frame,
  done: Callback<Frame>,
  from = 0,
): void {
  let scope = frame
  for (let at = from; at < segments.length; at++) {
    const { run, template, block } = segments[at]!
    if (block !== undefined) scope = scope.push(true)
    if (!run) continue
    run(context.env, context, scope, runtime, (error, end) => {
      if (error) done(Failure.within(error, template, block))
      else runSegments(segments, context, end!, done, at + 1)
    })
    return
  }
  done(null, scope)
}
