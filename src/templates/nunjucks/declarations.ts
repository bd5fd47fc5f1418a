import { type AstNode, makeNode } from './internals.ts'
import { boundBy, noReads, type Reads, readsOf, addReads } from './reads.ts'
import {
  child,
  childrenOf,
  isCondition,
  isExtension,
  isLoop,
  items,
  nameOf,
  optionalChild,
} from './syntax.ts'

/** A statement that gives variables their values, with the conditions and loops it stands in. */
export interface Declaration {
  readonly node: AstNode
  readonly template: string
  readonly names: readonly string[]
  /** What running it reads; for a macro, what calling it reads. */
  readonly reads: Reads
  /** What the conditions and loops around it read. */
  readonly guards: Reads
}

/**
 * All declarations in some statements, in the order they are written.
 *
 * Blocks are passed over: what they set is their own. So is output, except for what is declared inside it.
 */
export function declarationsIn(statements: readonly AstNode[], template: string): Declaration[] {
  const found: Declaration[] = []
  for (const statement of statements) visit(statement, noReads())
  return found

  function declare(node: AstNode, names: readonly string[], guards: Reads): void {
    found.push({ node, template, names, reads: readsOf([node], template), guards })
  }

  function guarded(guards: Reads, conditions: readonly AstNode[]): Reads {
    const all = noReads()
    addReads(all, guards)
    addReads(all, readsOf(conditions, template))
    return all
  }

  function visit(node: AstNode, guards: Reads): void {
    const type = node.typename
    if (type === 'Block') return
    if (type === 'Set' || type === 'Macro' || type === 'Import' || type === 'FromImport') {
      declare(node, boundBy(node), guards)
      // What a captured body sets is set outside of it, too.
      const body = optionalChild(node, 'body')
      if (type === 'Set' && body) visit(body, guards)
      return
    }
    if (type === 'FilterAsync' || type === 'Super') return declare(node, boundBy(node), guards)
    if (type === 'Extends') return declare(node, [EXTENDS], guards)
    if (isExtension(node)) return declare(node, namesIn(node), guards)
    if (type === 'Caller') return
    let inner = guards
    if (isCondition(node)) inner = guarded(guards, [child(node, 'cond')])
    else if (isLoop(node)) inner = guarded(guards, [child(node, 'arr')])
    else if (type === 'Switch') {
      const conditions = (node['cases'] as AstNode[]).map((each) => child(each, 'cond'))
      inner = guarded(guards, [child(node, 'expr'), ...conditions])
    }
    for (const each of childrenOf(node)) visit(each, inner)
  }
}

/** The name under which the choice of a parent is kept among the variables; no variable can be called so. */
export const EXTENDS = '{extends}'

/**
 * What a tag of an extension may set. Nobody can know, but a tag that sets a variable is told its name: as a text, as a
 * word or as a keyword. What is set in its body counts as well.
 */
function namesIn(tag: AstNode): string[] {
  const names = new Set<string>()
  const visit = (node: AstNode): void => {
    if (node.typename === 'Literal' && typeof node['value'] === 'string') names.add(node['value'])
    else if (node.typename === 'Symbol') names.add(nameOf(node))
    else for (const name of boundBy(node)) names.add(name)
    for (const each of childrenOf(node)) visit(each)
  }
  for (const each of childrenOf(tag)) visit(each)
  return [...names]
}

/**
 * The statements that are left when only some declarations are wanted: those, in their conditions and loops.
 *
 * Out     nodes for the compiler; nothing when none of the wanted ones stands in `node`.
 */
export function sliceOf(node: AstNode, wanted: ReadonlySet<AstNode>): AstNode[] {
  if (wanted.has(node)) return [node]
  const type = node.typename
  if (type === 'Block' || type === 'Caller' || type === 'Macro') return []
  if (isCondition(node)) {
    const body = sliceField(node, 'body', wanted)
    const otherwise = sliceField(node, 'else_', wanted)
    if (!body && !otherwise) return []
    return [makeNode(type, node, child(node, 'cond'), body ?? list(node, []), otherwise)]
  }
  if (isLoop(node)) {
    const body = sliceField(node, 'body', wanted)
    const otherwise = sliceField(node, 'else_', wanted)
    if (!body && !otherwise) return []
    const kept = [child(node, 'arr'), child(node, 'name'), body ?? list(node, []), otherwise]
    return [makeNode(type, node, ...kept)]
  }
  if (type === 'Switch') {
    const otherwise = sliceField(node, 'default', wanted)
    let any = otherwise !== undefined
    const cases = (node['cases'] as AstNode[]).map((each) => {
      const body = sliceField(each, 'body', wanted)
      any ||= body !== undefined
      // An empty case falls through to the next one; one that only lost its output must not.
      const rest = items(child(each, 'body')).length > 0 ? [list(each, [])] : []
      return makeNode('Case', each, child(each, 'cond'), body ?? list(each, rest))
    })
    return any ? [makeNode('Switch', node, child(node, 'expr'), cases, otherwise)] : []
  }
  return childrenOf(node).flatMap((each) => sliceOf(each, wanted))
}

function sliceField(
  node: AstNode,
  field: string,
  wanted: ReadonlySet<AstNode>,
): AstNode | undefined {
  const body = optionalChild(node, field)
  const kept = body ? sliceOf(body, wanted) : []
  return kept.length > 0 ? list(node, kept) : undefined
}

function list(at: AstNode, nodes: AstNode[]): AstNode {
  return makeNode('NodeList', at, nodes)
}
