import {
  type AstNode,
  type CompiledTemplate,
  Compiler,
  evaluate,
  type InnerEnvironment,
} from './internals.ts'
import { mentionsIn } from './mentions.ts'
import { childrenOf } from './syntax.ts'

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

/** What notes its place: expressions where they stand, statements in front. */
const EXPRESSIONS: ReadonlySet<string> = new Set(['Filter', 'Is', 'In'])
const STATEMENTS: ReadonlySet<string> = new Set(['FilterAsync', 'Include', 'Import', 'FromImport'])
/** Statement → its part that may fail without harm while the page is only run up to a block. */
const ATTEMPTED: Readonly<Record<string, string>> = {
  Set: 'value',
  If: 'cond',
  For: 'arr',
  AsyncEach: 'arr',
  AsyncAll: 'arr',
  Switch: 'expr',
}

/**
 * nunjucks' compiler, with some additions to what it emits. Each filter, test, include, import and extends notes its line
 * before it runs; nunjucks notes calls only. While a page is only run up to a block (`context.isPassing`), output is left
 * out, and what fails in a `set` or a condition does not end the run.
 */
class PlacedCompiler extends Compiler {
  #captures = 0
  readonly #attempted = new Map<unknown, readonly [begin: string, end: string]>()

  override compile(node: AstNode, frame: unknown): void {
    const { typename, lineno, colno } = node
    const ends: string[] = []
    const begin = (code: string, end: string): void => {
      this._emit(code)
      ends.unshift(end)
    }
    const attempted = this.#attempted.get(node)
    if (attempted && typename !== 'Literal') begin(...attempted)
    if (EXPRESSIONS.has(typename)) begin(`(lineno = ${lineno}, colno = ${colno}, `, ')')
    if (STATEMENTS.has(typename)) this._emitLine(`lineno = ${lineno}, colno = ${colno};`)
    const part = ATTEMPTED[typename] && (node[ATTEMPTED[typename]] as AstNode | null)
    if (part) this.#attempted.set(part, this.#attempt(node, part))
    super.compile(node, frame)
    for (const end of ends) this._emit(end)
  }

  /** The code around a part of a statement that may fail, or need not run. */
  #attempt(statement: AstNode, part: AstNode): readonly [begin: string, end: string] {
    const isValue = statement.typename === 'Set'
    const needsList = statement.typename.startsWith('Async')
    if (this.#isPrinting && !isValue && !declares(statement))
      return [`(context.isPassing ? ${needsList ? '[]' : 'undefined'} : `, ')']
    const end = `); }, ${namesIn(part)}, ${isValue})${needsList ? ' || []' : ''})`
    return ['(runtime.attempt(context, function() { return (', end]
  }

  /** Not in a macro, which prints into a buffer of its own, nor in a capture, which has one of the same name. */
  get #isPrinting(): boolean {
    return this.buffer === 'output' && this.#captures === 0
  }

  compileOutput(node: AstNode, frame: unknown): void {
    const isPrinted = this.#isPrinting
    // A filter block prints, but may declare something as well.
    const [begin, end] = declares(node)
      ? ['runtime.attempt(context, function() {', '}, [], true);']
      : ['if (!context.isPassing) {', '}']
    if (isPrinted) this._emitLine(begin!)
    original.compileOutput.call(this, node, frame)
    if (isPrinted) this._emitLine(end!)
  }

  compileCapture(node: AstNode, frame: unknown): void {
    this.#captures += 1
    const names = namesIn(node)
    this._emit('runtime.attempt(context, function() { return ')
    original.compileCapture.call(this, node, frame)
    this._emit(`}, ${names}, true)`)
    this.#captures -= 1
  }

  /** A global function gets the context and not the scope; this one must see the scope it stands in, as an include does. */
  compileFunCall(node: AstNode, frame: unknown): void {
    const callee = node['name'] as AstNode
    const needsScope = callee.typename === 'Symbol' && callee['value'] === 'renderBlock'
    if (needsScope) this._emit('(context.callScope = frame, ')
    original.compileFunCall.call(this, node, frame)
    if (needsScope) this._emit(')')
  }

  /** A parent that comes out as nothing is told here, where the line is known, and not as "names must be a string". */
  compileExtends(node: AstNode, frame: unknown): void {
    const parent = this._tmpid()
    const name = original._templateName.call(this)
    this._emitLine(`lineno = ${node.lineno}, colno = ${node.colno};`)
    this._emit('env.getTemplate(context.layout(')
    this.compile(node['template'] as AstNode, frame)
    this._emitLine(`, ${name}, lineno, colno), true, ${name}, false, `)
    this._emitLine(original._makeCallback.call(this, parent))
    original._addScopeLevel.call(this)
    this._emitLine(`context.extend(${parent}, ${name}, lineno, colno);`)
    this._emitLine(`parentTemplate = ${parent};`)
    this._emitLine(
      `for (var each in ${parent}.blocks) context.addBlock(each, ${parent}.blocks[each]);`,
    )
  }
}

/** Whether a statement may do something else than print. */
function declares(node: AstNode): boolean {
  return DECLARING.has(node.typename) || childrenOf(node).some(declares)
}

const DECLARING: ReadonlySet<string> = new Set([
  'Set',
  'Macro',
  'Import',
  'FromImport',
  'Extends',
  'Block',
  'Super',
  'Capture',
  'CallExtension',
  'CallExtensionAsync',
])

/** The names that an expression reads, as code. */
function namesIn(node: AstNode): string {
  return JSON.stringify([...mentionsIn([node], '').names])
}

type Compile = (this: object, node: AstNode, frame: unknown) => void
const original = Compiler.prototype as unknown as {
  compileOutput: Compile
  compileCapture: Compile
  compileFunCall: Compile
  _templateName(this: object): string
  _makeCallback(this: object, id: string): string
  _addScopeLevel(this: object): void
}
