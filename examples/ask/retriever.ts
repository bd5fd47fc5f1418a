import MiniSearch from 'minisearch'
import { createBreath } from './breath.ts'
import { Families } from './families.ts'
import type { Passage } from './passages.ts'
import { isNear, toQuestionTerms, toTerm, toWords } from './words.ts'

/** A passage that was found; a higher score is a better match. Scores of two questions do not compare. */
export interface Hit {
  readonly passage: Passage
  readonly score: number
}

/** Finds the passages that fit a question best, best first. */
export interface Retriever {
  (question: string, k: number): Hit[]
  /** What is indexed, each passage at the index that is its id. */
  readonly passages: readonly Passage[]
  /** How many passages are indexed. */
  readonly size: number
  /** How much a term tells: ln 2 for one that is everywhere, ln(size + 2) for one that is nowhere. */
  idf(term: string): number
  /** What a question asks about, as terms of this index: a slip of the fingers is put right. */
  terms(question: string): string[]
}

export interface RetrieverProgress {
  readonly indexed: number
  readonly total: number
}

/** The most passages of one section, so that other places are found, too. */
const MAX_PER_SECTION = 2
/** How many of the best are looked at once more, in the order of their words. */
const RERANKED = 40
/** How much a passage gains that has the words of the question side by side. */
const PHRASE_BONUS = 0.25
/** How much a passage gains whose title is nothing but words of the question. */
const TITLE_BONUS = 0.4
/** A guide is written to be read; the comment on a type is read by those who found the type. */
const GUIDE_BONUS = 1.3
const MIN_CORRECTED_CHARS = 6

/**
 * Indexes passages for full-text search (BM25 over stems).
 *
 * Cost    about 0.1 ms a passage, in slices of 12 ms, so that a server or a progress line stays alive.
 *         A question takes a few milliseconds.
 *
 * @example
 * const retrieve = await createRetriever(passages)
 * retrieve('how do I read a query parameter?', 6)[0]?.passage.heading // 'HonoRequest › query'
 */
export async function createRetriever(
  passages: readonly Passage[],
  onProgress?: (progress: RetrieverProgress) => void,
): Promise<Retriever> {
  /** The terms of the passage that is being added: the engine does not expose them. */
  let added = new Set<string>()
  const nameWords = Families.words(passages.map((passage) => passage.package))
  const nameFrequency = new Map<string, number>()
  let names = new Set<string>()
  const index = new MiniSearch<Passage>({
    fields: ['heading', 'text', 'package'],
    tokenize: toWords,
    processTerm: (word) => {
      const term = toTerm(word)
      added.add(term)
      if (nameWords.has(word)) names.add(word)
      return term
    },
    // Measured on documentation: with a d above 0, long passages win by holding everything.
    searchOptions: { bm25: { k: 1.2, b: 0.75, d: 0 }, boost: { heading: 3 } },
  })
  const frequency = new Map<string, number>()
  const families = new Families()
  const breath = createBreath()

  for (const [i, passage] of passages.entries()) {
    added = new Set()
    names = new Set()
    index.add(passage)
    for (const term of added) frequency.set(term, (frequency.get(term) ?? 0) + 1)
    for (const name of names) nameFrequency.set(name, (nameFrequency.get(name) ?? 0) + 1)
    families.add(passage.package)
    if (i % 16 === 0) {
      onProgress?.({ indexed: i, total: passages.length })
      await breath()
    }
  }
  onProgress?.({ indexed: passages.length, total: passages.length })

  const size = passages.length
  const idf = (term: string): number => Math.log(1 + (size + 1) / ((frequency.get(term) ?? 0) + 1))

  const correct = (term: string): string => {
    if (frequency.has(term) || term.length < MIN_CORRECTED_CHARS) return term
    let nearest = term
    for (const [known, count] of frequency) {
      if (isNear(term, known) && count > (frequency.get(nearest) ?? 0)) nearest = known
    }
    return nearest
  }
  const toOwnTerms = (question: string): string[] => [
    ...new Set(toQuestionTerms(question).map(correct)),
  ]

  const retrieve = (question: string, k: number): Hit[] => {
    const named = families.events(question, nameFrequency)
    // A package that is named is preferred as such; as a word, its name would only favour the passages
    // that repeat it.
    const rest = question
      .split(/[\s?!,;()"'’`]+/)
      .filter((word) => !named.words.has(word.toLowerCase().replace(/[.:]+$/, '')))
    const subject = toOwnTerms(rest.join(' '))
    const terms = subject.length > 0 ? subject : toOwnTerms(question)
    if (terms.length === 0) return []

    const found = index.search(terms.join(' '), {
      // They are terms already; the stem of a stem could be another word.
      tokenize: () => terms,
      processTerm: (term) => term,
      boostDocument: (id) => {
        const { package: name, file } = passages[id as number]!
        return (named.boosts.get(name) ?? 1) * (file.endsWith('.ts') ? 1 : GUIDE_BONUS)
      },
    })
    const ranked = found
      .slice(0, RERANKED)
      .map(({ id, score }) => ({ passage: passages[id as number]!, score }))
      .map((hit) => ({
        ...hit,
        score:
          hit.score *
          (1 +
            PHRASE_BONUS * phraseShare(terms, hit.passage) +
            TITLE_BONUS * titleShare(terms, hit.passage)),
      }))
      .toSorted((a, b) => b.score - a.score)
    return withoutCopies(ranked).slice(0, k)
  }
  return Object.assign(retrieve, { passages, size, idf, terms: toOwnTerms })
}

/** How many neighbours among the terms are neighbours in the passage too, from 0 to 1. */
function phraseShare(terms: readonly string[], passage: Passage): number {
  if (terms.length < 2) return 0
  const words = toWords(`${passage.heading} ${passage.text}`).map(toTerm)
  const pairs = new Set<string>()
  for (let i = 1; i < words.length; i++) pairs.add(`${words[i - 1]} ${words[i]}`)
  let found = 0
  for (let i = 1; i < terms.length; i++) if (pairs.has(`${terms[i - 1]} ${terms[i]}`)) found++
  return found / (terms.length - 1)
}

/** How much of the title (the last heading) is asked for: all of `query`, a third of `detectFromQuery`. */
function titleShare(terms: readonly string[], { heading }: Passage): number {
  const name = heading.slice(heading.lastIndexOf('›') + 1)
  const words = name.split(/[^\p{L}\p{N}]+|(?<=\p{Ll})(?=\p{Lu})/u).filter(Boolean)
  if (words.length === 0) return 0
  return words.filter((word) => terms.includes(toTerm(word.toLowerCase()))).length / words.length
}

function withoutCopies(hits: readonly Hit[]): Hit[] {
  const perSection = new Map<string, number>()
  const beginnings = new Set<string>()
  return hits.filter(({ passage }) => {
    const section = `${passage.package}\n${passage.file}\n${passage.heading}`
    const count = perSection.get(section) ?? 0
    // Overloads and copies for other runtimes begin with the same words.
    const beginning = `${passage.package}\n${passage.text.slice(0, 60)}`
    if (count >= MAX_PER_SECTION || beginnings.has(beginning)) return false
    perSection.set(section, count + 1)
    beginnings.add(beginning)
    return true
  })
}
