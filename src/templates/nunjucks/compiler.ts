import {
  type AstNode,
  type CompiledTemplate,
  Compiler,
  type InnerEnvironment,
} from './internals.ts'
import { child, nodesIn } from './syntax.ts'

/**
 * A whole template → its functions. Templates are code that was installed with the app: their text comes from a
 * TemplateSource and from nowhere else.
 */
export function compileTemplate(
  ast: AstNode,
  name: string,
  env: InnerEnvironment,
): CompiledTemplate {
  const compiler = new PlacedCompiler(name, env.opts.throwOnUndefined)
  compiler.compile(ast, undefined)
  return new Function(compiler.getCode())() as CompiledTemplate
}

/** What notes its place: expressions where they stand, statements in front. */
const EXPRESSIONS: ReadonlySet<string> = new Set(['Filter', 'Is', 'In'])
/** Those whose result may be lost on the way to a block. */
const LOSING: ReadonlySet<string> = new Set(['FilterAsync', 'Import', 'FromImport'])
const STATEMENTS: ReadonlySet<string> = new Set([...LOSING, 'Include', 'Extends'])
/** Statement → its part that may fail without harm on the way to a block. */
const ATTEMPTED: Readonly<Record<string, readonly [field: string, kind: string]>> = {
  Set: ['value', 'value'],
  If: ['cond', 'condition'],
  IfAsync: ['cond', 'condition'],
  Switch: ['expr', 'condition'],
  For: ['arr', 'list'],
  AsyncEach: ['arr', 'list'],
  AsyncAll: ['arr', 'list'],
}

/**
 * nunjucks' compiler, with some additions to what it emits. Each filter, test, include, import and extends notes its line
 * before it runs; nunjucks notes calls only. While a page is only run up to a block (`context.isPassing`), output is left
 * out, and what fails in a `set`, an import or a condition does not end the run.
 */
class PlacedCompiler extends Compiler {
  readonly #template: string
  #captures = 0
  #isLosing = false
  readonly #attempted = new Map<unknown, string>()

  constructor(name: string, throwOnUndefined: boolean) {
    super(name, throwOnUndefined)
    this.#template = JSON.stringify(name)
  }

  override compile(node: AstNode, frame: unknown): void {
    const { typename, lineno, colno } = node
    const [field, kind] = ATTEMPTED[typename] ?? []
    const part = field === undefined ? undefined : (node[field] as AstNode | null)
    if (part && part.typename !== 'Literal') this.#attempted.set(part, kind!)
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
    const attempted = this.#attempted.get(node)
    if (attempted === undefined) compile()
    else this.#attempt(attempted, compile)
  }

  #attempt(kind: string, compile: () => void): void {
    this._emit('runtime.attempt(context, function() { return (')
    compile()
    const where = `function() { return [lineno, colno, ${this.#template}]; }`
    this._emit(`); }, ${where}, ${JSON.stringify(kind)})`)
  }

  /** nunjucks passes errors of a callback on without their place. */
  _makeCallback(result?: string): string {
    const error = this._tmpid()
    const lost = `${result} = runtime.lost(${error}, lineno, colno, ${this.#template});`
    const passed = `{ cb(runtime.handleError(${error}, lineno, colno)); return; }`
    const failed = this.#isLosing ? `if (context.isPassing) ${lost} else ${passed}` : passed
    return `function(${error}${result ? `, ${result}` : ''}) {\nif(${error}) { ${failed} }`
  }

  compileOutput(node: AstNode, frame: unknown): void {
    // A macro prints into a buffer of its own, a capture into one of the same name. A filter block may declare something.
    const isPrinted = this.buffer === 'output' && this.#captures === 0
    const isLeftOut =
      isPrinted && [...nodesIn(node)].every(({ typename }) => typename !== 'Capture')
    if (isLeftOut) this._emitLine('if (!context.isPassing) {')
    original.compileOutput.call(this, node, frame)
    if (isLeftOut) this._emitLine('}')
  }

  compileCapture(node: AstNode, frame: unknown): void {
    this.#captures += 1
    this.#attempt('value', () => original.compileCapture.call(this, node, frame))
    this.#captures -= 1
  }

  /** A global function gets the context and not the scope; this one must see the scope it stands in, as an include does. */
  compileFunCall(node: AstNode, frame: unknown): void {
    const callee = child(node, 'name')
    const needsScope = callee.typename === 'Symbol' && callee['value'] === 'renderBlock'
    if (needsScope) this._emit('(context.callScope = frame, ')
    original.compileFunCall.call(this, node, frame)
    if (needsScope) this._emit(')')
  }
}

type Compile = (this: object, node: AstNode, frame: unknown) => void
const original = Compiler.prototype as unknown as {
  compileOutput: Compile
  compileCapture: Compile
  compileFunCall: Compile
}
