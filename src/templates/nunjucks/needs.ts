import { type ClosedReads, ReadsCloser, wholeReads } from './closed-reads.ts'
import type { Declaration } from './declarations.ts'
import type { AstNode } from './internals.ts'
import type { Mention } from './reads.ts'
import { isSurrounding, type Segment, type Surrounding } from './segments.ts'
import type { TemplateCatalog } from './template-catalog.ts'
import { isLasting, makesSomethingNew, mayBeSame, mutates } from './state.ts'

/** A name around the block that has to come with the context. */
export interface RequiredName {
  readonly name: string
  readonly surrounding: Surrounding
}

/** Which declarations a block needs, and what follows from that. */
export interface Needs {
  readonly wanted: ReadonlySet<AstNode>
  /** All that drawing the block and running its declarations reads; nothing when that cannot be told. */
  readonly names: ReadonlySet<string> | undefined
  /** The same, with their templates. */
  readonly declarations: readonly Declaration[]
  readonly required: readonly RequiredName[]
  /** What running the declarations reads: when one of these changes, they must run again. */
  readonly reads: ReadonlySet<string>
  /** What they read cannot be told: any change may matter. */
  readonly readsEverything: boolean
  /** They make something that drawing the block changes (a counter, a list): each draw needs a new one. */
  readonly volatile: boolean
  /** Every filter and test on the way, to be looked up before anything is drawn. */
  readonly filters: readonly Mention[]
  readonly tests: readonly Mention[]
}

/**
 * Chooses among the declarations before a block those that it needs: what supplies a variable that is read, what that
 * needs in turn, and the conditions around it. A slice, in the sense of Weiser's program slicing.
 *
 * In      what drawing the block reads, and the segments before it.
 */
export function needsOf(
  target: ClosedReads,
  segments: readonly Segment[],
  closer: ReadsCloser,
  catalog: TemplateCatalog,
): Needs {
  const steps = segments.flatMap((segment) => segment.steps)
  const declarations = segments.flatMap((segment) =>
    segment.steps
      .flatMap((step) => (isSurrounding(step) ? [] : step.declarations))
      .map((declaration) => ({ declaration, segment })),
  )
  const wanted = new Set<AstNode>()
  const chosen: { declaration: Declaration; reads: ClosedReads; guards: ClosedReads }[] = []
  const names = new Set(target.names)
  let everything = target.everything
  const take = (reads: ClosedReads): void => {
    for (const name of reads.names) names.add(name)
    everything ||= reads.everything
  }
  for (const step of steps) {
    if (isSurrounding(step))
      for (const value of step.defaults.values()) take(closer.closeNodes([value], step.template))
  }
  for (let grew = true; grew;) {
    grew = false
    for (const { declaration, segment } of declarations) {
      if (wanted.has(declaration.node) || !isNeeded(declaration, names, everything)) continue
      const entry = {
        declaration,
        reads: closer.close(declaration.reads, segment),
        guards: closer.close(declaration.guards),
      }
      wanted.add(declaration.node)
      chosen.push(entry)
      take(entry.reads)
      take(entry.guards)
      grew = true
    }
  }

  const { reads, readsEverything } = runtimeReads(chosen, steps.filter(isSurrounding), closer)
  const used = [target, ...chosen.flatMap((entry) => [entry.reads, entry.guards])]
  return {
    wanted,
    names: everything ? undefined : names,
    declarations: chosen.map((entry) => entry.declaration),
    required: requiredNames(segments, target, chosen),
    reads,
    readsEverything,
    volatile: isVolatile(chosen, used, catalog),
    filters: used.flatMap((each) => each.filters),
    tests: used.flatMap((each) => each.tests),
  }
}

type Chosen = { declaration: Declaration; reads: ClosedReads; guards: ClosedReads }

function isNeeded(
  declaration: Declaration,
  names: ReadonlySet<string>,
  everything: boolean,
): boolean {
  if (declaration.names.some((name) => names.has(name))) return true
  const type = declaration.node.typename
  return everything && type !== 'Super' && type !== 'FilterAsync' && type !== 'Extends'
}

/** A macro reads when it is called and not when it is declared, so it counts when something that runs names it. */
function runtimeReads(
  chosen: readonly Chosen[],
  surroundings: readonly Surrounding[],
  closer: ReadsCloser,
): { reads: Set<string>; readsEverything: boolean } {
  const reads = new Set<string>()
  let readsEverything = false
  const take = (more: ClosedReads): void => {
    for (const name of more.names) reads.add(name)
    readsEverything ||= more.everything
  }
  for (const { names, defaults, template } of surroundings) {
    for (const name of names) reads.add(name)
    for (const value of defaults.values()) take(closer.closeNodes([value], template))
  }
  const macros = new Set<Chosen>()
  for (const entry of chosen) {
    take(entry.guards)
    if (entry.declaration.node.typename === 'Macro') macros.add(entry)
    else take(entry.reads)
  }
  for (let grew = true; grew;) {
    grew = false
    for (const macro of macros) {
      if (!macro.declaration.names.some((name) => reads.has(name))) continue
      macros.delete(macro)
      take(macro.reads)
      grew = true
    }
  }
  return { reads, readsEverything }
}

/** The names that a loop, macro or call gives, as far as something inside of it reads them. */
function requiredNames(
  segments: readonly Segment[],
  target: ClosedReads,
  chosen: readonly Chosen[],
): RequiredName[] {
  const required: RequiredName[] = []
  const read = new Set(target.names)
  const byNode = new Map(chosen.map((entry) => [entry.declaration.node, entry]))
  // From the block outwards: each scope supplies what has been read inside of it.
  for (const segment of segments.toReversed()) {
    for (const step of segment.steps.toReversed()) {
      if (isSurrounding(step)) {
        for (const name of step.names) {
          if (read.delete(name) && !step.defaults.has(name))
            required.push({ name, surrounding: step })
        }
        continue
      }
      for (const { node } of step.declarations) {
        const entry = byNode.get(node)
        if (!entry) continue
        for (const name of entry.reads.names) read.add(name)
        for (const name of entry.guards.names) read.add(name)
      }
    }
  }
  return required
}

function isVolatile(
  chosen: readonly Chosen[],
  used: readonly ClosedReads[],
  catalog: TemplateCatalog,
): boolean {
  for (const { declaration } of chosen) {
    for (const reference of declaration.reads.references) {
      if (reference.kind === 'include') continue
      const { name, from } = reference
      const file = name === undefined ? undefined : catalog.lookUp(name, from)
      if (!file?.ast || !isLasting(file, catalog)) return true
      const whole = wholeReads(reference, catalog)
      if (reference.kind === 'import with context' && mutates(whole, declaration.names)) return true
    }
  }
  const changeable = changeableNames(chosen)
  return changeable.size > 0 && used.some((reads) => mutates(reads, changeable))
}

/** Variables that hold something made for this page, or something that may be the same by another name. */
function changeableNames(chosen: readonly Chosen[]): Set<string> {
  const names = new Set<string>()
  const sets = chosen.filter(({ declaration: { node } }) => SETTING.has(node.typename))
  for (let size = -1; size !== names.size;) {
    size = names.size
    for (const { declaration, reads } of sets) {
      const isNew = makesSomethingNew(declaration.node)
      const isSame = mayBeSame(declaration.node) && [...reads.names].some((name) => names.has(name))
      if (isNew || isSame) for (const name of declaration.names) names.add(name)
    }
  }
  return names
}

const SETTING: ReadonlySet<string> = new Set(['Set', 'FilterAsync'])
