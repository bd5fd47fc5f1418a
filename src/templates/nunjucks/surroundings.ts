import { compileTemplate } from './compiler.ts'
import { templateError } from './failure.ts'
import { type AstNode, type BlockFunction, type InnerEnvironment, makeNode } from './internals.ts'
import { child, childrenOf, compiledBlocks, isLoop, isMacro, items, nameOf } from './syntax.ts'

/** The loops, macros, conditions and blocks that a block is written in. */
export interface Surroundings {
  /**
   * Declares what stands along the path to the block, as if every loop ran once and every condition held: from the
   * top-level statement that holds the block, or from the outermost loop around it.
   */
  run(from: 'top' | 'loop'): BlockFunction
  /** Names that loops, macros and calls around the block bind, and what is wrong when the caller does not give one. */
  readonly bound: ReadonlyMap<string, Error>
}

export function surroundingsOf(
  root: AstNode,
  template: string,
  block: string,
  env: InnerEnvironment,
): Surroundings | undefined {
  const target = compiledBlocks(root).find((node) => nameOf(node) === block)
  const path = target && pathTo(root, target)?.slice(1)
  if (!path) return undefined
  const innerBlock = path.slice(0, -1).findLastIndex(({ typename }) => typename === 'Block')
  const loop = path.findIndex((node, at) => at > innerBlock && isLoop(node))
  const compiled: { top?: BlockFunction; loop?: BlockFunction } = {}
  const compile = (nodes: readonly AstNode[]): BlockFunction =>
    compileTemplate(makeNode('Root', path[0]!, statementsAlong(nodes)), template, env)['root']!
  const bound = new Map<string, Error>()
  for (const [at, node] of path.entries()) {
    const what = isLoop(node) ? 'the loop variable' : 'an argument of the macro'
    const place = { template, block, line: node.lineno + 1, column: node.colno + 1 }
    for (const name of namesOf(node, path[at + 1])) {
      const message = `reads "${name}", ${what} around the block: pass it in the fragment's context.`
      bound.set(name, templateError('block/variable-missing', place, message))
    }
  }
  return {
    bound,
    run: (from) => (compiled[from] ??= compile(from === 'loop' ? path.slice(loop) : path)),
  }
}

function pathTo(node: AstNode, target: AstNode): AstNode[] | undefined {
  if (node === target) return [node]
  for (const each of childrenOf(node)) {
    const path = pathTo(each, target)
    if (path) return [node, ...path]
  }
  return undefined
}

/** The names that a node binds for what stands in its body. */
function namesOf(node: AstNode, next: AstNode | undefined): string[] {
  if (isMacro(node)) return items(child(node, 'args')).flatMap((each) => symbols(each))
  if (!isLoop(node) || next !== node['body']) return []
  const target = child(node, 'name')
  return [...symbols(target), ...items(target).flatMap(symbols), 'loop']
}

const symbols = (node: AstNode): string[] => (node.typename === 'Symbol' ? [nameOf(node)] : [])

function statementsAlong(path: readonly AstNode[]): AstNode[] {
  return path.flatMap((node, at) => {
    const next = path[at + 1]
    if (isMacro(node)) return defaultsOf(node)
    const before = next ? items(node).slice(0, items(node).indexOf(next)) : []
    return before.filter(({ typename }) => !UNDECLARING.has(typename))
  })
}

const UNDECLARING: ReadonlySet<string> = new Set(['Output', 'Block', 'Include', 'Extends'])

/** `{% macro card(size="m") %}`: what is not given is what the macro says. */
function defaultsOf(node: AstNode): AstNode[] {
  const pairs = items(child(node, 'args')).flatMap(items)
  return pairs.map((pair) => {
    const symbol = makeNode('Symbol', node, child(pair, 'key')['value'])
    const isGiven = makeNode('Is', node, symbol, makeNode('Symbol', node, 'defined'))
    const value = makeNode('InlineIf', node, symbol, isGiven, pair['value'])
    return makeNode('Set', node, [symbol], value)
  })
}
