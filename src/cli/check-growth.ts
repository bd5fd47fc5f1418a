import type { GrowthPlan } from '../templates/growth.ts'
import type { NunjucksEngine } from '../templates/nunjucks/nunjucks-engine.ts'
import type { CodeFacts } from './code-facts.ts'
import { type Finding, shown } from './finding.ts'
import { withParts, type Templates } from './templates-read.ts'

/** How each block that the code streams travels while its text grows, and why not better. */
export async function tellGrowth(
  all: readonly Templates[],
  { drawn }: CodeFacts,
): Promise<Finding[]> {
  const notes: Finding[] = []
  for (const { template, block, grows, ...said } of drawn) {
    const home = all.find(({ names }) => names.includes(template))
    if (!home || block === undefined || grows === undefined) continue
    try {
      const plan = await (home.engine as NunjucksEngine).explain(template, block, grows)
      const message = `block "${block}" ${inWords(plan, grows)}`
      notes.push({
        ...(placeOf(home, template, block) ?? { ...said, file: shown(said.file) }),
        message,
      })
    } catch {
      // A template or block that is not there is told by another check.
    }
  }
  return notes
}

function inWords(plan: GrowthPlan, grows: string): string {
  if (plan.kind === 'full') return `travels whole with each frame: ${plan.reason}.`
  if (plan.kind === 'settle') return 'sends of its Markdown only what is new.'
  return plan.element
    ? `sends only what is new in "${grows}".`
    : `travels whole with each frame: line ${plan.line}: something follows "${grows}" in its element.`
}

/** Where a block stands: in the template itself, or in what it extends. */
function placeOf(
  home: Templates,
  template: string,
  block: string,
): Omit<Finding, 'message'> | undefined {
  for (const { facts, file } of withParts(template, home)) {
    const found = facts.blocks.find(({ name }) => name === block)
    if (found) return { file, line: found.line, column: found.column }
  }
  return undefined
}
