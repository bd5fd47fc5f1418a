import { TemplateError } from '../shared/errors.ts'
import { errorMessage } from '../shared/error-message.ts'
import { markupUses, type MarkupUses } from '../htmx/markup.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { tagsIn } from '../html/tags.ts'
import { catalogOf } from '../templates/nunjucks/nunjucks-engine.ts'
import { factsOf, type TemplateFacts } from '../templates/nunjucks/inspect.ts'
import { shown, type Finding } from './finding.ts'

/** A template that could be read. */
export interface ReadTemplate {
  readonly facts: TemplateFacts
  readonly uses: MarkupUses
  readonly file: string
  /** It belongs to the app, and not to what is shipped with swapstream. */
  readonly isOwn: boolean
}

/** All templates of one engine. */
export interface Templates {
  readonly engine: TemplateEngine
  readonly byName: ReadonlyMap<string, ReadTemplate>
  /** Every name that the engine knows, files that are no templates included. */
  readonly names: readonly string[]
  /** What cannot be read at all. */
  readonly faults: readonly Finding[]
}

const TEMPLATE = /\.(?:html?|njk|nunjucks|jinja2?|j2|xml|svg|txt)$/

/** Reads the templates of an engine; nothing for one that is not nunjucks. */
export function readTemplates(engine: TemplateEngine, htmx: 2 | 4): Templates | undefined {
  const catalog = catalogOf(engine)
  if (!catalog) return undefined
  const names = catalog.names()
  const byName = new Map<string, ReadTemplate>()
  const faults: Finding[] = []
  for (const name of names.filter((each) => TEMPLATE.test(each))) {
    const file = shown(catalog.source.read(name)?.path ?? name)
    try {
      const facts = factsOf(catalog, name)
      const uses = markupUses(tagsIn(facts.html), htmx)
      byName.set(name, { facts, uses, file, isOwn: !name.startsWith('swapstream/') })
    } catch (error) {
      faults.push(toFinding(error, file))
    }
  }
  return { engine, byName, names, faults }
}

/** An error of a template as a finding. Its message begins with the place, which is told apart here. */
export function toFinding(error: unknown, file: string): Finding {
  const { line = 1, column = 1 } = error instanceof TemplateError ? error.place : {}
  const message = errorMessage(error).replace(/^[^\s:]+(?::\d+)*(?: \(block "[^"]*"\))?: /, '')
  return { file, line, column, message }
}

/** A template and all that it extends, includes, imports and draws, as far as it is known. */
export function withParts(name: string, { byName }: Templates): ReadTemplate[] {
  const found = new Set([name])
  for (const each of found) {
    const facts = byName.get(each)?.facts
    for (const part of [...(facts?.parts ?? []), ...(facts?.drawn ?? [])]) found.add(part.name)
  }
  return [...found].flatMap((each) => byName.get(each) ?? [])
}
