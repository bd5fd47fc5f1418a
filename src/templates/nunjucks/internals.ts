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
  readonly parent: Frame | undefined
  topLevel: boolean
  lookup(name: string): unknown
  push(isolateWrites?: boolean): Frame
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

export interface CompilerObject {
  buffer: string | null
  _emit(code: string): void
  _emitLine(code: string): void
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

/** nunjucks' compiler: text is emitted, node by node. */
export const Compiler: new (name: string, throwOnUndefined: boolean) => CompilerObject =
  inside.compiler.Compiler
export const nunjucksRuntime: Runtime = inside.runtime
export const SafeString: Runtime['SafeString'] = inside.runtime.SafeString
export const RuntimeFrame: Runtime['Frame'] = inside.runtime.Frame

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

/** Templates are code that was installed with the app; the text comes from a TemplateSource and from nowhere else. */
export function evaluate(code: string): unknown {
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
