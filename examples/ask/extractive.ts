import type { Answerer } from './model.ts'
import type { Retriever } from './retriever.ts'
import { toSentences } from './sentences.ts'
import type { Source } from './sources.ts'
import { toQuestionTerms, toTerms } from './words.ts'
import { writeOut, type WriteOutOptions } from './write-out.ts'

export { toSources, type Source } from './sources.ts'
export { writeOut, type WriteOutOptions } from './write-out.ts'

/** What the answerer asks of an index: how rare a term is. */
export type Weights = Pick<Retriever, 'idf' | 'size'>

/** How much of the question's weight one passage must hold, and all passages together. */
const MIN_COVERED_BY_ONE = 0.5
const MIN_COVERED_BY_ALL = 0.65
const MAX_QUOTES = 5
const MAX_QUOTE_CHARS = 420
const MAX_ANSWER_CHARS = 1_400
/** A sentence that fits much worse than the best one only dilutes the answer. */
const MIN_SHARE_OF_BEST = 0.4
/** How much a sentence loses for repeating what is already quoted. */
const REPEAT_PENALTY = 0.7

/** A sentence or an example of a source that could be quoted. */
interface Quote {
  readonly source: Source
  /** Place in the source. */
  readonly position: number
  readonly text: string
  readonly isExample: boolean
  readonly terms: ReadonlySet<string>
  readonly score: number
}

/**
 * Answers a question by quoting its sources, word for word. No model, nothing is rephrased.
 *
 * In      sources, best first, and the index they come from (rare terms weigh more).
 * Out     plain text: an opening line, then one paragraph for each quoted source, each quote in “…” with
 *         its mark [n]; examples stand indented below. Undefined if the sources do not cover the question.
 * Cost    a few milliseconds for six passages.
 *
 * @example extract('how do I mock a module?', toSources(hits), retrieve)
 */
export function extract(
  question: string,
  sources: readonly Source[],
  weights: Weights,
): string | undefined {
  if (!covers(question, sources, weights)) return undefined
  const chosen = choose(toQuotes(question, sources, weights))
  if (chosen.length === 0) return undefined

  const packages = [...new Set(chosen.map(({ source }) => source.package))]
  const paragraphs = [`Quoted from the documentation of ${listing(packages)}:`]
  for (const source of sources) {
    const quotes = chosen.filter((quote) => quote.source === source)
    if (quotes.length > 0) paragraphs.push(toAnswerParagraph(quotes))
  }
  return paragraphs.join('\n\n')
}

/**
 * Whether the sources speak of what is asked: of its rare terms above all.
 *
 * Search always finds something; this decides if that is an answer.
 */
export function covers(question: string, sources: readonly Source[], { idf }: Weights): boolean {
  const terms = toQuestionTerms(question)
  const total = terms.reduce((sum, term) => sum + idf(term), 0)
  if (total === 0) return false
  const weigh = (held: ReadonlySet<string>): number =>
    terms.reduce((sum, term) => (held.has(term) ? sum + idf(term) : sum), 0) / total

  const all = new Set<string>()
  let best = 0
  for (const source of sources) {
    const held = toTerms(`${source.package} ${source.heading} ${source.text}`)
    best = Math.max(best, weigh(held))
    for (const term of held) all.add(term)
  }
  return best >= MIN_COVERED_BY_ONE && weigh(all) >= MIN_COVERED_BY_ALL
}

/**
 * What is said in place of an answer when nothing covers the question.
 *
 * @param size How many passages were searched.
 */
export function refusal(question: string, size: number): string {
  const asked = question.replace(/\s+/g, ' ').trim()
  const shown =
    asked.length > 120 ? `${asked.slice(0, 120).replace(/[\uD800-\uDBFF]$/, '')}…` : asked
  return (
    `Nothing in the ${size.toLocaleString('en')} indexed passages covers “${shown}”.\n\n` +
    'This page answers only from the documentation it has read. ' +
    'Name the package, or use the words its documentation would use.'
  )
}

/** The answerer for a machine without key and network: quotes, or says that it cannot. */
export function createExtractive(
  weights: Weights,
  options: Pick<WriteOutOptions, 'tokensPerSecond'> = {},
): Answerer {
  return {
    name: 'extractive',
    model: false,
    answer(question, sources, signal) {
      const text = extract(question, sources, weights) ?? refusal(question, weights.size)
      return writeOut(text, { ...options, signal })
    },
  }
}

function toQuotes(question: string, sources: readonly Source[], { idf }: Weights): Quote[] {
  const asked = toQuestionTerms(question)
  const quotes: Quote[] = []
  for (const source of sources) {
    const about = toTerms(`${source.package} ${source.heading}`)
    const rank = 1 / (1 + 0.25 * (source.number - 1))
    let position = 0
    for (const paragraph of source.text.split('\n\n')) {
      const isExample = paragraph.startsWith('    ')
      for (const text of isExample ? [paragraph] : toSentences(paragraph)) {
        const terms = toTerms(text)
        let weight = 0
        for (const term of asked) {
          if (terms.has(term)) weight += idf(term)
          // The heading says what the whole section is about; a sentence below need not repeat it.
          else if (about.has(term)) weight += idf(term) * 0.5
        }
        // The first sentence of a section tends to say what the thing is.
        const place = position === 0 ? 1.15 : 1
        quotes.push({
          source,
          position: position++,
          text,
          isExample,
          terms,
          score: weight * rank * place,
        })
      }
    }
  }
  return quotes
}

function isQuotable({ text, isExample, terms }: Quote): boolean {
  // A number in brackets would be taken for one of our own marks.
  if (/\[\d+\]/.test(text)) return false
  if (isExample) return false
  return text.length <= MAX_QUOTE_CHARS && terms.size >= 4
}

/** The best quotes, each the best of those left once what is already said counts less. */
function choose(quotes: readonly Quote[]): Quote[] {
  const left = new Set(quotes.filter(isQuotable))
  const chosen: Quote[] = []
  let chars = 0
  let best = 0
  while (chosen.length < MAX_QUOTES && chars < MAX_ANSWER_CHARS) {
    let next: Quote | undefined
    let value = 0
    for (const quote of left) {
      const repeated = Math.max(0, ...chosen.map((other) => overlap(quote.terms, other.terms)))
      const worth = quote.score * (1 - REPEAT_PENALTY * repeated)
      if (worth > value) [next, value] = [quote, worth]
    }
    if (!next || value < best * MIN_SHARE_OF_BEST) break
    best = Math.max(best, value)
    left.delete(next)
    chosen.push(next)
    chars += next.text.length
  }
  return chosen
}

function overlap(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let both = 0
  for (const term of one) if (other.has(term)) both++
  return both / Math.max(1, Math.min(one.size, other.size))
}

function toAnswerParagraph(quotes: readonly Quote[]): string {
  const inOrder = quotes.toSorted((a, b) => a.position - b.position)
  return `${inOrder.map(({ text }) => `“${text}”`).join(' ')} [${inOrder[0]!.source.number}]`
}

function listing(names: readonly string[]): string {
  if (names.length <= 1) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
