import type { BlockTable } from './block-context.ts'
import type { AstNode } from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { readsOf } from './reads.ts'
import { child, childrenOf, isCondition, isLoop, nameOf } from './syntax.ts'

/** One body on the way from the page to a block: the nodes from the body down to the next block, both included. */
export interface Stretch {
  readonly template: string
  /** Which block's body this is, and which level of it; nothing for a template's root. */
  readonly block?: string
  readonly level: number
  readonly path: readonly AstNode[]
}

type Lookup = (template: string) => LoadedTemplate

/**
 * The way from the root template to a block, through whichever override of each enclosing block is drawn.
 *
 * Conditions do not count: a block in a branch that is not taken now may be asked for all the same. Where a page draws a
 * block in several places, the first one that stands in no condition is meant, and the first one if there is none.
 *
 * Out     nothing when the page never draws the block.
 */
export function emissionPath(
  root: LoadedTemplate,
  target: string,
  table: BlockTable,
  get: Lookup,
): Stretch[] | undefined {
  const paths = emissionPaths(root, target, table, get)
  return paths.find((path) => !isConditional(path)) ?? paths[0]
}

/** Whether a block on this path may be left out by its page. */
export function isConditional(path: readonly Stretch[]): boolean {
  return path.some((stretch) =>
    stretch.path.some((node) => isCondition(node) || isLoop(node) || node.typename === 'Switch'),
  )
}

/** Every way from the root template to a block, in the order in which the page would take them. */
export function emissionPaths(
  root: LoadedTemplate,
  target: string,
  table: BlockTable,
  get: Lookup,
): Stretch[][] {
  const entered = new Set<string>()
  return search(root.ast!, { template: root.name, level: 0 })

  function search(body: AstNode, at: Omit<Stretch, 'path'>): Stretch[][] {
    const found: Stretch[][] = []
    const path: AstNode[] = []
    const visit = (node: AstNode): void => {
      path.push(node)
      const here = { ...at, path: [...path] }
      if (node.typename === 'Block' && node !== body) {
        const name = nameOf(node)
        const inner = name === target ? [[]] : enter(name, 0)
        for (const rest of inner) found.push([here, ...rest])
      } else if (node.typename === 'Super' && at.block !== undefined) {
        // A super() of a nested block is drawn by this one, and printed by nobody: nunjucks takes it for this one's.
        const isPrinted = readsOf([child(body, 'body')], at.template).names.has(
          nameOf(child(node, 'symbol')),
        )
        const inner = at.block === target || !isPrinted ? [] : enter(at.block, at.level + 1)
        for (const rest of inner) found.push([here, ...rest])
      } else {
        for (const each of childrenOf(node)) visit(each)
      }
      path.pop()
    }
    visit(body)
    return found
  }

  function enter(block: string, level: number): Stretch[][] {
    const family = table[block]
    const key = `${level} ${block}`
    if (!family?.[level] || entered.has(key)) return []
    entered.add(key)
    const { template } = family[level]
    const node = get(template).blockNodes[block]
    return node ? search(node, { template, block, level }) : []
  }
}

/** The way to a block through the one template it is written in: for blocks that their page never draws. */
export function lexicalPath(owner: LoadedTemplate, target: string, table: BlockTable): Stretch[] {
  const wanted = owner.blockNodes[target]!
  const stretches: Stretch[] = []
  const path: AstNode[] = []
  let at: Omit<Stretch, 'path'> = { template: owner.name, level: 0 }
  const visit = (node: AstNode): boolean => {
    path.push(node)
    if (node === wanted) {
      stretches.push({ ...at, path: [...path] })
      return true
    }
    const [before, length, outer] = [stretches.length, path.length, at]
    if (node.typename === 'Block') {
      stretches.push({ ...at, path: [...path] })
      const block = nameOf(node)
      const level = table[block]?.findIndex((each) => each.template === owner.name) ?? 0
      at = { template: owner.name, block, level }
      path.splice(0, length, node)
    }
    for (const each of childrenOf(node)) if (visit(each)) return true
    if (node.typename === 'Block') {
      path.splice(0, path.length, ...stretches[before]!.path)
      stretches.length = before
      at = outer
    }
    path.pop()
    return false
  }
  visit(owner.ast!)
  return stretches
}
