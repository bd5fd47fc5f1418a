import { BlockContext, type BlockTable } from './block-context.ts'
import { type BlockFunction, type Callback, type Frame, type Runtime } from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { RuntimeFrame } from './frame.ts'
import { runtime } from './runtime.ts'
import type { TemplateLibrary } from './template-library.ts'

/** Where a block stands in its page: the variables and the scope it was about to be drawn with. */
export interface Captured {
  readonly context: BlockContext
  readonly frame: Frame
}

/** Not an error: stops the page once its block is reached. */
const reached = Symbol('block reached')

/** Helpers that print nothing and forgive what is missing: only the page's declarations are wanted. */
const quiet: Runtime = {
  ...runtime,
  suppressValue: () => '',
  ensureDefined: (value: unknown) => value,
  handleError: (error, line, column) =>
    error === reached ? reached : runtime.handleError(error, line, column),
  callWrap(callee: unknown, _name: string, context: unknown, values: unknown[]) {
    return typeof callee === 'function' ? Reflect.apply(callee, context, values) : undefined
  },
}

/**
 * Runs a page up to one of its blocks, without drawing: for templates that came without source, where the syntax tree
 * cannot say what the block needs.
 *
 * Out     the context and scope at the block's place; those at the page's end when the page never draws the block.
 */
export function dryRun(
  library: TemplateLibrary,
  leaf: LoadedTemplate,
  block: string,
  variables: Record<string, unknown>,
  done: (error: unknown, captured?: Captured, table?: BlockTable) => void,
): void {
  const context = new DryContext(library.env, variables, leaf.table())
  const frame = new RuntimeFrame()
  frame.topLevel = true
  let frameAtBlock: Frame | undefined
  context.target = block
  context.onReached = (at) => {
    frameAtBlock = at
  }
  leaf.rootRenderFunc(library.env, context, frame, quiet, (error) => {
    if (error && frameAtBlock === undefined) done(error)
    else done(null, { context, frame: frameAtBlock ?? frame }, context.blocks)
  })
}

class DryContext extends BlockContext {
  target = ''
  onReached: (frame: Frame) => void = () => {}

  override getBlock(name: string): BlockFunction {
    if (name !== this.target) return super.getBlock(name)
    return (_env: unknown, _context: unknown, frame: Frame, _runtime: Runtime, done: Callback) => {
      this.onReached(frame)
      done(reached)
    }
  }
}
