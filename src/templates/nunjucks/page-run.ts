import { type BlockLevel, plainContext } from './block-context.ts'
import { requireNames } from './block-facts.ts'
import { Failure, located, Lost, templateError } from './failure.ts'
import { type Callback, type Frame, RuntimeFrame } from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { andThen, answer, type Outcome } from './outcome.ts'
import { type Capture, PageContext } from './page-context.ts'
import { runtime } from './runtime.ts'
import type { Surroundings } from './surroundings.ts'
import type { TemplateCatalog } from './template-catalog.ts'

type Values = Record<string, unknown>

/** The block that is wanted, and where. */
export interface Target {
  readonly catalog: TemplateCatalog
  readonly leaf: LoadedTemplate
  readonly block: string
  readonly limitMs: number
}

/** A page at the place of one block: what is left is to draw the block, any number of times. */
export interface Point extends Capture {
  readonly given: Values
  /** Macros keep the context that they were declared in, so the block is drawn with the very same one. */
  readonly context: PageContext
  readonly level: BlockLevel
}

/**
 * Runs a page up to one of its blocks, without its output, and notes what it has declared by then.
 *
 * In      variables without a prototype, which stay ours; `failAt`, to fail where a run before lost a value.
 * Cost    the declarations, conditions and loops of the page.
 * Throws  TemplateError for parents that cannot be found, `block/unknown`, `block/variable-missing`,
 *         `template/filter-unknown`.
 */
export function runToBlock(target: Target, given: Values, failAt: number = -1): Outcome<Point> {
  return placed(target, given, () => reach(target, given, failAt))
}

function reach(target: Target, given: Values, failAt: number): Outcome<Point> {
  return andThen(runPage(target, given, failAt), ({ context, top }) => {
    const { catalog, leaf, block } = target
    const level = context.blocks[block]?.[0]
    if (!level) throw catalog.unknownBlock(leaf, block, context)
    const facts = catalog.factsOf(block, context)
    if (facts.wrong) throw facts.wrong
    requireNames(facts, block, given)
    const end = context.capture ?? context.captured(top)
    const along = alongOf(context, end, given)
    const ran: Outcome<Capture> =
      along && facts.surroundings ? runAlong(target, facts.surroundings, context, end, along) : end
    return andThen(ran, (capture) => {
      context.isPassing = false
      context.isForgiving = false
      return { ...capture, given, context, level }
    })
  })
}

/**
 * Runs something of a page that was run with these variables. A value that it could not make, and that is needed now,
 * is lost once more, to know the place.
 */
export function placed<T>(target: Target, given: Values, run: () => Outcome<T>): Outcome<T> {
  const failed = (error: unknown): Outcome<never> => {
    if (!(error instanceof Lost)) throw error
    return andThen(reach(target, given, error.index), () => {
      throw Failure.toError(error.cause, target.leaf.name, target.block)
    })
  }
  try {
    const outcome = run()
    return outcome instanceof Promise ? outcome.catch(failed) : outcome
  } catch (error) {
    return failed(error)
  }
}

/** The blocks of a page, with these variables. */
export function blocksOfPage(target: Target, given: Values): Outcome<string[]> {
  return andThen(runPage(target, given, -1), ({ context }) => Object.keys(context.blocks))
}

/** What to say of a block that is not finished in time. */
export function lateError({ leaf, block, limitMs }: Target): Error {
  const message = `not finished within ${limitMs} ms: an async filter never called back.`
  return templateError('template/timeout', { template: leaf.name, block }, message)
}

function runPage(
  target: Target,
  given: Values,
  failAt: number,
): Outcome<{ readonly context: PageContext; readonly top: Frame }> {
  const { catalog, leaf, block, limitMs } = target
  const find = (name: string): LoadedTemplate | undefined => catalog.find(name)
  const options = { template: leaf.name, block, find, failAt }
  const context = new PageContext(catalog.env, given, leaf.table(), options)
  const top = new RuntimeFrame()
  top.topLevel = true
  const run = (done: Callback<void>): void => {
    context.draw = { end: done }
    leaf.rootRenderFunc(context.env, context, top, runtime, (error) =>
      // What fails behind the block is no fault of the block's.
      error && (!context.capture || context.failed) ? done(error) : done(null),
    )
  }
  const ran = located({ template: leaf.name }, () => answer(run, limitMs, () => lateError(target)))
  return andThen(ran, () => ({ context, top }))
}

/**
 * From where the surroundings of a block must be run: all of them when the page did not draw it; those from the loop
 * around it when the caller says which turn of the loop is meant. Otherwise the last time that it was drawn counts.
 */
function alongOf(
  context: PageContext,
  { loop }: Capture,
  given: Values,
): 'top' | 'loop' | undefined {
  if (!context.capture) return 'top'
  return loop?.names.some((name) => name in given) ? 'loop' : undefined
}

function runAlong(
  { catalog, block, limitMs, ...rest }: Target,
  surroundings: Surroundings,
  context: PageContext,
  capture: Capture,
  from: 'top' | 'loop',
): Outcome<Capture> {
  const along = catalog.along(surroundings, from)
  const frame = new RuntimeFrame(undefined, true)
  frame.variables = plainContext(from === 'loop' ? capture.loop!.outside : capture.scope)
  context.ctx = plainContext(capture.variables)
  const run = (done: Callback<unknown>): void => {
    context.draw = { end: done }
    along(context.env, context, frame, runtime, done)
  }
  const late = (): Error => lateError({ catalog, block, limitMs, ...rest })
  const ran = located({ template: surroundings.template, block }, () => answer(run, limitMs, late))
  return andThen(ran, () => {
    const { reads, ...now } = context.captured(frame)
    return { ...now, reads: new Set([...reads, ...capture.reads]), origins: capture.origins }
  })
}
