import { didYouMean, TemplateError } from '../../base/errors.ts'
import type { BlockLevel, BlockTable } from './block-context.ts'
import type { Chain } from './chain.ts'
import { checkNames } from './check-names.ts'
import { type ClosedReads, ReadsCloser } from './closed-reads.ts'
import { type CompiledSegment, compileSegment } from './compiled-segment.ts'
import { type Needs, needsOf } from './needs.ts'
import { readsOf } from './reads.ts'
import { segmentsBefore } from './segments.ts'
import { items } from './syntax.ts'
import type { TemplateCatalog } from './template-catalog.ts'

/** Everything about drawing one block that does not depend on the context. Made once for each block and chain. */
export interface Plan {
  readonly catalog: TemplateCatalog
  readonly chain: Chain
  readonly block: string
  readonly table: BlockTable
  readonly level: BlockLevel
  readonly target: ClosedReads
  readonly needs: Needs
  readonly segments: readonly CompiledSegment[]
}

/**
 * Throws  TemplateError `block/unknown`, `template/filter-unknown`.
 * Cost    a few walks over the syntax trees, and compiling what is left of them; once.
 */
export function planBlock(catalog: TemplateCatalog, chain: Chain, block: string): Plan {
  const table = chainTable(chain)
  const level = table[block]?.[0]
  if (!level) throw unknownBlock(catalog, chain, block, table)
  const closer = new ReadsCloser(table, catalog)
  const target = closer.block(block)
  const segments = segmentsBefore(chain.templates, block, table, (name) => catalog.get(name))
  const needs = needsOf(target, segments, closer, catalog)
  checkNames(needs, catalog.env)
  const compiled = segments.map((segment) => compileSegment(segment, needs.wanted, catalog.env))
  return { catalog, chain, block, table, level, target, needs, segments: compiled }
}

/** The blocks of a template and all its parents. */
export function chainTable({ templates }: Chain): BlockTable {
  const table: BlockTable = Object.create(null)
  for (const { levels } of templates) {
    for (const name in levels) (table[name] ??= []).push(levels[name]!)
  }
  return table
}

function unknownBlock(
  catalog: TemplateCatalog,
  chain: Chain,
  block: string,
  table: BlockTable,
): TemplateError {
  const template = chain.templates[0]!.name
  const message = `block "${block}" not found in template "${template}" ${didYouMean(block, Object.keys(table))}`
  const home = templateWithBlock(catalog, chain, block)
  const hint = home && `"${home}" has it, which is only included or imported: open the block there.`
  return new TemplateError('block/unknown', message, { template, block }, hint ? { hint } : {})
}

/** A file that the chain includes or imports and that has the block. */
function templateWithBlock(
  catalog: TemplateCatalog,
  chain: Chain,
  block: string,
): string | undefined {
  const queue = [...chain.templates]
  for (const template of queue) {
    if (!chain.templates.includes(template) && template.levels[block]) return template.name
    const references = template.ast
      ? readsOf(items(template.ast), template.name, true).references
      : []
    const named = [...references, ...template.parents].map((each) => each.name)
    for (const name of named) {
      const next = name === undefined ? undefined : catalog.lookUp(name, template.name)
      if (next && !queue.includes(next)) queue.push(next)
    }
  }
  return undefined
}
