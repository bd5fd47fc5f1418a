import { BlockContext, blockLevel, plainContext, type Values } from './block-context.ts'
import { Failure, Fault } from './failure.ts'
import {
  type AstNode,
  type BlockFunction,
  type Callback,
  type CompiledTemplate,
  type Frame,
  type InnerEnvironment,
  RuntimeFrame,
} from './internals.ts'
import { lenientRuntime, runtime } from './runtime.ts'
import { type Surroundings, surroundingsOf } from './surroundings.ts'
import { child, compiledBlocks, nameOf } from './syntax.ts'

/**
 * One compiled template. Stands in for nunjucks' class of the same purpose, which runs includes and imports with its
 * own context and helpers; here every template on the way to a page runs with ours.
 */
export class LoadedTemplate {
  readonly name: string
  /** Undefined when the template came precompiled: its functions are all there is. */
  readonly ast: AstNode | undefined
  /** For compiled templates, which read this when they extend. */
  readonly blocks: Readonly<Record<string, BlockFunction>>
  readonly #env: InnerEnvironment
  readonly #root: BlockFunction
  readonly #around = new Map<string, Surroundings | undefined>()

  constructor(name: string, env: InnerEnvironment, compiled: CompiledTemplate, ast?: AstNode) {
    this.name = name
    this.ast = ast
    this.#env = env
    this.#root = compiled['root']!
    const inner: Record<string, readonly string[]> = Object.create(null)
    for (const node of ast ? compiledBlocks(ast) : [])
      inner[nameOf(node)] = compiledBlocks(child(node, 'body')).map(nameOf)
    const blocks: Record<string, BlockFunction> = Object.create(null)
    for (const key of Object.keys(compiled).filter((each) => each.startsWith('b_'))) {
      const block = key.slice(2)
      blocks[block] = compiled[key]!
      blockLevel(name, block, compiled[key]!, inner[block])
    }
    this.blocks = blocks
  }

  /** What one of its blocks is written in. */
  around(block: string): Surroundings | undefined {
    if (!this.#around.has(block)) {
      const around = this.ast && surroundingsOf(this.ast, this.name, block, this.#env)
      this.#around.set(block, around)
    }
    return this.#around.get(block)
  }

  /** Runs the template as a page, or as the parent of one: what compiled templates call when they extend. */
  rootRenderFunc(
    env: unknown,
    context: BlockContext,
    frame: Frame,
    _runtime: unknown,
    done: Callback,
  ): void {
    const { name } = this
    const { lineage } = context
    if (lineage.includes(name)) {
      const message = `templates extend each other in a circle: ${[...lineage, name].join(' → ')}`
      throw new Fault('template/circular', message)
    }
    if (lineage.push(name) === 1)
      for (const block in this.blocks) context.addBlock(block, this.blocks[block]!)
    frame.topLevel = true
    this.#root(env, context, frame, this.ast ? runtime : lenientRuntime, (error, text) => {
      if (error) done(Failure.within(error, name))
      else done(null, text)
    })
  }

  /**
   * Draws the template: as a page, or as an include when `parent` is the scope of the one that includes it.
   *
   * In      the variables, on an object that is ours to keep.
   */
  render(variables: Values, parent: Frame | undefined, done: Callback): void {
    const context = new BlockContext(this.#env, variables)
    context.end = done
    const frame = parent ? parent.push(true) : new RuntimeFrame()
    this.rootRenderFunc(this.#env, context, frame, undefined, done)
  }

  /** What an import takes from the template. Called as `(done)`, or `(variables, scope, done)` for `with context`. */
  getExported(...given: [Callback<object>] | [Values, Frame, Callback<object>]): void {
    const done = given.at(-1) as Callback<object>
    const [variables, parent] = given.length === 3 ? given : [plainContext()]
    const context = new BlockContext(this.#env, variables)
    context.end = done
    const frame = parent ? parent.push() : new RuntimeFrame()
    this.rootRenderFunc(this.#env, context, frame, undefined, (error) => {
      if (error) done(error)
      else done(null, context.getExported())
    })
  }
}
