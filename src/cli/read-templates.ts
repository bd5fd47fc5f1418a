import { TemplateError, withoutDocs } from '../shared/errors.ts'
import { tagsIn } from '../html/tags.ts'
import { markupUses, type MarkupUses } from '../htmx/markup.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { factsOf, type TemplateFacts } from '../templates/nunjucks/inspect.ts'
import { catalogOf } from '../templates/nunjucks/engine.ts'
import type { Findings, Place } from './findings.ts'

/** A template that could be read. */
export interface ReadTemplate {
  readonly facts: TemplateFacts
  readonly uses: MarkupUses
  readonly file: string
  /** The place of a character of its markup. */
  placeOf(at: number): Place
}

/** All templates of one engine. */
export interface Templates {
  readonly engine: TemplateEngine
  readonly byName: ReadonlyMap<string, ReadTemplate>
  /** Those that belong to the app, and do not come with swapstream. */
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
      const uses = markupUses(tagsIn(facts.html), htmx)
      byName.set(name, { facts, uses, file, placeOf: (at) => ({ file, ...facts.placeOf(at) }) })
    } catch (error) {
      addError(error, file, found)
    }
  }
  const own = [...byName.values()].filter(({ facts }) => !facts.name.startsWith('swapstream/'))
  return { engine, byName, own, names }
}

/** Reports an error of a template, without the place with which its message begins. */
export function addError(error: unknown, file: string, found: Findings): void {
  const { line = 1, column = 1 } = error instanceof TemplateError ? error.place : {}
  const message = withoutDocs(error).replace(/^[^\s:]+(?::\d+)*(?: \(block "[^"]*"\))?: /, '')
  found.fault({ file, line, column }, message)
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
