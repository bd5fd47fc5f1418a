import { TemplateError } from '../shared/errors.ts'
import { errorMessage } from '../shared/hooks.ts'
import { tagsIn } from '../html/tags.ts'
import { markupUses, type MarkupUses } from '../htmx/markup.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { factsOf, type TemplateFacts } from '../templates/nunjucks/inspect.ts'
import { catalogOf } from '../templates/nunjucks/engine.ts'
import type { Findings } from './findings.ts'

/** A template that could be read. */
export interface ReadTemplate {
  readonly facts: TemplateFacts
  readonly uses: MarkupUses
  readonly file: string
}

/** All templates of one engine. */
export interface Templates {
  readonly engine: TemplateEngine
  readonly byName: ReadonlyMap<string, ReadTemplate>
  /** Those that belong to the app, and not to what is shipped with swapstream. */
  readonly own: readonly ReadTemplate[]
  /** Every name that the engine knows, files that are no templates included. */
  readonly names: readonly string[]
}

const TEMPLATE = /\.(?:html?|njk|nunjucks|jinja2?|j2|xml|svg|txt)$/

/** Reads the templates of an engine; nothing for one that is not nunjucks. What cannot be read is a fault. */
export function readTemplates(
  engine: TemplateEngine,
  htmx: 2 | 4,
  found: Findings,
): Templates | undefined {
  const catalog = catalogOf(engine)
  if (!catalog) return undefined
  const names = catalog.names()
  const byName = new Map<string, ReadTemplate>()
  for (const name of names.filter((each) => TEMPLATE.test(each))) {
    const file = catalog.source.read(name)?.path ?? name
    try {
      const facts = factsOf(catalog, name)
      byName.set(name, { facts, uses: markupUses(tagsIn(facts.html), htmx), file })
    } catch (error) {
      found.fault({ file, ...placeOf(error) }, messageOf(error))
    }
  }
  const own = [...byName.values()].filter(({ facts }) => !facts.name.startsWith('swapstream/'))
  return { engine, byName, own, names }
}

export function placeOf(error: unknown): { line: number; column: number } {
  const { line = 1, column = 1 } = error instanceof TemplateError ? error.place : {}
  return { line, column }
}

/** What an error of a template says behind the place with which its message begins. */
export function messageOf(error: unknown): string {
  return errorMessage(error).replace(/^[^\s:]+(?::\d+)*(?: \(block "[^"]*"\))?: /, '')
}

/** A template and all that it extends, includes, imports and draws, as far as it is known. */
export function withParts(name: string, { byName }: Templates): ReadTemplate[] {
  const found = new Set([name])
  for (const each of found) {
    const { parts = [], rendered = [] } = byName.get(each)?.facts ?? {}
    for (const part of [...parts, ...rendered]) found.add(part.name)
  }
  return [...found].flatMap((each) => byName.get(each) ?? [])
}
