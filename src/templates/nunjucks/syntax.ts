import type { AstNode } from './internals.ts'

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

/** A node and all below it. */
export function* nodesIn(node: AstNode): Generator<AstNode> {
  yield node
  for (const each of childrenOf(node)) yield* nodesIn(each)
}

/** A child that is known to be there. */
export function child(node: AstNode, field: string): AstNode {
  return node[field] as AstNode
}

/** The children of a list of any kind. */
export function items(node: AstNode): readonly AstNode[] {
  return (node['children'] as AstNode[] | undefined) ?? []
}

/** The name that a symbol, or a node named by one, carries. */
export function nameOf(node: AstNode): string {
  return node.typename === 'Symbol' ? String(node['value']) : nameOf(child(node, 'name'))
}

/** The text of a literal; undefined for any other expression. */
export function literalOf(node: AstNode | undefined): string | undefined {
  return node?.typename === 'Literal' ? String(node['value']) : undefined
}

/** The blocks of a template, exactly those that nunjucks compiles: it does not look everywhere. */
export function compiledBlocks(root: AstNode): AstNode[] {
  const below = (root['children'] as unknown[]) ?? root.fields.map((field) => root[field])
  const inner = below.filter(isNode).flatMap(compiledBlocks)
  return root.typename === 'Block' ? [root, ...inner] : inner
}

const LOOPS = new Set(['For', 'AsyncEach', 'AsyncAll'])
/** Whether a node repeats its body. */
export function isLoop(node: AstNode): boolean {
  return LOOPS.has(node.typename)
}

/** Whether a node is a macro, or the body of a `call`. */
export function isMacro(node: AstNode): boolean {
  return node.typename === 'Macro' || node.typename === 'Caller'
}
