import nunjucks from 'nunjucks'
// @ts-expect-error nunjucks ships no types for its inner modules.
import deepTransformer from 'nunjucks/src/transformer.js'
import { refuseLostFilters } from './async-filters.ts'
import {
  type AstNode,
  blocksIn,
  child,
  type Compile,
  type CompiledTemplate,
  items,
  nameOf,
  nodesIn,
} from './internals.ts'
import type { Around } from './runtime.ts'

interface InnerCompiler {
  buffer: string | null
  inBlock: boolean
  _emit(code: string): void
  _emitLine(code: string): void
  _tmpid(): string
  _addScopeLevel(): void
  compile(node: AstNode, frame: unknown): void
  compileOutput(node: AstNode, frame: unknown): void
  compileCapture(node: AstNode, frame: unknown): void
  compileFunCall(node: AstNode, frame: unknown): void
  _compileMacro(node: AstNode, frame: unknown): string
  getCode(): string
}

const { compiler, parser } = nunjucks as unknown as {
  compiler: { Compiler: new (name: string, throwOnUndefined: boolean) => InnerCompiler }
  parser: { parse(text: string, extensions: unknown[], options: object): AstNode }
}
const transformer = deepTransformer as {
  transform(ast: AstNode, asyncFilters: readonly string[], name: string): AstNode
}

/**
 * The text of a template → its functions. Templates are code that was installed with the app: their text comes from a
 * TemplateSource and from nowhere else.
 *
 * Throws  TemplateError `template/async-filter` for one where it would be lost; what nunjucks throws.
 */
export const compileTemplate: Compile = (text, name, env) => {
  let source = text
  for (const extension of env.extensionsList) source = extension.preprocess?.(source) ?? source
  const written = parser.parse(source, env.extensionsList, env.opts)
  refuseLostFilters(written, name, env)
  // Async filters are lifted out of their expressions, and `super()` is resolved.
  const ast = transformer.transform(written, env.asyncFilters, name)
  const placed = new PlacedCompiler(name, env.opts.throwOnUndefined)
  placed.compile(ast, undefined)
  const body = placed.getCode()
  const inner = Object.fromEntries(
    blocksIn(ast).map((node) => [nameOf(node), blocksIn(child(node, 'body')).map(nameOf)]),
  )
  const called = [...nodesIn(ast)].filter(({ typename }) => typename === 'Filter')
  const filters = [...new Set(called.map((node) => nameOf(child(node, 'name'))))]
  const facts = `inner: ${JSON.stringify(inner)}, filters: ${JSON.stringify(filters)}`
  return {
    functions: new Function(body)() as CompiledTemplate,
    inner,
    filters,
    ast,
    code: `{ functions: (function () {\n${body}})(), ${facts} }`,
  }
}

/** Nodes that note their place: expressions where they stand, statements in front. */
const EXPRESSIONS: ReadonlySet<string> = new Set(['Filter', 'Is', 'In'])
/** Those whose result may be lost on the way to a block. */
const LOSING: ReadonlySet<string> = new Set(['FilterAsync', 'Include', 'Import', 'FromImport'])
const STATEMENTS: ReadonlySet<string> = new Set([...LOSING, 'Extends'])
/** Statement → its part that may fail without harm on the way to a block. */
const ATTEMPTED: Readonly<Record<string, string>> = {
  Set: 'value',
  If: 'cond',
  IfAsync: 'cond',
  Switch: 'expr',
  For: 'arr',
  AsyncEach: 'arr',
  AsyncAll: 'arr',
}

/**
 * nunjucks' compiler, with some additions to what it emits. Each filter, test, include, import and extends notes its line
 * before it runs; nunjucks notes calls only. While a page is only run up to a block (`context.isPassing`), output is left
 * out, what fails in a `set`, an import or a condition does not end the run, and conditions and loops around the block can be
 * made to lead there.
 */
class PlacedCompiler extends compiler.Compiler {
  readonly #template: string
  #captures = 0
  /** How many macros with blocks in them are being compiled. */
  #macros = 0
  #isLosing = false
  /** A value is an attempt without blocks around. */
  readonly #attempts = new Map<unknown, Around | undefined>()

  constructor(name: string, throwOnUndefined: boolean) {
    super(name, throwOnUndefined)
    this.#template = JSON.stringify(name)
  }

  override compile(node: AstNode, frame: unknown): void {
    const { typename, lineno, colno } = node
    const part = node[ATTEMPTED[typename]!]
    if (part) this.#attempts.set(part, typename === 'Set' ? undefined : aroundOf(node))
    const place = `lineno = ${lineno}, colno = ${colno}`
    if (STATEMENTS.has(typename)) this._emitLine(`${place};`)
    const begin = EXPRESSIONS.has(typename) ? `(${place}, ` : ''
    const compile = (): void => {
      this._emit(begin)
      const outer = this.#isLosing
      this.#isLosing = LOSING.has(typename)
      super.compile(node, frame)
      this.#isLosing = outer
      if (begin) this._emit(')')
    }
    if (this.#attempts.has(node)) this.#attempt(compile, this.#attempts.get(node))
    else compile()
  }

  #attempt(compile: () => void, around?: Around): void {
    this._emit('runtime.attempt(context, function() { return (')
    compile()
    const where = `function() { return [lineno, colno, ${this.#template}, frame]; }`
    this._emit(`); }, ${where}, ${JSON.stringify(around)})`)
  }

  /** nunjucks passes errors of a callback on without their place. */
  _makeCallback(result?: string): string {
    const error = this._tmpid()
    const lost = `${result} = runtime.lost(${error}, lineno, colno, ${this.#template});`
    const passed = `{ cb(runtime.handleError(${error}, lineno, colno)); return; }`
    const failed = this.#isLosing ? `if (context.isPassing) ${lost} else ${passed}` : passed
    return `function(${error}${result ? `, ${result}` : ''}) {\nif(${error}) { ${failed} }`
  }

  override compileOutput(node: AstNode, frame: unknown): void {
    // A macro prints into a buffer of its own, a capture into one of the same name. A filter block may declare something.
    const isNeeded =
      this.#captures > 0 || [...nodesIn(node)].some(({ typename }) => typename === 'Capture')
    const when = this.buffer === 'output' ? '!context.isPassing' : '!context.isForcing'
    const leads = blocksIn(node).map((block) => ` || context.leadsTo?.(${quoted(block)})`)
    const isLeftOut = !isNeeded && (this.buffer === 'output' || this.#macros > 0)
    if (isLeftOut) this._emitLine(`if (${when}${leads.join('')}) {`)
    super.compileOutput(node, frame)
    if (isLeftOut) this._emitLine('}')
  }

  override compileCapture(node: AstNode, frame: unknown): void {
    this.#captures += 1
    this.#attempt(() => super.compileCapture(node, frame))
    this.#captures -= 1
  }

  /** As nunjucks does it, but whether the parent renders the block is decided by the context. */
  compileBlock(node: AstNode): void {
    const html = this._tmpid()
    const parent = this.inBlock ? '' : ', parentTemplate'
    this._emit(`context.getBlock(${quoted(node)}${parent})`)
    this._emitLine(`(env, context, frame, runtime, ${this._makeCallback(html)}`)
    this._emitLine(`${this.buffer} += ${html};`)
    this._addScopeLevel()
  }

  override _compileMacro(node: AstNode, frame: unknown): string {
    const around = aroundOf(node)
    const leads = around.inside.length > 0 ? 1 : 0
    this.#macros += leads
    const id = super._compileMacro(node, frame)
    this.#macros -= leads
    if (leads)
      this._emitLine(`context.forceMacro?.(${id}, ${JSON.stringify(around)}, ${this.#template});`)
    return id
  }

  /** Hands `renderBlock` the scope it stands in, as an include has it: a global function gets the context only. */
  override compileFunCall(node: AstNode, frame: unknown): void {
    const callee = child(node, 'name')
    const needsScope = callee.typename === 'Symbol' && callee['value'] === 'renderBlock'
    if (needsScope) this._emit('(context.callScope = frame, ')
    super.compileFunCall(node, frame)
    if (needsScope) this._emit(')')
  }
}

function aroundOf(node: AstNode): Around {
  const name = node['name'] as AstNode | undefined
  const list = (node['args'] ?? (name?.typename === 'Array' ? name : undefined)) as AstNode
  const inner = (field: string): string[] =>
    blocksIn((node[field] ?? null) as AstNode | null).map(nameOf)
  const names =
    list &&
    items(list)
      .filter(({ typename }) => typename === 'Symbol')
      .map(nameOf)
  return {
    inside: inner('body'),
    otherwise: inner('else_'),
    ...(name && { names: names ?? nameOf(name) }),
    line: node.lineno + 1,
    column: node.colno + 1,
  }
}

function quoted(block: AstNode): string {
  return JSON.stringify(nameOf(block))
}
