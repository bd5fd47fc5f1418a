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

export interface Frame {
  variables: Record<string, unknown>
  readonly parent: Frame | undefined
  topLevel: boolean
  lookup(name: string): unknown
  set(name: string, value: unknown, up?: boolean): void
  push(isolateWrites?: boolean): Frame
}

export type Callback<T = string> = (error: unknown, result?: T) => void

/** The compiled root of a template, or one of its blocks. All that it uses comes in by parameter. */
export type BlockFunction<T = string> = (
  env: unknown,
  context: unknown,
  frame: Frame,
  runtime: Runtime,
  done: Callback<T>,
) => void

/** A compiled template: `root` and one `b_<name>` for each block. */
export type CompiledTemplate = Readonly<Record<string, BlockFunction>>

export interface Runtime {
  Frame: new (parent?: Frame, isolateWrites?: boolean) => Frame
  SafeString: new (html: string) => object
  [name: string]: unknown
}

type AnyFunction = (...values: any[]) => unknown

/** The argument of `configure(env)`: nunjucks' own environment, as far as it is a promise of ours. */
export interface NunjucksEnvironment {
  opts: { autoescape: boolean; throwOnUndefined: boolean; [option: string]: unknown }
  addFilter(name: string, filter: AnyFunction, async?: boolean): unknown
  addTest(name: string, test: AnyFunction): unknown
  addGlobal(name: string, value: unknown): unknown
  addExtension(name: string, extension: object): unknown
  getFilter(name: string): AnyFunction
}

/** The same environment, with what compiled templates and the engine use of it. */
export interface InnerEnvironment extends NunjucksEnvironment {
  filters: Record<string, AnyFunction | undefined>
  tests: Record<string, AnyFunction | undefined>
  globals: Record<string, unknown>
  asyncFilters: string[]
  extensions: Record<string, Record<string, unknown> | undefined>
  extensionsList: { preprocess?(text: string): string }[]
  getTemplate: unknown
  /** The catalog that a template runs in: a block that it renders comes from the same version. */
  catalog?: unknown
  getTest(name: string): AnyFunction
  getExtension(name: string): Record<string, unknown> | undefined
}

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

const inside = nunjucks as unknown as {
  Environment: new (loaders: unknown[], options: object) => InnerEnvironment
  compiler: { Compiler: new (name: string, throwOnUndefined: boolean) => InnerCompiler }
  parser: { parse(text: string, extensions: unknown[], options: object): AstNode }
  nodes: Record<string, new (line: number, column: number, ...fields: unknown[]) => AstNode>
  runtime: Runtime
  lib: { TemplateError: new (...rest: never[]) => Error }
}
const transformer = deepTransformer as {
  transform(ast: AstNode, asyncFilters: readonly string[], name: string): AstNode
}

export const Environment: typeof inside.Environment = inside.Environment
export const Compiler: typeof inside.compiler.Compiler = inside.compiler.Compiler
export const nunjucksRuntime: Runtime = inside.runtime
export const SafeString: Runtime['SafeString'] = inside.runtime.SafeString
export const RuntimeFrame: Runtime['Frame'] = inside.runtime.Frame

export function makeNode(type: string, at: AstNode, ...fields: unknown[]): AstNode {
  return new inside.nodes[type]!(at.lineno, at.colno, ...fields)
}

/** Template text → syntax tree as it is written. */
export function parseTemplate(text: string, env: InnerEnvironment): AstNode {
  let source = text
  for (const extension of env.extensionsList) source = extension.preprocess?.(source) ?? source
  return inside.parser.parse(source, env.extensionsList, env.opts)
}

/** The tree as the compiler takes it: async filters lifted out of their expressions, `super()` resolved. */
export function transformTemplate(ast: AstNode, name: string, env: InnerEnvironment): AstNode {
  return transformer.transform(ast, env.asyncFilters, name)
}

/** Errors of nunjucks itself know their line and column, from 1. */
export function isNunjucksError(
  error: unknown,
): error is Error & { lineno?: number; colno?: number; cause?: unknown } {
  return error instanceof inside.lib.TemplateError
}

function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && 'typename' in value
}

/**
 * Every child of a node, in the order they are written.
 *
 * nunjucks' own walkers pass over the body of `{% set %}…{% endset %}`, over the cases of a switch, the right sides of
 * comparisons and the bodies of extension tags; what stands there runs all the same.
 */
export function childrenOf(node: AstNode): AstNode[] {
  const fields = node.fields.map((field) => node[field])
  if (node.typename === 'Set') fields.push(node['body'])
  return fields.flat().filter(isNode)
}

export function* nodesIn(node: AstNode): Generator<AstNode> {
  yield node
  for (const each of childrenOf(node)) yield* nodesIn(each)
}

export function child(node: AstNode, field: string): AstNode {
  return node[field] as AstNode
}

export function items(node: AstNode): readonly AstNode[] {
  return (node['children'] as AstNode[] | undefined) ?? []
}

/** The name that a symbol, or a node named by one, carries. */
export function nameOf(node: AstNode): string {
  return node.typename === 'Symbol' ? String(node['value']) : nameOf(child(node, 'name'))
}

/** The blocks of a template, exactly those that nunjucks compiles: it does not look everywhere. */
export function blocksIn(root: AstNode | null): AstNode[] {
  if (root === null) return []
  const below = (root['children'] as unknown[]) ?? root.fields.map((field) => root[field])
  const inner = below.filter(isNode).flatMap(blocksIn)
  return root.typename === 'Block' ? [root, ...inner] : inner
}
