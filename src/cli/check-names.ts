import { didYouMean, TemplateError } from '../shared/errors.ts'
import type { CodeFacts } from './code-facts.ts'
import { shown, type Finding } from './finding.ts'
import { toFinding, withParts, type Templates } from './templates-read.ts'

/** Whether all that templates name is there: other templates, blocks, filters, tests. */
export async function checkNames(templates: Templates, ownFilters: boolean): Promise<Finding[]> {
  const { byName, names, engine } = templates
  const found: Finding[] = []
  for (const { facts, uses, file, isOwn } of byName.values()) {
    if (!isOwn) continue
    const tell = (place: { line: number; column: number }, message: string, hint = ''): void => {
      found.push({ file, line: place.line, column: place.column, message, ...(hint && { hint }) })
    }
    for (const part of facts.parts) {
      if (!part.optional && !names.includes(part.name))
        tell(part, `template "${part.name}" not found ${didYouMean(part.name, names)}.`)
    }
    for (const { from, ...each } of facts.taken) {
      const given = byName.get(from)?.facts.given
      if (given && !given.has(each.name))
        tell(each, `"${from}" has no "${each.name}" to import ${didYouMean(each.name, given)}.`)
    }
    for (const each of facts.unknown) if (ownFilters) tell(each, each.message, each.hint)
    for (const { at, message, hint } of uses.wrong) tell(facts.placeOf(at), message, hint)
    for (const each of facts.drawn) {
      const wrong = await wrongBlock(templates, each.name, each.block)
      if (wrong !== undefined) tell(each, wrong)
    }
    try {
      await engine.blocks(facts.name)
    } catch (error) {
      // What else is wrong with a parent is told where it stands.
      if (error instanceof TemplateError && error.code === 'template/circular')
        found.push(toFinding(error, byName.get(error.place.template)?.file ?? file))
    }
  }
  return found
}

/** Whether the templates and blocks that the code names are there. */
export async function checkCode(
  all: readonly Templates[],
  { drawn }: CodeFacts,
): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { file, line, column, template, block } of drawn) {
    const at = { file: shown(file), line, column }
    const homes = all.filter(({ names }) => names.includes(template))
    if (homes.length === 0) {
      const known = didYouMean(template, new Set(all.flatMap(({ byName }) => [...byName.keys()])))
      found.push({ ...at, message: `template "${template}" not found ${known}.` })
    } else if (block !== undefined) {
      const wrong = await Promise.all(homes.map((home) => wrongBlock(home, template, block)))
      if (wrong[0] !== undefined && !wrong.includes(undefined))
        found.push({ ...at, message: wrong[0] })
    }
  }
  return found
}

/** What is wrong with a block of a template; nothing when it is there, or cannot be known. */
async function wrongBlock(
  templates: Templates,
  template: string,
  block: string,
): Promise<string | undefined> {
  const { engine, names } = templates
  if (!names.includes(template))
    return `template "${template}" not found ${didYouMean(template, names)}.`
  if (withParts(template, templates).some(({ facts }) => facts.hasUnknownParent)) return undefined
  try {
    const blocks = await engine.blocks(template)
    if (blocks.includes(block)) return undefined
    return `block "${block}" not found in template "${template}" ${didYouMean(block, blocks)}.`
  } catch {
    // The template itself is broken, which is told where it stands.
    return undefined
  }
}
