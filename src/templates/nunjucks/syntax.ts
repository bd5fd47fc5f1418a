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
  const children: AstNode[] = []
  const add = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) add(each)
    else if (isNode(value)) children.push(value)
  }
  for (const field of node.fields) add(node[field])
  if (node.typename === 'Set') add(node['body'])
  return children
}

/** A child that is known to be there. */
export function child(node: AstNode, field: string): AstNode {
  return node[field] as AstNode
}

/** A child that may be missing. */
export function optionalChild(node: AstNode, field: string): AstNode | undefined {
  const value = node[field]
  return isNode(value) ? value : undefined
}

/** The children of a list of any kind. */
export function items(node: AstNode): readonly AstNode[] {
  return (node['children'] as AstNode[] | undefined) ?? []
}

/** The name that a symbol, or a node named by one, carries. */
export function nameOf(node: AstNode): string {
  return node.typename === 'Symbol' ? String(node['value']) : nameOf(child(node, 'name'))
}

/** The blocks of a template, exactly those that nunjucks compiles: it does not look everywhere. */
export function compiledBlocks(root: AstNode): AstNode[] {
  const found: AstNode[] = []
  const visit = (node: AstNode): void => {
    if (node.typename === 'Block') found.push(node)
    const below: unknown[] = Array.isArray(node['children'])
      ? node['children']
      : node.fields.map((field) => node[field])
    for (const each of below) if (isNode(each)) visit(each)
  }
  visit(root)
  return found
}

/** The same, by name. */
export function blockNodes(root: AstNode): Record<string, AstNode> {
  const found: Record<string, AstNode> = Object.create(null)
  for (const node of compiledBlocks(root)) found[nameOf(node)] = node
  return found
}

/** The names that a loop binds. */
export function loopNames(node: AstNode): string[] {
  const target = child(node, 'name')
  const names = target.typename === 'Symbol' ? [target] : items(target)
  return names.map((name) => String(name['value']))
}

/** What a macro, or the body of a `call`, takes: its names, and those with a default. */
export function macroParameters(node: AstNode): {
  names: string[]
  defaults: Map<string, AstNode>
} {
  const names: string[] = []
  const defaults = new Map<string, AstNode>()
  for (const each of items(child(node, 'args'))) {
    if (each.typename === 'Symbol') names.push(String(each['value']))
    else
      for (const pair of items(each)) {
        const name = String(child(pair, 'key')['value'])
        names.push(name)
        defaults.set(name, child(pair, 'value'))
      }
  }
  return { names, defaults }
}

const LOOPS = new Set(['For', 'AsyncEach', 'AsyncAll'])
/** Whether a node repeats its body. */
export function isLoop(node: AstNode): boolean {
  return LOOPS.has(node.typename)
}

/** One `{% extends %}`. */
export interface ParentNode {
  readonly node: AstNode
  /** The parent's name, when it is written as a text. */
  readonly name: string | undefined
  /** It stands at the top, so that it always counts. */
  readonly always: boolean
}

/** The `{% extends %}` of a template, those in blocks and macros excepted: nunjucks does nothing there. */
export function parentsOf(root: AstNode): ParentNode[] {
  const found: ParentNode[] = []
  const visit = (node: AstNode): void => {
    if (node.typename === 'Block' || node.typename === 'Macro') return
    if (node.typename === 'Extends') {
      const target = child(node, 'template')
      const name = target.typename === 'Literal' ? String(target['value']) : undefined
      found.push({ node, name, always: items(root).includes(node) })
    }
    for (const each of childrenOf(node)) visit(each)
  }
  visit(root)
  return found
}

/**
 * Whether what a template exports is the same each time: macros, and variables with a literal text or number.
 */
export function isConstant(root: AstNode): boolean {
  return items(root).every((node) => {
    if (node.typename === 'Macro') return true
    if (node.typename === 'Output')
      return items(node).every((each) => each.typename === 'TemplateData')
    const value = node.typename === 'Set' ? optionalChild(node, 'value') : undefined
    return value?.typename === 'Literal' && typeof value['value'] !== 'object'
  })
}

/** What a declaration binds: `set`, `macro`, `import`, `from`. */
export function boundBy(node: AstNode): string[] {
  switch (node.typename) {
    case 'Set':
      return (node['targets'] as AstNode[]).map(nameOf)
    case 'Macro':
      return [nameOf(node)]
    case 'Import':
      return [nameOf(child(node, 'target'))]
    case 'FromImport':
      return items(child(node, 'names')).map((name) =>
        nameOf(name.typename === 'Pair' ? child(name, 'value') : name),
      )
    default:
      return []
  }
}
