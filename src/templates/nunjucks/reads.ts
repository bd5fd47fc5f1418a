import type { AstNode } from './internals.ts'
import {
  child,
  childrenOf,
  isExtension,
  isLoop,
  items,
  loopNames,
  macroParameters,
  nameOf,
  optionalChild,
  rootName,
} from './syntax.ts'

/** A name in a template, with the place where it stands. */
export interface Mention {
  readonly name: string
  readonly template: string
  readonly node: AstNode
}

/** A template that another one names. */
export interface Reference {
  readonly kind: 'include' | 'import' | 'import with context'
  /** Nothing when the name is only known at run time. */
  readonly name: string | undefined
  readonly node: AstNode
  readonly from: string
}

/** What a piece of a template takes from outside itself. */
export interface Reads {
  /** Variables that it does not bind itself. A `set` does not count as binding: set to nothing, it hides nothing. */
  readonly names: Set<string>
  /** Blocks drawn in it. */
  readonly blocks: Set<string>
  readonly references: Reference[]
  readonly filters: Mention[]
  readonly tests: Mention[]
  /**
   * The names in front of calls: `a` in `a.b()`. A call on something without a name, or with a name that is given here
   * (by a loop, a macro, a set), counts as `''`: it may be anything.
   */
  readonly calls: Set<string>
  /** Names that a `set` in here gives a value. */
  readonly sets: Set<string>
  /** Draws its parent's version. */
  superCalled: boolean
  /** Holds an extension's tag or a `renderBlock()`, which may look at anything. */
  opaque: boolean
}

export function noReads(): Reads {
  return {
    names: new Set(),
    blocks: new Set(),
    references: [],
    filters: [],
    tests: [],
    calls: new Set(),
    sets: new Set(),
    superCalled: false,
    opaque: false,
  }
}

/**
 * Collects what some nodes of a template read.
 *
 * In      the nodes, and the name of their template. With `whole`, blocks are entered instead of named.
 * Cost    one walk over the nodes.
 */
export function readsOf(nodes: readonly AstNode[], template: string, whole = false): Reads {
  const reads = noReads()
  for (const node of nodes) visit(node, NOTHING_BOUND)
  for (const name of reads.sets) if (reads.calls.has(name)) reads.calls.add('')
  return reads

  function visit(node: AstNode, bound: ReadonlySet<string>): void {
    const type = node.typename
    if (type === 'Symbol') {
      const name = String(node['value'])
      if (!bound.has(name)) reads.names.add(name)
      return
    }
    if (type === 'Block') {
      if (whole) visit(child(node, 'body'), NOTHING_BOUND)
      else reads.blocks.add(nameOf(node))
      return
    }
    if (type === 'Set') {
      for (const name of boundBy(node)) reads.sets.add(name)
      for (const part of [optionalChild(node, 'value'), optionalChild(node, 'body')]) {
        if (part) visit(part, bound)
      }
      return
    }
    if (isLoop(node)) {
      visit(child(node, 'arr'), bound)
      const inner = new Set([...bound, ...loopNames(node), 'loop'])
      visit(child(node, 'body'), inner)
      const otherwise = optionalChild(node, 'else_')
      if (otherwise) visit(otherwise, inner)
      return
    }
    if (type === 'Macro' || type === 'Caller') {
      const { names, defaults } = macroParameters(node)
      const inner = new Set([...(type === 'Caller' ? bound : []), ...names, 'caller'])
      for (const value of defaults.values()) visit(value, inner)
      visit(child(node, 'body'), inner)
      return
    }
    if (type === 'Super') {
      reads.superCalled = true
      return
    }
    if (type === 'Filter' || type === 'FilterAsync') {
      reads.filters.push({ name: nameOf(child(node, 'name')), template, node })
      visit(child(node, 'args'), bound)
      return
    }
    if (type === 'Is') {
      visit(child(node, 'left'), bound)
      const right = child(node, 'right')
      const called = optionalChild(right, 'name')
      reads.tests.push({ name: String((called ?? right)['value']), template, node: right })
      if (called) visit(child(right, 'args'), bound)
      return
    }
    if (type === 'Pair') {
      // A bare word on the left of a pair is its name, not a variable.
      if (child(node, 'key').typename !== 'Symbol') visit(child(node, 'key'), bound)
      visit(child(node, 'value'), bound)
      return
    }
    if (type === 'Include' || type === 'Import' || type === 'FromImport') {
      refer(node)
      visit(child(node, 'template'), bound)
      return
    }
    if (type === 'FunCall') {
      const name = rootName(node)
      // It hands on all that it sees, as an include does.
      if (name === 'renderBlock') reads.opaque = true
      reads.calls.add(name === undefined || (bound.has(name) && !KNOWN_CALLS.has(name)) ? '' : name)
    }
    if (isExtension(node)) reads.opaque = true
    for (const each of childrenOf(node)) visit(each, bound)
  }

  function refer(node: AstNode): void {
    const target = child(node, 'template')
    const literal = target.typename === 'Literal' ? String(target['value']) : undefined
    const kind =
      node.typename === 'Include'
        ? 'include'
        : node['withContext']
          ? 'import with context'
          : 'import'
    reads.references.push({ kind, name: literal, node, from: template })
  }
}

/** Calling these changes nothing that lasts. */
const KNOWN_CALLS: ReadonlySet<string> = new Set(['caller', 'loop', 'super'])

const NOTHING_BOUND: ReadonlySet<string> = new Set()

/** Adds `more` to `reads`. */
export function addReads(reads: Reads, more: Reads): void {
  for (const name of more.names) reads.names.add(name)
  for (const block of more.blocks) reads.blocks.add(block)
  for (const call of more.calls) reads.calls.add(call)
  for (const name of more.sets) reads.sets.add(name)
  reads.references.push(...more.references)
  reads.filters.push(...more.filters)
  reads.tests.push(...more.tests)
  reads.superCalled ||= more.superCalled
  reads.opaque ||= more.opaque
}

/** What a declaration binds: `set`, `macro`, `import`, `from`, and the holes that lifted filters and supers leave. */
export function boundBy(node: AstNode): string[] {
  switch (node.typename) {
    case 'Set':
      return (node['targets'] as AstNode[]).map((target) => String(target['value']))
    case 'Macro':
      return [nameOf(node)]
    case 'Import':
      return [nameOf(child(node, 'target'))]
    case 'FromImport':
      return items(child(node, 'names')).map((name) =>
        String((name.typename === 'Pair' ? child(name, 'value') : name)['value']),
      )
    case 'FilterAsync':
    case 'Super':
      return [nameOf(child(node, 'symbol'))]
    default:
      return []
  }
}
