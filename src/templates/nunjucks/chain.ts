import { TemplateError } from '../../base/errors.ts'
import type { BlockTable } from './block-context.ts'
import { ReadsCloser } from './closed-reads.ts'
import { type CompiledSegment, compileSegment, runSegments } from './compiled-segment.ts'
import { EXTENDS } from './declarations.ts'
import { circular, located, templateError } from './failure.ts'
import { RuntimeFrame } from './frame.ts'
import type { Callback } from './internals.ts'
import type { LoadedTemplate } from './loaded-template.ts'
import { needsOf } from './needs.ts'
import { andThen, answer, type Outcome } from './outcome.ts'
import { PrologueContext } from './prologue-context.ts'
import { noReads } from './reads.ts'
import { wholeRoot } from './segments.ts'
import type { TemplateCatalog } from './template-catalog.ts'
import { resolveName } from './template-catalog.ts'

/** A template and its parents, the page's root last. */
export interface Chain {
  readonly templates: readonly LoadedTemplate[]
  /** Variables that decided on a parent. A change of one asks for another chain. */
  readonly reads: ReadonlySet<string>
  /** The first extends that variables decided on. */
  readonly choice?: { readonly template: string; readonly line: number }
  /** Where the chain breaks off, when nothing has chosen the next parent. */
  readonly open?: { readonly template: string; readonly line: number }
}

/** Whether all templates of a chain came with their source. */
export function isReadable({ templates }: Chain): boolean {
  return templates.every(({ ast }) => ast !== undefined)
}

/** The chain as far as it is known with these variables: up to the first parent that comes out as nothing. */
export async function knownChain(
  leaf: LoadedTemplate,
  variables: Readonly<Record<string, unknown>>,
  options: ChainOptions,
): Promise<Chain> {
  const known = { templates: [leaf], reads: NO_READS }
  try {
    return await resolveChain(leaf, variables, options)
  } catch (error) {
    if (!(error instanceof TemplateError) || error.code !== 'template/extends-nothing') throw error
    const { template, line = 1 } = error.place
    while (known.templates[known.templates.length - 1]!.name !== template) {
      const last = known.templates[known.templates.length - 1]!
      const name = last.parents.length === 1 ? last.parents[0]!.name : undefined
      if (name === undefined) break
      known.templates.push(options.catalog.getFor(name, last.name))
    }
    return { ...known, open: { template, line } }
  }
}

export interface ChainOptions {
  readonly catalog: TemplateCatalog
  readonly limitMs: number
}

const NO_READS: ReadonlySet<string> = new Set()
const chainsOf = new WeakMap<TemplateCatalog, Map<string, Chain>>()
const literalChains = new WeakMap<LoadedTemplate, Chain>()

/**
 * Follows `{% extends %}` from a template to its page. Where a parent is chosen at run time, only what the choice needs
 * is run.
 *
 * Throws  TemplateError `template/circular`, `template/missing`, `template/extends-nothing`.
 */
export function resolveChain(
  leaf: LoadedTemplate,
  variables: Readonly<Record<string, unknown>>,
  options: ChainOptions,
): Outcome<Chain> {
  const known = literalChains.get(leaf)
  if (known) return known
  return follow({ templates: [leaf], reads: NO_READS })

  function follow(chain: Chain): Outcome<Chain> {
    const last = chain.templates[chain.templates.length - 1]!
    const only = last.parents.length === 1 ? last.parents[0]! : undefined
    if (last.parents.length === 0) {
      if (chain.reads === NO_READS) literalChains.set(leaf, chain)
      return remembered(chain)
    }
    if (only?.always && only.name !== undefined) {
      return follow({ ...chain, templates: [...chain.templates, literalParent(chain, only.name)] })
    }
    return andThen(chooseParent(chain, variables, options), ({ parent, reads }) => {
      const line = last.parents[0]!.node.lineno + 1
      const choice = chain.choice ?? { template: last.name, line }
      const found = { ...chain, choice, reads: new Set([...chain.reads, ...reads]) }
      if (!parent) return remembered(found)
      notAgain(chain, parent, last)
      return follow({ ...found, templates: [...chain.templates, parent] })
    })
  }

  /** The same templates are the same chain, so that what was planned for it is found again. */
  function remembered(chain: Chain): Chain {
    const key = keyOf(chain.templates)
    let chains = chainsOf.get(options.catalog)
    if (!chains) chainsOf.set(options.catalog, (chains = new Map()))
    const same = chains.get(key)
    if (!same) chains.set(key, chain)
    return same ?? chain
  }

  function literalParent(chain: Chain, name: string): LoadedTemplate {
    const from = chain.templates[chain.templates.length - 1]!
    const parent = options.catalog.getFor(name, from.name)
    notAgain(chain, parent, from)
    return parent
  }

  function notAgain(chain: Chain, parent: LoadedTemplate, from: LoadedTemplate): void {
    if (!chain.templates.includes(parent)) return
    const { node } =
      from.parents.find(
        ({ name }) => name !== undefined && resolveName(name, from.name) === parent.name,
      ) ?? from.parents[0]!
    const names = [...chain.templates, parent].map((template) => template.name)
    throw circular(names, { template: from.name, line: node.lineno + 1, column: node.colno + 1 })
  }
}

/** How the last template of a chain chooses its parent. */
interface Choice {
  readonly segments: readonly CompiledSegment[]
  readonly table: BlockTable
  readonly reads: ReadonlySet<string>
}

const choicesOf = new WeakMap<TemplateCatalog, Map<string, Choice>>()

function choiceOf({ templates }: Chain, catalog: TemplateCatalog): Choice {
  let choices = choicesOf.get(catalog)
  if (!choices) choicesOf.set(catalog, (choices = new Map()))
  const key = keyOf(templates)
  let choice = choices.get(key)
  if (choice) return choice
  const last = templates[templates.length - 1]!
  const table = last.table()
  const closer = new ReadsCloser(table, catalog)
  const target = closer.close(noReads())
  target.names.add(EXTENDS)
  const segments = templates.map((template) => withoutExtends(template, last))
  const needs = needsOf(target, segments, closer, catalog)
  const compiled = segments.map((segment) => compileSegment(segment, needs.wanted, catalog.env))
  choices.set(key, (choice = { segments: compiled, table, reads: needs.reads }))
  return choice
}

function keyOf(templates: readonly LoadedTemplate[]): string {
  return templates.map((template) => template.name).join('\n')
}

/** Runs what the last template's `{% extends %}` needs, in it and in its children. */
function chooseParent(
  chain: Chain,
  variables: Readonly<Record<string, unknown>>,
  { catalog, limitMs }: ChainOptions,
): Outcome<{ parent: LoadedTemplate | undefined; reads: ReadonlySet<string> }> {
  const { segments, table, reads } = choiceOf(chain, catalog)
  const template = chain.templates[chain.templates.length - 1]!.name
  const context = new PrologueContext(catalog.env, variables, table)
  const frame = new RuntimeFrame()
  frame.topLevel = true
  const late = (): Error =>
    templateError('template/timeout', { template }, `no parent was chosen within ${limitMs} ms`)
  const choose = (done: Callback<unknown>): void => {
    context.draw = { end: done }
    runSegments(segments, context, frame, done)
  }
  const ran = located({ template }, () => answer(choose, limitMs, late))
  return andThen(ran, () => ({ parent: context.chosenParent as LoadedTemplate | undefined, reads }))
}

function withoutExtends(
  template: LoadedTemplate,
  last: LoadedTemplate,
): ReturnType<typeof wholeRoot> {
  const segment = wholeRoot(template, last)
  if (template === last) return segment
  const steps = segment.steps.map((step) =>
    'declarations' in step
      ? {
          ...step,
          declarations: step.declarations.filter(({ node }) => node.typename !== 'Extends'),
        }
      : step,
  )
  return { ...segment, steps }
}
