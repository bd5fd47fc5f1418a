import nunjucks from 'nunjucks'
// @ts-expect-error nunjucks ships no types for its inner modules.
import deepTransformer from 'nunjucks/src/transformer.js'

/** A node of nunjucks' syntax tree. Lines and columns count from 0 here, and from 1 everywhere else. */
export interface AstNode {
  readonly typename: string
  readonly lineno: number
  readonly colno: number
  readonly fields: readonly string[]
  [field: string]: unknown
}

/** A scope at run time. */
export interface Frame {
  variables: Record<string, unknown>
  parent: Frame | undefined
  topLevel: boolean
  set(name: string, value: unknown, resolveUp?: boolean): void
  lookup(name: string): unknown
  resolve(name: string, forWrite?: boolean): Frame | undefined
  push(isolateWrites?: boolean): Frame
  pop(): Frame | undefined
}

export type Callback<T = string> = (error: unknown, result?: T) => void

/** What nunjucks compiles a template's root and each block to. All that it uses comes in by parameter. */
export type BlockFunction<T = string> = (
  env: unknown,
  context: unknown,
  frame: Frame,
  runtime: Runtime,
  done: Callback<T>,
) => void

/** A compiled template: `root` and one `b_<name>` for each block. */
export type CompiledTemplate = Readonly<Record<string, BlockFunction>>

/** The helpers that compiled templates call. */
export interface Runtime {
  Frame: new (parent?: Frame, isolateWrites?: boolean) => Frame
  SafeString: new (html: string) => object
  suppressValue(value: unknown, autoescape: boolean): unknown
  handleError(error: unknown, line: number, column: number): unknown
  memberLookup(object: unknown, key: unknown): unknown
  makeMacro(names: string[], keywords: string[], body: (...values: unknown[]) => unknown): unknown
  makeKeywordArgs(values: Record<string, unknown>): object
  [helper: string]: unknown
}

/** What a template author's `configure(env)` gets: nunjucks' own environment, as far as it is a promise of ours. */
export interface NunjucksEnvironment {
  opts: { autoescape: boolean; throwOnUndefined: boolean; [option: string]: unknown }
  addFilter(name: string, filter: (...values: any[]) => unknown, async?: boolean): unknown
  addTest(name: string, test: (...values: any[]) => unknown): unknown
  addGlobal(name: string, value: unknown): unknown
  addExtension(name: string, extension: object): unknown
  getFilter(name: string): (...values: any[]) => unknown
}

/** The same environment, with what compiled templates and we ourselves use of it. */
export interface InnerEnvironment extends NunjucksEnvironment {
  filters: Record<string, ((...values: unknown[]) => unknown) | undefined>
  tests: Record<string, ((...values: unknown[]) => unknown) | undefined>
  globals: Record<string, unknown>
  asyncFilters: string[]
  extensions: Record<string, Record<string, unknown> | undefined>
  extensionsList: { preprocess?(text: string): string }[]
  getTemplate: unknown
  getTest(name: string): (...values: unknown[]) => unknown
  getExtension(name: string): Record<string, unknown> | undefined
}

interface CompilerObject {
  codebuf: string[]
  inBlock: boolean
  buffer: string | null
  _emit(code: string): void
  _emitLine(code: string): void
  _emitFuncBegin(node: AstNode, name: string): void
  _closeScopeLevels(): void
  _tmpid(): string
  compile(node: AstNode, frame: unknown): void
  getCode(): string
}
type NodeClass = new (line: number, column: number, ...fields: unknown[]) => AstNode

const inside = nunjucks as unknown as {
  Environment: new (loaders: unknown[], options: object) => InnerEnvironment
  Template: new (...rest: never[]) => object
  compiler: { Compiler: new (name: string, throwOnUndefined: boolean) => CompilerObject }
  parser: { parse(text: string, extensions: unknown[], options: object): AstNode }
  nodes: Record<string, NodeClass>
  runtime: Runtime
  lib: { TemplateError: new (...rest: never[]) => Error }
}
const transformer = deepTransformer as {
  transform(ast: AstNode, asyncFilters: readonly string[], name: string): AstNode
}

export const nunjucksRuntime: Runtime = inside.runtime
export const SafeString: Runtime['SafeString'] = inside.runtime.SafeString

/** A nunjucks environment that finds templates through `read` only. */
export function newEnvironment(
  read: (name: string) => string | undefined,
  options: object,
): InnerEnvironment {
  const loader = {
    getSource(name: string) {
      const text = read(name)
      return text === undefined ? null : { src: text, path: name, noCache: true }
    },
  }
  return new inside.Environment([loader], options)
}

/** A node of our own making. */
export function makeNode(type: string, at: AstNode, ...fields: unknown[]): AstNode {
  const Node = inside.nodes[type]
  if (!Node) throw new TypeError(`nunjucks has no node "${type}"`)
  return new Node(at.lineno, at.colno, ...fields)
}

/** Template text → syntax tree as it was written. */
export function parseTemplate(text: string, env: InnerEnvironment): AstNode {
  let source = text
  for (const extension of env.extensionsList) source = extension.preprocess?.(source) ?? source
  return inside.parser.parse(source, env.extensionsList, env.opts)
}

/** The tree as the compiler takes it: async filters lifted out of their expressions, `super()` resolved. */
export function transformTemplate(ast: AstNode, name: string, env: InnerEnvironment): AstNode {
  return transformer.transform(ast, env.asyncFilters, name)
}

/** A whole template → its functions. */
export function compileTemplate(
  ast: AstNode,
  name: string,
  env: InnerEnvironment,
): CompiledTemplate {
  const compiler = new PlacedCompiler(name, env.opts.throwOnUndefined)
  compiler.compile(ast, undefined)
  return evaluate(compiler.getCode()) as CompiledTemplate
}

/** A scope that a slice enters: the names around a block that only the caller can give a value. */
export interface SliceScope {
  readonly enter: 'loop' | 'call' | 'macro'
  readonly names: readonly string[]
  readonly defaults: ReadonlyMap<string, AstNode>
}

export interface SliceOptions {
  readonly template: string
  /** The slice is taken from the root of a template that extends none: blocks in it are drawn where they stand. */
  readonly isPage: boolean
  readonly isBlock: boolean
  /** Which level of a block the slice is taken from. */
  readonly level: number
}

/**
 * Some statements of a template, as one function that runs them and gives back the scope they end in.
 *
 * This is how nunjucks compiles a root or a block, without the output.
 */
export function compileSlice(
  steps: readonly (AstNode | SliceScope)[],
  options: SliceOptions,
  env: InnerEnvironment,
): BlockFunction<Frame> {
  const compiler = new SliceCompiler(options.template, env.opts.throwOnUndefined)
  compiler.begin(options)
  for (const step of steps) {
    if ('enter' in step) compiler.enter(step as SliceScope)
    else compiler.compile(step, compiler.scope)
  }
  compiler.end()
  return (evaluate(compiler.getCode()) as { slice: BlockFunction<Frame> }).slice
}

type CompileFrame = Frame

/**
 * nunjucks' compiler, with one difference in what it emits: each filter, test, include, import and extends notes its line
 * before it runs. nunjucks notes calls only, so that an error in a filter is told at the start of its block.
 */
class PlacedCompiler extends inside.compiler.Compiler {
  protected place(node: AstNode): string {
    return `lineno = ${node.lineno}, colno = ${node.colno}`
  }

  compileFilter(node: AstNode, frame: CompileFrame): void {
    this._emit(`(${this.place(node)}, `)
    superMethod('compileFilter').call(this, node, frame)
    this._emit(')')
  }

  compileFilterAsync(node: AstNode, frame: CompileFrame): void {
    this._emitLine(`${this.place(node)};`)
    superMethod('compileFilterAsync').call(this, node, frame)
  }

  /** A global function gets the context and not the scope; this one must see the scope it stands in, as an include does. */
  compileFunCall(node: AstNode, frame: CompileFrame): void {
    const callee = node['name'] as AstNode
    const needsScope = callee.typename === 'Symbol' && callee['value'] === 'renderBlock'
    if (needsScope) this._emit('(context.callScope = frame, ')
    superMethod('compileFunCall').call(this, node, frame)
    if (needsScope) this._emit(')')
  }

  compileIs(node: AstNode, frame: CompileFrame): void {
    this._emit(`(${this.place(node)}, `)
    superMethod('compileIs').call(this, node, frame)
    this._emit(')')
  }

  compileIn(node: AstNode, frame: CompileFrame): void {
    this._emit(`(${this.place(node)}, `)
    superMethod('compileIn').call(this, node, frame)
    this._emit(')')
  }

  compileInclude(node: AstNode, frame: CompileFrame): void {
    this._emitLine(`${this.place(node)};`)
    superMethod('compileInclude').call(this, node, frame)
  }

  compileImport(node: AstNode, frame: CompileFrame): void {
    this._emitLine(`${this.place(node)};`)
    superMethod('compileImport').call(this, node, frame)
  }

  compileFromImport(node: AstNode, frame: CompileFrame): void {
    this._emitLine(`${this.place(node)};`)
    superMethod('compileFromImport').call(this, node, frame)
  }

  compileExtends(node: AstNode, frame: CompileFrame): void {
    const parent = this.emitParent(node, frame)
    const { _templateName } = compilerMethods
    this._emitLine(`context.extend(${parent}, ${_templateName.call(this)}, lineno, colno);`)
    this._emitLine(`parentTemplate = ${parent};`)
    this._emitLine(
      `for (var each in ${parent}.blocks) context.addBlock(each, ${parent}.blocks[each]);`,
    )
  }

  /** A parent that comes out as nothing is told here, where the line is known, and not as "names must be a string". */
  protected emitParent(node: AstNode, frame: CompileFrame): string {
    const id = this._tmpid()
    this._emitLine(`${this.place(node)};`)
    this._emit('env.getTemplate(context.layout(')
    this.compile(node['template'] as AstNode, frame)
    const { _templateName, _makeCallback, _addScopeLevel } = compilerMethods
    this._emitLine(
      `, ${_templateName.call(this)}, lineno, colno), true, ${_templateName.call(this)}, false, `,
    )
    this._emitLine(_makeCallback.call(this, id))
    _addScopeLevel.call(this)
    return id
  }
}

const compilerMethods = inside.compiler.Compiler.prototype as unknown as {
  _templateName(this: object): string
  _makeCallback(this: object, id: string): string
  _addScopeLevel(this: object): void
}

type CompileMethod = (this: object, node: AstNode, frame: CompileFrame) => void
function superMethod(name: string): CompileMethod {
  return (inside.compiler.Compiler.prototype as unknown as Record<string, CompileMethod>)[name]!
}

class SliceCompiler extends PlacedCompiler {
  // Set in `begin`: the base class runs its own initialiser in place of a constructor.
  declare scope: CompileFrame
  declare level: number

  begin(options: SliceOptions): void {
    this.scope = new inside.runtime.Frame()
    this.level = options.level
    this.inBlock = options.isBlock
    this.buffer = 'output'
    this._emitLine('function slice(env, context, frame, runtime, cb) {')
    this._emitLine('var lineno = 0, colno = 0, output = "";')
    this._emitLine(`var parentTemplate = ${options.isPage ? 'null' : '{}'};`)
    this._emitLine('try {')
  }

  enter({ enter, names, defaults }: SliceScope): void {
    const isolated = enter === 'call'
    this.scope = enter === 'macro' ? new inside.runtime.Frame() : this.scope.push(isolated)
    this._emitLine(
      enter === 'macro' ? 'frame = new runtime.Frame();' : `frame = frame.push(${isolated});`,
    )
    for (const name of names) {
      const id = this._tmpid()
      const quoted = JSON.stringify(name)
      const fallback = defaults.get(name)
      this._emit(`var ${id} = context.isGiven(${quoted}) ? context.given(${quoted}) : `)
      if (fallback) this.compile(fallback, this.scope)
      else this._emit('undefined')
      this._emitLine(`; frame.set(${quoted}, ${id});`)
      this.scope.set(name, id)
    }
  }

  end(): void {
    this._emitLine('cb(null, frame);')
    this._closeScopeLevels()
    this._emitLine('} catch (e) { cb(runtime.handleError(e, lineno, colno)); } }')
    this._emitLine('return { slice: slice };')
  }

  compileSuper(node: AstNode, frame: CompileFrame): void {
    const block = JSON.stringify((node['blockName'] as AstNode)['value'])
    const id = String((node['symbol'] as AstNode)['value'])
    this._emit(`context.getSuperOf(env, ${block}, ${this.level}, frame, runtime, `)
    this._emitLine(compilerMethods._makeCallback.call(this, id))
    this._emitLine(`${id} = runtime.markSafe(${id});`)
    compilerMethods._addScopeLevel.call(this)
    frame.set(id, id)
  }

  override compileExtends(node: AstNode, frame: CompileFrame): void {
    this._emitLine(`context.chosenParent = ${this.emitParent(node, frame)};`)
  }
}

/** Templates are code that was installed with the app; the text comes from a TemplateSource and from nowhere else. */
function evaluate(code: string): unknown {
  return new Function(code)()
}

/** What nunjucks itself throws: it knows its line and column, from 1. */
export function isNunjucksError(
  error: unknown,
): error is Error & { lineno?: number; colno?: number; cause?: unknown } {
  return error instanceof inside.lib.TemplateError
}

/** A template object of nunjucks' own, which templates may be handed by value. */
export function isNunjucksTemplate(value: unknown): boolean {
  return value instanceof inside.Template
}

export function isSafeString(value: unknown): boolean {
  return value instanceof SafeString
}
