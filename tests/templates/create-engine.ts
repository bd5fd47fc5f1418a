import { compileTemplate } from '../../src/templates/nunjucks/compiler.ts'
import {
  engineWith,
  type NunjucksEngine,
  type NunjucksOptions,
} from '../../src/templates/nunjucks/engine.ts'
import type { TemplateSource } from '../../src/templates/source.ts'

/** The engine alone, without our own templates. */
export function createNunjucksEngine(
  source: TemplateSource,
  options: NunjucksOptions = {},
): NunjucksEngine {
  return engineWith(compileTemplate, source, options)
}
