// Without its compiler where code cannot be made from text (package.json, "imports").
import nunjucks from '#nunjucks'

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

/** Which blocks stand in each block of a template. */
export type InnerBlocks = Readonly<Record<string, readonly string[]>>

/** A template that our compiler has made: its functions, and what its syntax tree would tell. */
export interface BundledTemplate {
  readonly functions: CompiledTemplate
  readonly inner: InnerBlocks
  /** The filters that it calls without waiting. */
  readonly filters: readonly string[]
}

/** The same, with its syntax tree, and as code: a JavaScript expression. */
export interface Compilation extends BundledTemplate {
  readonly ast: AstNode
  readonly code: string
}

/** Makes templates from text. */
export type Compile = (text: string, name: string, env: InnerEnvironment) => Compilation

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

const inside = nunjucks as unknown as {
  Environment: new (loaders: unknown[], options: object) => InnerEnvironment
  runtime: Runtime
  lib: { TemplateError: new (...rest: never[]) => Error }
}

export const Environment: typeof inside.Environment = inside.Environment
export const nunjucksRuntime: Runtime = inside.runtime
export const SafeString: Runtime['SafeString'] = inside.runtime.SafeString
export const RuntimeFrame: Runtime['Frame'] = inside.runtime.Frame

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
