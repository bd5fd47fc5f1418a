import type { GrowthPlan } from '../growth.ts'
import type { BlockLevel } from './block-context.ts'
import { templateError } from './failure.ts'
import { newVariables } from './frame.ts'
import type { Frame } from './internals.ts'
import type { Outcome } from './outcome.ts'
import type { PrologueContext } from './prologue-context.ts'

/** A block's declarations, run: what is left is to draw the block, any number of times. */
export interface Prepared {
  readonly level: BlockLevel
  readonly context: PrologueContext
  readonly variables: Readonly<Record<string, unknown>>
  /** The scopes around the block, as one; nothing when they hold nothing. */
  readonly scope: Record<string, unknown> | undefined
  /** What the declarations read: when one of these changes, they must run again. */
  readonly reads: ReadonlySet<string>
  readonly readsEverything: boolean
  /** Drawing changes what the declarations made, so they must run for each draw. */
  readonly volatile: boolean
}

/** A block whose declarations can be run with some variables. */
export interface Preparable {
  /** Variables that decide which templates are the parents. */
  readonly parentReads: ReadonlySet<string>
  /** Nothing has to run before the block, so preparing it again gives the same again. */
  readonly bare: boolean
  growth(key: string): GrowthPlan
  /** Throws  TemplateError `block/variable-missing`. */
  requireNames(given: Readonly<Record<string, unknown>>): void
  /** Throws  TemplateError. */
  prepare(given: Record<string, unknown>, limitMs: number): Outcome<Prepared>
  /** The same error, with what to do when that is known. */
  explain?(error: Error): Error
  /** The error for a draw that does not end. */
  late(limitMs: number): Error
}

/** Throws-ready: what to say of a block that is not finished in time. */
export function lateError(template: string, block: string, limitMs: number): Error {
  const message = `not finished within ${limitMs} ms: an async filter never called back.`
  return templateError('template/timeout', { template, block }, message)
}

/** Scopes from the outermost to the innermost, as one object: what a look-up would find. Nothing when that is nothing. */
export function flatten({ parent, variables }: Frame): Record<string, unknown> | undefined {
  let all = parent && flatten(parent)
  for (const name in variables)
    if (variables[name] !== undefined) (all ??= newVariables())[name] = variables[name]
  return all
}
