import { readFileSync } from 'node:fs'
import { problemOf } from '../../examples/ask/asked.ts'
import { listDocuments } from '../../examples/ask/corpus.ts'
import { createExtractive } from '../../examples/ask/extractive.ts'
import { find } from '../../examples/ask/find.ts'
import type { Passage } from '../../examples/ask/passages.ts'
import { SearchIndex } from '../../examples/ask/search-index.ts'

/** A question of `questions.json`. */
export interface Question {
  readonly ask: string
  /** The packages, or places in them, that answer it. Not for a question to refuse. */
  readonly source?: readonly string[]
  /** Patterns of sentences that answer it: one is enough. */
  readonly says?: readonly string[]
  /** For a question to refuse that comes near: a word of what “Did you mean” offers, or of the first source instead. */
  readonly near?: string
}

/** What the demo is asked from: the packages of this checkout, or a folder of Markdown. */
export interface Corpus {
  readonly name: string
  readonly index: SearchIndex
  readonly docs: boolean
}

function read(name: string): Question[] {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as Question[]
}

/** Every second question tunes; the others are only scored. `practice` are more questions that tune. */
export function halves(
  corpus: Corpus,
): Record<'tuned' | 'untouched' | 'practice', readonly Question[]> {
  const all = read('questions.json')
  const isAsked = (question: Question): boolean => !corpus.docs || isOfDocs(question)
  return {
    tuned: all.filter((question, i) => i % 2 === 0 && isAsked(question)),
    untouched: all.filter((question, i) => i % 2 === 1 && isAsked(question)),
    practice: read('practice.json').filter(isAsked),
  }
}

/** Whether a question can be put to our own documentation alone, too. */
function isOfDocs({ source }: Question): boolean {
  return source?.every((place) => place.split('/')[0] === 'swapstream') ?? true
}

export async function openCorpus(root: string, docs?: string): Promise<Corpus> {
  const index = new SearchIndex()
  await index.fill(await listDocuments({ root, ...(docs === undefined ? {} : { docs }) }))
  const name = docs === undefined ? 'npm start' : `npm start -- --docs ${docs}`
  return { name, index, docs: docs !== undefined }
}

export function isSource(
  { source }: Question,
  { docs }: Corpus,
  passage: Pick<Passage, 'package' | 'file'>,
): boolean {
  // The folder `docs` alone is its own package.
  const at = docs ? `swapstream/docs/${passage.file}` : `${passage.package}/${passage.file}`
  return source?.some((place) => `${at}/`.startsWith(`${place}/`)) ?? false
}

export function says({ says: patterns }: Question, text: string): boolean {
  return patterns?.some((pattern) => new RegExp(pattern, 'i').test(text)) ?? false
}

/** What the demo says to a question, as its reader sees it. */
export async function answerTo(asked: string, { index }: Corpus) {
  if (problemOf(asked)) return { sources: [], text: '', followUps: [], refused: true }
  const { sources, followUps } = find(asked, undefined, index)
  const writer = createExtractive(index, { tokensPerSecond: 0 })
  let text = ''
  for await (const word of writer.answer(asked, sources, new AbortController().signal)) text += word
  const shown = text
    .replace(/\\([\\`*_[\]<>&~"])/g, '$1')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
  return { sources, text: shown, followUps, refused: sources.length === 0 }
}
