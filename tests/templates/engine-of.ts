import { createNunjucksEngine } from './create-engine.ts'
import type { NunjucksEngine, NunjucksOptions } from '../../src/templates/nunjucks/engine.ts'
import { fromRecord } from '../../src/templates/source.ts'

type Templates = Readonly<Record<string, string>>

export function engineOf(templates: Templates, options: NunjucksOptions = {}): NunjucksEngine {
  return createNunjucksEngine(fromRecord(templates), options)
}

/** One block of some templates, drawn once. */
export async function drawn(
  templates: Templates,
  [template, block]: readonly [string, string],
  context: Record<string, unknown> = {},
  options: NunjucksOptions = {},
): Promise<string> {
  const renderer = await engineOf(templates, options).open(template, block, context)
  return renderer.render()
}
