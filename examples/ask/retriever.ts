import MiniSearch from 'minisearch'
import { createBreath } from './breath.ts'
import type { Passage } from './passages.ts'
import { toQuestionTerms, toTerm, toTerms, toWords } from './words.ts'

/** A passage that was found; a higher score is a better match. Scores of two questions do not compare. */
export interface Hit {
  readonly passage: Passage
  readonly score: number
}

/** Finds the passages that fit a question best, best first. */
export interface Retriever {
  (question: string, k: number): Hit[]
  /** How many passages are indexed. */
  readonly size: number
  /** How much a term tells: 0 for one that is everywhere, ln(size + 1) for one that is nowhere. */
  idf(term: string): number
}

export interface RetrieverProgress {
  readonly indexed: number
  readonly total: number
}

/** More passages of one section than this crowd out what another place has to say. */
const MAX_PER_SECTION = 2

/**
 * Indexes passages for full-text search (BM25 over stems).
 *
 * Cost    about 0.1 ms a passage, in slices of 12 ms, so that a server or a progress line stays alive.
 *         A question takes about a millisecond.
 *
 * @example
 * const retrieve = await createRetriever(passages)
 * retrieve('how do I read a query parameter?', 6)[0]?.passage.heading // 'HonoRequest › query'
 */
export async function createRetriever(
  passages: readonly Passage[],
  onProgress?: (progress: RetrieverProgress) => void,
): Promise<Retriever> {
  const index = new MiniSearch<Passage>({
    fields: ['heading', 'text', 'package'],
    tokenize: toWords,
    processTerm: toTerm,
    // Values measured on documentation of this kind; see the engine's own notes on BM25+.
    searchOptions: {
      bm25: { k: 1.2, b: 0.75, d: 0 },
      boost: { heading: 2, package: 1.5 },
    },
  })
  const frequency = new Map<string, number>()
  const families = new Families()
  const breath = createBreath()

  for (const [i, passage] of passages.entries()) {
    index.add(passage)
    const terms = toTerms(`${passage.heading} ${passage.text} ${passage.package}`)
    for (const term of terms) frequency.set(term, (frequency.get(term) ?? 0) + 1)
    families.add(passage, terms)
    if (i % 16 === 0) {
      onProgress?.({ indexed: i, total: passages.length })
      await breath()
    }
  }
  onProgress?.({ indexed: passages.length, total: passages.length })

  const size = passages.length
  const idf = (term: string): number => Math.log((size + 1) / ((frequency.get(term) ?? 0) + 1))

  const retrieve = (question: string, k: number): Hit[] => {
    const terms = toQuestionTerms(question)
    if (terms.length === 0) return []
    const boosts = families.boosts(question, frequency)
    const found = index.search(terms.join(' '), {
      // They are terms already; stemming a stem again could make another word of it.
      tokenize: () => terms,
      processTerm: (term) => term,
      // Only a word that is nowhere is taken for a slip of the fingers.
      fuzzy: (term) => (frequency.has(term) || term.length < 5 ? false : 0.2),
      boostDocument: (id) => boosts.get(passages[id as number]!.package) ?? 1,
    })

    const hits: Hit[] = []
    const perSection = new Map<string, number>()
    for (const { id, score } of found) {
      const passage = passages[id as number]!
      const section = `${passage.package}\n${passage.file}\n${passage.heading}`
      const count = perSection.get(section) ?? 0
      if (count >= MAX_PER_SECTION) continue
      perSection.set(section, count + 1)
      hits.push({ passage, score })
      if (hits.length === k) break
    }
    return hits
  }
  return Object.assign(retrieve, { size, idf })
}

/**
 * Which packages a question names. "… in hono" should favour the packages hono, @hono/* and @types/hono;
 * "environment variables" should not favour a package that happens to be called environment.
 */
class Families {
  readonly #packages = new Map<string, Set<string>>()
  /** How many passages of a family hold its own name. */
  readonly #own = new Map<string, number>()
  readonly #namesOf = new Map<string, string[]>()

  add(passage: Passage, terms: ReadonlySet<string>): void {
    let names = this.#namesOf.get(passage.package)
    if (!names) {
      this.#namesOf.set(passage.package, (names = familyNames(passage.package)))
      for (const name of names) {
        const family = this.#packages.get(name)
        if (family) family.add(passage.package)
        else this.#packages.set(name, new Set([passage.package]))
      }
    }
    for (const name of names) {
      if (terms.has(toTerm(name))) this.#own.set(name, (this.#own.get(name) ?? 0) + 1)
    }
  }

  boosts(question: string, frequency: ReadonlyMap<string, number>): Map<string, number> {
    const boosts = new Map<string, number>()
    for (const word of new Set([
      ...toWords(question),
      ...question.toLowerCase().split(/[\s?!,;()]+/),
    ])) {
      const family = this.#packages.get(word.replace(/[.:]+$/, ''))
      if (!family) continue
      // A name that many others use as a word says little about which package is meant.
      const share = (this.#own.get(word) ?? 0) / Math.max(1, frequency.get(toTerm(word)) ?? 0)
      for (const name of family) boosts.set(name, Math.max(boosts.get(name) ?? 1, 1 + 1.5 * share))
    }
    return boosts
  }
}

/** `@hono/node-server` answers to itself, `hono` and `node-server`; `@types/chai` to itself and `chai`. */
function familyNames(name: string): string[] {
  const [, scope, base] = /^@([^/]+)\/(.+)$/.exec(name.toLowerCase()) ?? []
  if (!scope || !base) return [name.toLowerCase(), name.toLowerCase().replace(/\.js$/, '')]
  return scope === 'types' ? [name.toLowerCase(), base] : [name.toLowerCase(), scope, base]
}
