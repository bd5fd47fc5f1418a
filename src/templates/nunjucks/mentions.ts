import type { AstNode } from './internals.ts'
import {
  child,
  childrenOf,
  isLoop,
  loopNames,
  macroParameters,
  nameOf,
  optionalChild,
} from './syntax.ts'

/** A filter or test as it stands in a template. */
export interface Mention {
  readonly kind: 'filter' | 'test'
  readonly name: string
  readonly template: string
  readonly node: AstNode
}

/** What some nodes of a template name. */
export interface Mentions {
  /** Variables that they do not bind themselves. */
  readonly names: Set<string>
  /** Blocks in them. */
  readonly blocks: Set<string>
  /** What they include, import and extend. */
  readonly references: AstNode[]
  readonly filters: Mention[]
  callsSuper: boolean
}

/** Collects what some nodes name. With `whole`, blocks are entered. */
export function mentionsIn(nodes: readonly AstNode[], template: string, whole = false): Mentions {
  const found: Mentions = {
    names: new Set(),
    blocks: new Set(),
    references: [],
    filters: [],
    callsSuper: false,
  }
  for (const node of nodes) visit(node, new Set())
  return found

  function visit(node: AstNode, bound: ReadonlySet<string>): void {
    const { typename } = node
    let inner = bound
    if (typename === 'Symbol') {
      const name = nameOf(node)
      if (!bound.has(name)) found.names.add(name)
    } else if (typename === 'Block') {
      if (!whole) return void found.blocks.add(nameOf(node))
      inner = new Set()
    } else if (isLoop(node)) {
      visit(child(node, 'arr'), bound)
      inner = new Set([...bound, ...loopNames(node), 'loop'])
    } else if (typename === 'Macro' || typename === 'Caller') {
      const outer = typename === 'Caller' ? bound : []
      inner = new Set([...outer, ...macroParameters(node).names, 'caller'])
    } else if (typename === 'Super') found.callsSuper = true
    else if (typename === 'Filter' || typename === 'FilterAsync')
      found.filters.push({ kind: 'filter', name: nameOf(child(node, 'name')), template, node })
    else if (typename === 'Is') {
      const test = child(node, 'right')
      const name = String((optionalChild(test, 'name') ?? test)['value'])
      found.filters.push({ kind: 'test', name, template, node: test })
    } else if (REFERENCES.has(typename)) found.references.push(node)
    for (const part of childrenOf(node)) if (isRead(node, part)) visit(part, inner)
  }
}

const REFERENCES: ReadonlySet<string> = new Set(['Include', 'Import', 'FromImport', 'Extends'])

/** Whether a part of a node says what is read, and not only how something is called. */
function isRead(node: AstNode, part: AstNode): boolean {
  if (part.typename !== 'Symbol' && part.typename !== 'NodeList' && part.typename !== 'Array')
    return true
  switch (node.typename) {
    case 'Set':
      return !(node['targets'] as AstNode[]).includes(part)
    case 'Pair':
      return part !== node['key']
    case 'Is':
      return part !== node['right']
    case 'Filter':
    case 'FilterAsync':
    case 'Super':
      return part === node['args']
    case 'Macro':
    case 'Caller':
    case 'Import':
    case 'FromImport':
      return part === node['body'] || part === node['template']
    default:
      return !isLoop(node) || part !== node['name']
  }
}

/** The name that stands behind an include, import or extends; nothing when it is only known at run time. */
export function literalName(node: AstNode): string | undefined {
  const target = child(node, 'template')
  return target.typename === 'Literal' ? String(target['value']) : undefined
}
