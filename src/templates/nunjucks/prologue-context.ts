import { BlockContext, type BlockTable, plainContext } from './block-context.ts'
import { newVariables } from './frame.ts'
import type { Callback, Frame, InnerEnvironment, Runtime } from './internals.ts'

/**
 * The context in which a block's declarations run, and the block after them.
 *
 * Macros keep the context they were declared in, so the block must be drawn with the very same one: `ctx` is layered for
 * one draw, and put back.
 */
export class PrologueContext extends BlockContext {
  /** The parent that `{% extends %}` chose, where the chain is only known at run time. */
  chosenParent: unknown
  /** Names that the declarations gave a value: a later change of theirs would be overwritten in the page, too. */
  readonly written: Set<string> = new Set()
  /** The declarations have run; what is set from now on belongs to one draw. */
  settled = false
  readonly #given: Readonly<Record<string, unknown>>

  constructor(env: InnerEnvironment, given: Record<string, unknown>, blocks: BlockTable) {
    super(env, newVariables(), blocks)
    this.under = given
    this.#given = given
  }

  /** Whether the caller gave a value for a name around the block: a loop's variable, a macro's argument. */
  isGiven(name: string): boolean {
    return name in this.#given
  }

  given(name: string): unknown {
    return this.#given[name]
  }

  get givenValues(): unknown[] {
    return Object.values(this.#given)
  }

  /** What was given, and what the declarations made of it. */
  get variables(): Readonly<Record<string, unknown>> {
    return this.written.size === 0 ? this.#given : plainContext(this.#given, this.ctx)
  }

  override setVariable(name: string, value: unknown): void {
    if (!this.settled) this.written.add(name)
    this.ctx[name] = value
  }

  /** Nobody imports from a block. */
  override addExport(_name: string): void {}

  getSuperOf(
    env: unknown,
    name: string,
    level: number,
    frame: Frame,
    runtime: Runtime,
    done: Callback,
  ): void {
    this.getSuper(env, name, this.blocks[name]![level]!.call, frame, runtime, done)
  }
}
