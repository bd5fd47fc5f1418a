import { setImmediate, setTimeout } from 'node:timers/promises'
import MiniSearch from 'minisearch'
import { readDocuments, type Document } from './corpus.ts'
import { Families, familyNames } from './families.ts'
import type { Passage } from './passages.ts'
import { ALIKE_SHARE, searchable, toHit, type Hit, type Question } from './ranking.ts'
import { ALIKE, toTermList, Vocabulary } from './words.ts'

/** How long filling may hold the event loop. */
const SLICE_MS = 12
const LOOK_MS = 150
/** How many are ranked once more: of all packages, and beside them of those that the question names. */
const CANDIDATES = 60
const CANDIDATES_OF_NAMED = 40
/** The most passages of one section, so that other places are found, too. */
const MAX_PER_SECTION = 2

/**
 * Passages in an index for full-text search (BM25 over stems), ranked once more by how they fit the whole question. It can
 * be asked while it is filled.
 *
 * Cost    about 0.1 ms a passage; a question takes some 30 ms.
 *
 * @example
 * const index = new SearchIndex()
 * await index.fill(await listDocuments({ root: process.cwd() }))
 * index.search(index.understand('how do I read a query parameter?'))[0]?.passage.heading // 'HonoRequest › query'
 */
export class SearchIndex {
  readonly passages: Passage[] = []
  /** How much of the documents is read, from 0 to 1. */
  read = 1
  /** Documents that are not read yet; how many are begun, and how many are read. */
  #unread: Document[] = []
  #started = 0
  #done = 0
  readonly #leads: Passage[] = []
  readonly #families = new Families()
  readonly #vocabulary = new Vocabulary()
  /** How many passages hold a term. */
  readonly #frequency = new Map<string, number>()
  /** The terms of the passage that is being added: the engine does not expose them. */
  #added = new Set<string>()
  readonly #index = new MiniSearch<Passage>({
    fields: ['heading', 'text', 'title', 'about'],
    tokenize: (text) => this.#vocabulary.read(text),
    processTerm: (term) => {
      this.#added.add(term)
      return term
    },
    extractField: (passage, field) =>
      field === 'text' ? searchable(passage.text) : ((passage[field as 'heading'] ?? '') as never),
    searchOptions: {
      tokenize: (text) => text.split(' '),
      processTerm: (term) => term,
      // Measured on documentation: with a d above 0, long passages win by holding everything.
      bm25: { k: 1.2, b: 0.75, d: 0 },
      boost: { heading: 3, about: 1 },
    },
  })

  get size(): number {
    return this.passages.length
  }

  /** Reads documents into the index, in slices, so that a server in the same process stays alive. */
  async fill(documents: readonly Document[]): Promise<void> {
    this.read = 0
    this.#unread = [...documents]
    let since = performance.now()
    for await (const { passages, documents: done } of readDocuments(this.#next())) {
      for (const passage of passages) this.add(passage)
      this.#done = done
      this.read = done / (documents.length + 1)
      if (performance.now() - since < SLICE_MS) continue
      await setImmediate()
      since = performance.now()
    }
    this.read = 1
  }

  /** What is to be read next: see `prefer`. */
  *#next(): Generator<Document, void, undefined> {
    for (let next = this.#unread.shift(); next; next = this.#unread.shift()) {
      this.#started++
      yield next
    }
  }

  /**
   * Reads the packages that a question names before what else is unread.
   *
   * @returns Whether all of them are read; undefined when it names none.
   */
  prefer(question: string): (() => boolean) | undefined {
    const words = toQuestionWords(question)
    const names = new Set(words.flatMap((word, i) => [word, `${word}-${words[i + 1]}`]))
    const isNamed = (name: string): boolean => familyNames(name).some((each) => names.has(each))
    const named = this.#unread.filter((document) => isNamed(document.package))
    const wanted = new Set(named)
    const started = this.#started
    this.#unread = [...named, ...this.#unread.filter((document) => !wanted.has(document))]
    const isKnown = named.length > 0 || [...names].some((name) => this.#families.has(name))
    return isKnown ? () => this.#done >= started + named.length : undefined
  }

  /** Gives how much is read, again and again, until it is all. */
  async *reading(signal: AbortSignal): AsyncGenerator<number, void, undefined> {
    while (this.read < 1 && !signal.aborted) {
      yield this.read
      await setTimeout(LOOK_MS)
    }
  }

  add(passage: Omit<Passage, 'id'>): void {
    const own = { ...passage, id: this.passages.length }
    this.#added = new Set()
    this.#index.add(own)
    this.passages.push(own)
    if (own.about !== undefined) this.#leads.push(own)
    for (const term of this.#added) this.#frequency.set(term, (this.#frequency.get(term) ?? 0) + 1)
    this.#families.add(passage.package)
  }

  /** How much a term tells: ln 2 for one that is everywhere, ln(size + 2) for one that is nowhere. */
  idf(term: string): number {
    return Math.log(1 + (this.size + 1) / ((this.#frequency.get(term) ?? 0) + 1))
  }

  /** What a question asks about. A slip of the fingers is put right. */
  understand(text: string): Question {
    const frequency = (term: string): number => this.#frequency.get(term) ?? 0
    const corrected = new Map<string, string>()
    const words = toQuestionWords(text).map((word) => {
      const terms = toTermList(word)
      if (terms.length !== 1 || this.#families.has(word) || frequency(terms[0]!) > 2) return word
      const meant = this.#vocabulary.nearest(word, this.#families.names)
      if (meant === undefined || toTermList(meant)[0] === terms[0]) return word
      corrected.set(word, meant)
      // A package is what was meant; another word could also be a word that no document has.
      return this.#families.has(meant) ? meant : word
    })
    const named = this.#families.namedIn(words, frequency)
    const terms = [...new Set(toTermList(words.join(' ')))]
    const alike = new Map(terms.map((term) => [term, ALIKE.get(term) ?? []]))
    for (const [typed, meant] of corrected)
      for (const term of toTermList(typed)) if (alike.has(term)) alike.set(term, toTermList(meant))
    const rarity = (term: string): number =>
      Math.min(
        ...[term, ...(frequency(term) === 0 ? alike.get(term)! : [])].map((each) => this.idf(each)),
      )
    const weights = new Map(terms.map((term) => [term, rarity(term)]))
    const sum = (list: readonly string[]): number =>
      list.reduce((all, term) => all + weights.get(term)!, 0)
    const known = terms.filter((term) => [term, ...alike.get(term)!].some(frequency))
    return {
      text,
      terms,
      weights,
      alike,
      packages: named.packages,
      onlyNames: words.every((word) => named.words.has(word) || toTermList(word).length === 0),
      unknown: 1 - sum(known) / Math.max(1, sum(terms)),
      corrected,
    }
  }

  /**
   * The passages that fit a question, best first.
   *
   * @param most How many.
   */
  search(question: Question, most = 6): Hit[] {
    const { terms, packages } = question
    if (terms.length === 0 && packages.size === 0) return []
    const alike = new Set(
      [...question.alike.values()].flat().filter((term) => !terms.includes(term)),
    )
    const found = this.#index.search([...terms, ...alike].join(' '), {
      boostTerm: (term) => (alike.has(term) ? ALIKE_SHARE : 1),
    })
    const best = found[0]?.score ?? 1
    const chosen: { readonly id: number; readonly score: number }[] = found.slice(
      0,
      CANDIDATES,
    ) as never[]
    if (packages.size > 0) {
      const own = found
        .slice(CANDIDATES)
        .filter(({ id }) => packages.has(this.passages[id as number]!.package))
      chosen.push(...(own.slice(0, CANDIDATES_OF_NAMED) as never[]))
      // What a package is for stands at the beginning of its README, in whatever words.
      const known = new Set(chosen.map(({ id }) => id))
      for (const { id, package: name } of this.#leads)
        if (packages.has(name) && !known.has(id)) chosen.push({ id, score: 0 })
    }
    const ranked = chosen
      .map(({ id, score }) => toHit(question, this.passages[id]!, score / best))
      .toSorted((a, b) => b.score - a.score)
    return withoutCopies(ranked).slice(0, most)
  }
}

/** The words of a question, in lower case and in order, with what a name is written with. */
function toQuestionWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[\s?!,;:()"'’`“”]+/)
    .map((word) => word.replace(/^\.+|[.:]+$/g, ''))
    .filter(Boolean)
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
