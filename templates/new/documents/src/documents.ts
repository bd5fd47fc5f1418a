import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import MiniSearch from 'minisearch'

/** A part of a document: a heading, and the text below it. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly text: string
}

/** Words that are in most questions, and say nothing of what is asked for. */
const STOP_WORDS = new Set(
  'a an and are as at be by can do does for from has have how i if in is it its me my of on or our that the there they this to was we what when where which who why will with you your'.split(
    ' ',
  ),
)

/** The Markdown files of a folder, cut at their headings, for questions. */
export function readDocuments(folder: string) {
  const sections = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .toSorted()
    .flatMap((file) => sectionsOf(file, readFileSync(join(folder, file), 'utf8')))
  const byId = new Map(sections.map((section) => [section.id, section]))
  const index = new MiniSearch<Section>({
    fields: ['title', 'text'],
    processTerm: (term) => (STOP_WORDS.has(term.toLowerCase()) ? null : term.toLowerCase()),
    searchOptions: { boost: { title: 2 }, prefix: true, fuzzy: 0.2 },
  })
  index.addAll(sections)
  return {
    sections,
    /** The sections that fit a question best, the best one first. */
    search: (question: string, count = 3): Section[] =>
      index
        .search(question)
        .slice(0, count)
        .map(({ id }) => byId.get(String(id))!),
  }
}

function sectionsOf(file: string, markdown: string): Section[] {
  return markdown
    .split(/^(?=#{1,3} )/m)
    .map((part, n) => {
      const [, heading, text = ''] = /^(?:#+ (.*))?([^]*)$/.exec(part)!
      return { id: `${file}#${n}`, title: heading?.trim() ?? file, text: text.trim() }
    })
    .filter(({ text }) => text !== '')
}
