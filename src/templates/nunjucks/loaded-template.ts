import {
  BlockContext,
  blockLevel,
  type BlockLevel,
  type BlockTable,
  plainContext,
  registerLevel,
} from './block-context.ts'
import { Failure } from './failure.ts'
import {
  type AstNode,
  type BlockFunction,
  type Callback,
  type CompiledTemplate,
  type Frame,
  type InnerEnvironment,
  RuntimeFrame,
} from './internals.ts'
import { runtime } from './runtime.ts'
import {
  blockNodes,
  child,
  compiledBlocks,
  isConstant,
  nameOf,
  parentsOf,
  type ParentNode,
} from './syntax.ts'

/** The templates that may be named, by whoever looks at one. */
export interface Templates {
  readonly env: InnerEnvironment
  get(name: string): LoadedTemplate
  /** The template that `name` means when it stands in the template `from`. */
  lookUp(name: string, from: string): LoadedTemplate | undefined
}

/**
 * One compiled template. Stands in for nunjucks' class of the same purpose, which runs includes and imports with its
 * own context and helpers; here every template on the way to a page runs with ours.
 */
export class LoadedTemplate {
  readonly name: string
  /** Nothing when the template came precompiled: its functions are all there is. */
  readonly ast: AstNode | undefined
  readonly levels: Readonly<Record<string, BlockLevel>>
  /** For compiled templates, which read this when they extend. */
  readonly blocks: Readonly<Record<string, BlockFunction>>
  readonly rootRenderFunc: BlockFunction
  /** The syntax of each block; nothing for precompiled templates. */
  readonly blockNodes: Readonly<Record<string, AstNode>>
  /** Each `{% extends %}` that a page run may meet. */
  readonly parents: readonly ParentNode[]
  /** What it exports is the same each time, so that it is run once for all who import it. */
  readonly isConstant: boolean
  readonly #env: InnerEnvironment
  readonly #inner = new Map<string, readonly string[]>()
  #exported: object | undefined

  constructor(name: string, env: InnerEnvironment, compiled: CompiledTemplate, ast?: AstNode) {
    this.name = name
    this.ast = ast
    this.blockNodes = ast ? blockNodes(ast) : Object.create(null)
    this.parents = ast ? parentsOf(ast) : []
    this.isConstant = ast !== undefined && isConstant(ast)
    this.#env = env
    const levels: Record<string, BlockLevel> = Object.create(null)
    const blocks: Record<string, BlockFunction> = Object.create(null)
    for (const key of Object.keys(compiled)) {
      if (!key.startsWith('b_')) continue
      const block = key.slice(2)
      blocks[block] = compiled[key]!
      levels[block] = registerLevel(blockLevel(name, block, compiled[key]!))
    }
    this.levels = levels
    this.blocks = blocks
    const root = compiled['root']!
    this.rootRenderFunc = (env_, context, frame, runtime_, done) => {
      root(env_, context, frame, runtime_, (error, text) => {
        if (error) done(Failure.within(error, name))
        else done(null, text)
      })
    }
  }

  /** The blocks in one of its blocks; nothing when that is not known. */
  blocksIn(block: string): readonly string[] | undefined {
    if (!this.ast) return undefined
    let inner = this.#inner.get(block)
    if (!inner) {
      const node = this.blockNodes[block]
      inner = node ? compiledBlocks(child(node, 'body')).map(nameOf) : []
      this.#inner.set(block, inner)
    }
    return inner
  }

  /** A fresh table with this template's blocks; its parents add theirs behind. */
  table(): BlockTable {
    const table: BlockTable = Object.create(null)
    for (const block in this.levels) table[block] = [this.levels[block]!]
    return table
  }

  /**
   * Draws the template: as a page, or as an include when `parent` is the scope of the one who includes it.
   *
   * In      the variables, on an object that is ours to keep.
   */
  render(variables: Record<string, unknown>, parent: Frame | undefined, done: Callback): void {
    this.#run(this.#context(variables, done), parent ? parent.push(true) : new RuntimeFrame(), done)
  }

  /** What an import takes from the template. Called as `(done)`, or `(variables, scope, done)` for `with context`. */
  getExported(
    ...given: [Callback<object>] | [Record<string, unknown>, Frame, Callback<object>]
  ): void {
    const done = given[given.length - 1] as Callback<object>
    const [variables, parent] = given.length === 3 ? given : []
    if (this.#exported && !parent) return done(null, this.#exported)
    const context = this.#context(variables ?? plainContext(), (error) => done(error))
    this.#run(context, parent ? parent.push() : new RuntimeFrame(), (error) => {
      if (error) done(error)
      else {
        const exported = context.getExported()
        if (!parent && this.isConstant) this.#exported = exported
        done(null, exported)
      }
    })
  }

  #context(variables: Record<string, unknown>, done: Callback): BlockContext {
    const context = new BlockContext(this.#env, variables, this.table())
    context.draw = { end: done }
    return context
  }

  #run(context: BlockContext, frame: Frame, done: Callback): void {
    frame.topLevel = true
    this.rootRenderFunc(this.#env, context, frame, runtime, done)
  }

  /** Compiled templates call this before they use one; ours are compiled when they are loaded. */
  compile(): void {}
}
