import { didYouMean } from '../shared/errors.ts'
import { nearest } from '../shared/nearest.ts'
import { HOLE, SEAM } from '../html/tags.ts'
import type { CodeFacts } from './code-facts.ts'
import { shown, type Finding } from './finding.ts'
import { withParts, type ReadTemplate, type Templates } from './templates-read.ts'

/** What is surely wrong, and what is only worth knowing. */
export interface Findings {
  readonly faults: Finding[]
  readonly notes: Finding[]
}

/**
 * Whether the elements that the markup means by their ids are there: in the template, in a page that it is part of, or
 * in another template, from which a fragment may bring them.
 */
export function checkIds(templates: Templates): Findings {
  const faults: Finding[] = []
  const notes: Finding[] = []
  const all = [...templates.byName.values()]
  const pages = new Map(all.map(({ facts }) => [facts.name, withParts(facts.name, templates)]))
  for (const { facts, uses, file, isOwn } of all) {
    if (!isOwn || uses.meant.length === 0) continue
    const around = [...pages.values()].filter((page) =>
      page.some((each) => each.facts.name === facts.name),
    )
    const page = [...new Set(around.flat())]
    for (const { id, attribute, at } of uses.meant) {
      if (page.some((each) => has(each, id, true))) continue
      const place = { file, ...facts.placeOf(at) }
      const externalPrefixes = all.find((each) => has(each, id, false))
      if (!externalPrefixes) {
        const known = page.flatMap(idsOf)
        const message = `${attribute} means #${id}, and no element has that id ${didYouMean(id, known)}.`
        faults.push({ ...place, message })
      } else if (!page.some(({ facts: { hasUnknownParts } }) => hasUnknownParts)) {
        const message = `${attribute} means #${id}, which stands in ${externalPrefixes.facts.name} only: right where a fragment brings it.`
        notes.push({ ...place, message })
      }
    }
  }
  return { faults, notes }
}

/** The same for the elements that the code sends something to. */
export function checkTargets(all: readonly Templates[], { targets }: CodeFacts): Finding[] {
  // Of what is shipped, only what a template of the app draws.
  const templates = all.flatMap((each) =>
    [...each.byName.values()].flatMap(({ facts, isOwn }) =>
      isOwn ? withParts(facts.name, each) : [],
    ),
  )
  const known = templates.flatMap(idsOf)
  return targets.flatMap(({ file, line, column, id }) => {
    if (templates.some((each) => has(each, id, true))) return []
    const meant = nearest(id, known)
    const message = `no template has an element with the id "${id}".`
    const hint = meant && `Did you mean "#${meant}"?`
    return [{ file: shown(file), line, column, message, ...(hint && { hint }) }]
  })
}

function idsOf({ uses }: ReadTemplate): readonly string[] {
  return uses.ids.filter((id) => !UNKNOWN.test(id))
}

const UNKNOWN = new RegExp(`[${HOLE}${SEAM}]`)

/**
 * Whether an element of a template has an id, or may have it.
 *
 * In      `anything`: an id of which nothing is written down counts as every id.
 */
function has({ uses }: ReadTemplate, id: string, anything: boolean): boolean {
  return uses.ids.some((each) => {
    if (!UNKNOWN.test(each)) return each === id
    const parts = each.split(UNKNOWN)
    const first = parts[0]!
    // Between seams stand branches of which one is drawn, so there only the beginning is sure.
    const last = each.includes(SEAM) ? '' : parts.at(-1)!
    return (anything || first + last !== '') && id.startsWith(first) && id.endsWith(last)
  })
}
