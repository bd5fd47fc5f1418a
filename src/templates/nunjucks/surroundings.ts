import type { BlockTable } from './block-context.ts'
import { compileTemplate } from './compiler.ts'
import { type AstNode, type BlockFunction, makeNode } from './internals.ts'
import { childrenOf, isLoop, items, loopNames, macroParameters, optionalChild } from './syntax.ts'
import type { Templates } from './loaded-template.ts'

/** The loops, macros, conditions and blocks that a block is written in. */
export interface Surroundings {
  readonly template: string
  /** From the top-level statement that holds the block down to the block. */
  readonly path: readonly AstNode[]
  /** What loops, macros and calls around the block name. The caller gives them their values. */
  readonly names: readonly { readonly name: string; readonly node: AstNode }[]
}

/**
 * Where a block is written: in the eldest template that has it, since that is where its page would draw it.
 * Nothing for a template without its source.
 */
export function surroundingsOf(
  catalog: Templates,
  table: BlockTable,
  block: string,
): Surroundings | undefined {
  const { template } = table[block]!.at(-1)!
  const { ast, blockNodes } = catalog.get(template)
  const path = ast && pathTo(ast, blockNodes[block]!)
  if (!path) return undefined
  const names = path.flatMap((node, at) =>
    namesOf(node, path[at + 1]).map((name) => ({ name, node })),
  )
  return { template, path: path.slice(1), names }
}

function pathTo(node: AstNode, target: AstNode): AstNode[] | undefined {
  if (node === target) return [node]
  for (const each of childrenOf(node)) {
    const path = pathTo(each, target)
    if (path) return [node, ...path]
  }
  return undefined
}

function namesOf(node: AstNode, next: AstNode | undefined): string[] {
  if (isLoop(node)) return next === optionalChild(node, 'body') ? [...loopNames(node), 'loop'] : []
  if (node.typename !== 'Macro' && node.typename !== 'Caller') return []
  const { names, defaults } = macroParameters(node)
  return names.filter((name) => !defaults.has(name))
}

/** What is declared along a path before the block, as if every loop ran once and every condition held. */
export function statementsAlong(path: readonly AstNode[]): AstNode[] {
  return path.flatMap((node, at) => {
    const next = path[at + 1]
    if (node.typename === 'Macro' || node.typename === 'Caller') return defaultsOf(node)
    const before = next ? items(node).slice(0, items(node).indexOf(next)) : []
    return before.filter(({ typename }) => !UNDECLARING.has(typename))
  })
}

const UNDECLARING: ReadonlySet<string> = new Set(['Output', 'Block', 'Include', 'Extends'])

/** `{% macro card(size="m") %}`: what is not given is what the macro says. */
function defaultsOf(node: AstNode): AstNode[] {
  return [...macroParameters(node).defaults].map(([name, value]) => {
    const symbol = makeNode('Symbol', node, name)
    const isGiven = makeNode('Is', node, symbol, makeNode('Symbol', node, 'defined'))
    return makeNode('Set', node, [symbol], makeNode('InlineIf', node, symbol, isGiven, value))
  })
}

/** The same as a function that runs them; from the outermost loop around the block, or from the top. */
export function compileAlong(
  catalog: Templates,
  { path, template }: Surroundings,
  from: 'loop' | 'top',
): BlockFunction {
  const innerBlock = path.slice(0, -1).findLastIndex(({ typename }) => typename === 'Block')
  const loop = path.findIndex((node, at) => at > innerBlock && isLoop(node))
  const statements = statementsAlong(from === 'loop' ? path.slice(loop) : path)
  const root = makeNode('Root', path[0]!, statements)
  return compileTemplate(root, template, catalog.env)['root']!
}
