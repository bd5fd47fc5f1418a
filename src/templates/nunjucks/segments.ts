import type { BlockTable } from './block-context.ts'
import { type Declaration, declarationsIn } from './declarations.ts'
import { emissionPath, lexicalPath, type Stretch } from './emission.ts'
import type { AstNode, SliceScope } from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import {
  child,
  childrenOf,
  isLoop,
  items,
  loopNames,
  macroParameters,
  nameOf,
  optionalChild,
} from './syntax.ts'

/** Statements that run before the block, as they stand, with the declarations in them. */
export interface Statements {
  readonly statements: readonly AstNode[]
  readonly declarations: readonly Declaration[]
}

/** A loop, macro or call around the block: its names come from the caller. */
export interface Surrounding extends SliceScope {
  readonly node: AstNode
  readonly template: string
}

/** One body of one template that is run, as far as it is needed, before the block is drawn. */
export interface Segment {
  readonly template: string
  readonly isPage: boolean
  /** Which block's body this is; nothing for a root. */
  readonly block: string | undefined
  readonly level: number
  readonly steps: readonly (Statements | Surrounding)[]
}

/** Whether a step enters a scope. */
export function isSurrounding(step: Statements | Surrounding): step is Surrounding {
  return 'enter' in step
}

/**
 * All that a page runs before it draws one of its blocks, in order: the roots from the child to the page's root up to
 * the place of the block, then the bodies of the blocks around it.
 */
export function segmentsBefore(
  chain: readonly LoadedTemplate[],
  block: string,
  table: BlockTable,
  get: (name: string) => LoadedTemplate,
): Segment[] {
  const page = chain[chain.length - 1]!
  const emitted = emissionPath(page, block, table, get)
  if (emitted) return [...chain.slice(0, -1).map(wholeRoot), ...along(emitted, page)]
  // The page never draws the block: it stands where it is written, after all that the page declares.
  const owner = get(table[block]![0]!.template)
  const written = lexicalPath(owner, block, table)
  if (owner === page) return [...chain.slice(0, -1).map(wholeRoot), ...along(written, page)]
  const [outer, ...inner] = along(written, page)
  const scopes = outer!.steps.slice(outer!.steps.findIndex(isSurrounding))
  const rest = outer!.steps.some(isSurrounding) ? [{ ...outer!, steps: scopes }] : []
  return [...chain.map((template) => wholeRoot(template, page)), ...rest, ...inner]
}

/** A template's root from its first statement to its last. */
export function wholeRoot(template: LoadedTemplate, page: unknown): Segment {
  return {
    template: template.name,
    isPage: template === page,
    block: undefined,
    level: 0,
    steps: [statements(items(template.ast!), template.name)],
  }
}

function statements(nodes: readonly AstNode[], template: string): Statements {
  return { statements: nodes, declarations: declarationsIn(nodes, template) }
}

function along(stretches: readonly Stretch[], page: LoadedTemplate): Segment[] {
  return stretches.map(({ template, block, level, path }) => ({
    template,
    isPage: template === page.name,
    block,
    level,
    steps: stepsAlong(path, template),
  }))
}

/** What stands before a block on its path, and the scopes around it. */
function stepsAlong(path: readonly AstNode[], template: string): (Statements | Surrounding)[] {
  const steps: (Statements | Surrounding)[] = []
  const surround = (
    node: AstNode,
    enter: SliceScope['enter'],
    names: readonly string[],
    defaults: ReadonlyMap<string, AstNode> = new Map(),
  ): void => {
    steps.push({ enter, names, defaults, node, template })
  }
  for (const [at, node] of path.entries()) {
    const next = path[at + 1]
    if (!next) break
    if (isLoop(node)) {
      const repeated = next === child(node, 'body')
      surround(node, 'loop', repeated ? [...loopNames(node), 'loop'] : [])
    } else if (node.typename === 'Macro' || node.typename === 'Caller') {
      const { names, defaults } = macroParameters(node)
      const isMacro = node.typename === 'Macro'
      surround(node, isMacro ? 'macro' : 'call', isMacro ? [...names, 'caller'] : names, defaults)
    } else if (Array.isArray(node['children'])) {
      const siblings = items(node)
      const here = siblings.indexOf(next)
      const before =
        next.typename === 'Macro' ? untilCalled(siblings, here) : siblings.slice(0, here)
      if (before.length > 0) steps.push(statements(before, template))
    }
  }
  return steps
}

/** A macro runs where it is called, with what is declared by then. */
function untilCalled(siblings: readonly AstNode[], macroAt: number): AstNode[] {
  const name = nameOf(siblings[macroAt]!)
  const calls = (node: AstNode): boolean => {
    const callee = node.typename === 'FunCall' ? optionalChild(node, 'name') : undefined
    return (
      (callee?.typename === 'Symbol' && nameOf(callee) === name) || childrenOf(node).some(calls)
    )
  }
  const after = siblings.slice(macroAt + 1)
  const calledAt = after.findIndex(calls)
  const between = calledAt < 0 ? after : after.slice(0, calledAt)
  return [...siblings.slice(0, macroAt), ...between]
}
