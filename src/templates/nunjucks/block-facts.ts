import { TemplateError } from '../../base/errors.ts'
import type { BlockTable } from './block-context.ts'
import { Failure, templateError, UnknownName } from './failure.ts'
import type { AstNode, InnerEnvironment } from './internals.ts'
import { literalName, type Mention, type Mentions, mentionsIn } from './mentions.ts'
import { statementsAlong, type Surroundings, surroundingsOf } from './surroundings.ts'
import { boundBy, child, items } from './syntax.ts'
import type { Templates } from './loaded-template.ts'

/** What is known of a block before it is drawn. */
export interface BlockFacts {
  /** Nothing when its template came without its source. */
  readonly surroundings: Surroundings | undefined
  /** Names around it that it reads and that its context must have. */
  readonly required: Surroundings['names']
  /** A filter or test that nobody added. At run time nunjucks would tell only when it gets there. */
  readonly wrong: TemplateError | undefined
}

/**
 * Looks at all that drawing a block may draw: its versions, the blocks in it, what it includes.
 *
 * Cost    one walk over their syntax trees.
 */
export function factsOfBlock(catalog: Templates, table: BlockTable, block: string): BlockFacts {
  const names = new Set<string>()
  const filters: Mention[] = []
  const seen = new Set<unknown>()
  drawn(block, 0)
  const surroundings = surroundingsOf(catalog, table, block)
  // From the block outwards: what is declared for it reads something, too.
  for (const node of statementsAlong(surroundings?.path ?? []).toReversed())
    if (boundBy(node).some((name) => names.has(name)))
      for (const name of mentionsIn([node], '').names) names.add(name)
  const unknown = filters.find((each) => unknownName(each, catalog.env))
  return {
    surroundings,
    required: surroundings?.names.filter(({ name }) => names.has(name)) ?? [],
    wrong: unknown && toError(unknown, catalog.env),
  }

  function drawn(name: string, level: number): void {
    const template = table[name]?.[level]?.template
    const node = template === undefined ? undefined : catalog.get(template).blockNodes[name]
    if (!node || seen.has(node)) return
    seen.add(node)
    const mentions = mentionsIn([child(node, 'body')], template!)
    add(mentions, template!)
    for (const inner of mentions.blocks) drawn(inner, 0)
    if (mentions.callsSuper) drawn(name, level + 1)
  }

  function add(mentions: Mentions, from: string): void {
    filters.push(...mentions.filters)
    for (const name of mentions.names) names.add(name)
    for (const node of mentions.references) {
      const name = literalName(node)
      const file = name === undefined ? undefined : catalog.lookUp(name, from)
      if (!file?.ast || seen.has(file)) continue
      seen.add(file)
      const inside = mentionsIn(items(file.ast), file.name, true)
      const isImport = node.typename.endsWith('Import') && !node['withContext']
      add(isImport ? { ...inside, names: new Set() } : inside, file.name)
    }
  }
}

/** What is wrong with a filter or test; nothing when it is there. */
export function unknownName(
  { kind, name }: Mention,
  env: InnerEnvironment,
): UnknownName | undefined {
  const known = kind === 'filter' ? env.filters : env.tests
  return Object.hasOwn(known, name) ? undefined : new UnknownName(kind, name, known)
}

function toError(mention: Mention, env: InnerEnvironment): TemplateError {
  const { lineno, colno } = mention.node
  const failure = new Failure(unknownName(mention, env), lineno + 1, colno + 1)
  return Failure.toError(failure, mention.template) as TemplateError
}

/** Throws  TemplateError `block/variable-missing` when a name of a loop or macro around the block is not given. */
export function requireNames(
  { required, surroundings }: BlockFacts,
  block: string,
  given: Readonly<Record<string, unknown>>,
): void {
  const missing = required.find(({ name }) => !(name in given))
  if (!missing) return
  const { name, node } = missing
  const what =
    node.typename === 'Macro' || node.typename === 'Caller'
      ? 'an argument of the macro'
      : 'the loop variable'
  const place = {
    template: surroundings!.template,
    block,
    line: node.lineno + 1,
    column: node.colno + 1,
  }
  const message = `reads "${name}", ${what} around the block: pass it in the fragment's context.`
  throw templateError('block/variable-missing', place, message)
}

/** The block of a template in which a macro or an import of some name stands. */
export function declaringBlock(
  blockNodes: Readonly<Record<string, AstNode>>,
  name: string,
): { readonly block: string; readonly line: number } | undefined {
  for (const [block, node] of Object.entries(blockNodes)) {
    const found = items(child(node, 'body')).find(
      (each) => each.typename !== 'Set' && boundBy(each).includes(name),
    )
    if (found) return { block, line: found.lineno + 1 }
  }
  return undefined
}
