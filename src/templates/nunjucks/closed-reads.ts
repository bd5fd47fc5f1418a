import type { BlockTable } from './block-context.ts'
import type { AstNode } from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { addReads, noReads, type Reads, readsOf, type Reference } from './reads.ts'
import type { TemplateCatalog } from './template-catalog.ts'
import { child, items } from './syntax.ts'

/** Reads with everything behind them: nested blocks, parents' versions, included and imported files. */
export interface ClosedReads extends Reads {
  /** What is read cannot be told from the syntax: take it that everything is. */
  everything: boolean
}

/**
 * Follows what is read to what that reads in turn: blocks to the versions that are drawn, includes and imports
 * `with context` to their files. Imports without context read nothing of ours, but what they hold can be wrong, too.
 */
export class ReadsCloser {
  readonly #table: BlockTable
  readonly #catalog: TemplateCatalog

  constructor(table: BlockTable, catalog: TemplateCatalog) {
    this.#table = table
    this.#catalog = catalog
  }

  /** All that drawing one block reads. */
  block(name: string): ClosedReads {
    const start = noReads()
    start.blocks.add(name)
    return this.close(start)
  }

  /** In: what is read, and in which level of which block, where that matters for `super()`. */
  closeNodes(nodes: readonly AstNode[], template: string): ClosedReads {
    return this.close(readsOf(nodes, template))
  }

  close(
    reads: Reads,
    at?: { readonly block: string | undefined; readonly level: number },
  ): ClosedReads {
    const closed: ClosedReads = { ...noReads(), everything: false }
    const seen = new Set<string>()
    const take = (more: Reads): void => {
      addReads(closed, more)
      if (more.opaque) closed.everything = true
      for (const reference of more.references) {
        const whole = wholeReads(reference, this.#catalog)
        addReads(closed, whole)
        closed.everything ||= whole.everything
      }
      for (const block of more.blocks) drawn(block, 0)
    }
    const drawn = (block: string, level: number): void => {
      const key = `${level} ${block}`
      const family = this.#table[block]
      if (seen.has(key) || !family?.[level]) return
      seen.add(key)
      const { template } = family[level]
      const node = this.#catalog.get(template).blockNodes[block]
      if (!node) {
        closed.everything = true
        return
      }
      const own = readsOf([child(node, 'body')], template)
      for (const each of own.names) if (HOLE.test(each)) own.names.delete(each)
      take(own)
      if (own.superCalled) drawn(block, level + 1)
    }
    take(reads)
    if (reads.superCalled && at?.block !== undefined) drawn(at.block, at.level + 1)
    return closed
  }
}

/**
 * What nunjucks calls the place of a lifted filter or super: seen in its own block only. A nested block that has one of
 * the block around it (nunjucks takes its `super()` for the outer one) reads nothing there, in the page as well.
 */
const HOLE = /^hole_\d+$/

const wholes = new WeakMap<LoadedTemplate, Map<string, ClosedReads>>()

/** What a file that is included or imported reads, with its parents and all that it includes in turn. */
export function wholeReads(reference: Reference, catalog: TemplateCatalog): ClosedReads {
  const reads: ClosedReads = { ...noReads(), everything: false }
  const { name, kind, from } = reference
  const template = name === undefined ? undefined : catalog.lookUp(name, from)
  if (name === undefined) reads.everything = kind !== 'import'
  if (!template) return reads
  const known = wholes.get(template)?.get(kind)
  if (known) return known
  const seen = new Set<LoadedTemplate>()
  const enter = (file: LoadedTemplate): void => {
    if (seen.has(file)) return
    seen.add(file)
    if (!file.ast) {
      reads.everything ||= kind !== 'import'
      return
    }
    const own = readsOf(items(file.ast), file.name, true)
    for (const each of own.references) {
      const next = each.name === undefined ? undefined : catalog.lookUp(each.name, file.name)
      if (next) enter(next)
      else if (each.name === undefined && each.kind !== 'import') reads.everything = true
    }
    for (const { name: parent } of file.parents) {
      const next = parent === undefined ? undefined : catalog.lookUp(parent, file.name)
      if (next) enter(next)
      else reads.everything = true
    }
    if (own.opaque) reads.everything = true
    addReads(reads, { ...own, references: [], blocks: new Set() })
  }
  enter(template)
  if (kind === 'import') {
    reads.names.clear()
    reads.everything = false
    reads.opaque = false
  }
  const kinds = wholes.get(template) ?? new Map<string, ClosedReads>()
  wholes.set(template, kinds.set(kind, reads))
  return reads
}
