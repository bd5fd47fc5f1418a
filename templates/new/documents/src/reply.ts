import type { Reply, Turn } from './conversation.ts'
import { readDocuments, type Section } from './documents.ts'
import { write } from './model.ts'

const documents = readDocuments('docs')

/** Questions to begin with: headings of the documents. */
export const suggestions = documents.sections.slice(0, 3).map(({ title }) => `${title}?`)

const NOTHING = 'The documents say nothing about that.'

/** Answers a question from the sections that fit it best. They are its sources. */
export function reply(prompt: string, _before: readonly Turn[], signal: AbortSignal): Reply {
  const found = documents.search(prompt)
  const sources = found.map(({ title, text }) => ({ title, snippet: shortened(text) }))
  const material = found.map(({ title, text }, n) => `[${n + 1}] ${title}\n${text}`).join('\n\n')
  const request = `Answer only from these parts of the documents, and cite each that you use by its number, as in [1].
Where they do not answer the question, say so.

${material || NOTHING}

The question: ${prompt}`
  return { sources, tokens: write(request, quoted(found), signal) }
}

/** What a script can answer: the first paragraphs of what was found. */
function quoted(found: readonly Section[]): string {
  const quotes = found.map(({ text }, n) => `${text.split('\n\n')[0]} [${n + 1}]`)
  return quotes.slice(0, 2).join('\n\n') || NOTHING
}

function shortened(text: string, length = 160): string {
  const line = text.replace(/[#*`>\s]+/g, ' ').trim()
  return line.length <= length ? line : `${line.slice(0, length).replace(/\s+\S*$/, '')} …`
}
