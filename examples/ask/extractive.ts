import { literally } from './citations.ts'
import { fence } from './fence.ts'
import { inContext } from './in-context.ts'
import type { Answerer } from './model.ts'
import type { Retriever } from './retriever.ts'
import { toSentences } from './sentences.ts'
import type { Source } from './sources.ts'
import { toTerms } from './words.ts'
import { writeOut, type WriteOutOptions } from './write-out.ts'

export { toSources, type Source } from './sources.ts'
export { writeOut, type WriteOutOptions } from './write-out.ts'

/** What the answerer asks of an index: which terms a question has, and how rare they are. */
export type Weights = Pick<Retriever, 'idf' | 'size' | 'terms'>

/** How much of the question's weight one passage must hold, and all passages together. */
const MIN_COVERED_BY_ONE = 0.6
const MIN_COVERED_BY_ALL = 0.65
const MAX_QUOTES = 5
const MAX_QUOTE_CHARS = 420
const MAX_ANSWER_CHARS = 1_400
/** What fits much worse than the best only dilutes the answer. */
const MIN_SHARE_OF_BEST = 0.6
/** How much a quote loses for repeating what is already quoted. */
const REPEAT_PENALTY = 0.7
/** How much a term counts that only the heading holds. */
const HEADING_SHARE = 0.5
const MAX_EXAMPLES = 2
const MAX_EXAMPLE_LINES = 12
const MIN_QUOTE_TERMS = 4
/** Sentences that only point elsewhere; the link itself is lost in a quote. */
const POINTER =
  /\b(?:see|view|read|visit|described|refer|check|more)\b.*\b(?:here|below|docs?|documentation|guide|website|locators)\b/i
const POINTER_CHARS = 90

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
 * Out     Markdown that shows each quote letter for letter: an opening line, then one paragraph for each quoted source,
 *         each quote in “…” with its mark [n]; examples are code below. Undefined if the sources do not cover the question.
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
  const quotes = toQuotes(question, sources, weights)
  const chosen = withExamples(choose(quotes), quotes)
  if (chosen.length === 0) return undefined

  const packages = [...new Set(chosen.map(({ source }) => source.package))]
  const paragraphs = [`Quoted from the documentation of ${literally(listing(packages))}:`]
  for (const source of sources) {
    const own = chosen.filter((quote) => quote.source === source)
    if (own.length > 0) paragraphs.push(...toAnswerParagraphs(source, own))
  }
  return paragraphs.join('\n\n')
}

/**
 * Whether the sources speak of what is asked: of its rare terms above all.
 *
 * Search always finds something; this decides if that is an answer.
 */
export function covers(
  question: string,
  sources: readonly Source[],
  { idf, terms: toOwnTerms }: Weights,
): boolean {
  const terms = toOwnTerms(question)
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
 * The answer when no passage covers the question.
 *
 * @param size How many passages were searched.
 */
export function refusal(question: string, size: number): string {
  const asked = question.replace(/\s+/g, ' ').trim()
  const shown =
    asked.length > 120 ? `${asked.slice(0, 120).replace(/[\uD800-\uDBFF]$/, '')}…` : asked
  return (
    `Nothing in the ${size.toLocaleString('en')} indexed passages covers “${literally(shown)}”.\n\n` +
    'This page answers only from the documentation it has read. ' +
    'Name the package, or use the words its documentation would use.'
  )
}

/** The answerer for a machine without key and network: it quotes, or refuses. */
export function createExtractive(
  weights: Weights,
  options: Pick<WriteOutOptions, 'tokensPerSecond'> = {},
): Answerer {
  return {
    name: 'extractive',
    model: false,
    answer(question, sources, signal, previous) {
      const text = inContext(question, previous)
        .map((asked) => extract(asked, sources, weights))
        .find((each) => each !== undefined)
      return writeOut(text ?? refusal(question, weights.size), { ...options, signal })
    },
  }
}

function toQuotes(
  question: string,
  sources: readonly Source[],
  { idf, terms: toOwnTerms }: Weights,
): Quote[] {
  const asked = toOwnTerms(question)
  const quotes: Quote[] = []
  for (const source of sources) {
    const named = toTerms(source.package)
    const about = toTerms(source.heading)
    // A sentence is chosen for what it says; the name of the package stands above it anyway.
    const subject = asked.some((term) => !named.has(term))
      ? asked.filter((term) => !named.has(term))
      : asked
    let position = 0
    for (const paragraph of paragraphsOf(source.text)) {
      const isExample = paragraph.startsWith('    ')
      for (const text of isExample ? [paragraph] : toSentences(paragraph)) {
        const terms = toTerms(text)
        let direct = 0
        let meant = 0
        for (const term of subject) {
          if (terms.has(term)) direct += idf(term)
          // The heading says what the whole section is about; a sentence below need not repeat it.
          else if (about.has(term)) meant += idf(term) * HEADING_SHARE
        }
        const score =
          direct > 0 ? (direct + meant) * source.match * weightOf(text, position, isExample) : 0
        quotes.push({ source, position: position++, text, isExample, terms, score })
      }
    }
  }
  return quotes
}

/** The paragraphs of a passage. An example goes on behind an empty line when it goes on deeper. */
function paragraphsOf(text: string): string[] {
  return text.split(/\n\n(?! {5})/)
}

function weightOf(text: string, position: number, isExample: boolean): number {
  if (isExample) return 0.8
  if (text.startsWith('@')) return 0.6
  // It announces what we would not show.
  if (text.endsWith(':')) return 0.7
  // The first sentence of a section tends to say what the thing is.
  return position === 0 ? 1.15 : 1
}

function isQuotable({ text, isExample, terms, score }: Quote): boolean {
  if (score === 0) return false
  // A number in brackets would be taken for one of our own marks.
  if (/\[\d+\]/.test(text)) return false
  if (isExample) return text.split('\n').length <= MAX_EXAMPLE_LINES
  if (text.length < POINTER_CHARS && POINTER.test(text)) return false
  return text.length <= MAX_QUOTE_CHARS && terms.size >= MIN_QUOTE_TERMS && /\s\S+\s/.test(text)
}

/** Chooses the best quotes one by one; a quote that repeats a chosen one counts less. */
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
    if (next.isExample && chosen.filter(({ isExample }) => isExample).length >= MAX_EXAMPLES)
      continue
    chosen.push(next)
    chars += next.text.length
  }
  return chosen
}

/** Adds the example or the signature that stands below a chosen sentence: often it is what was wanted. */
function withExamples(chosen: readonly Quote[], quotes: readonly Quote[]): Quote[] {
  const all = [...chosen]
  for (const { source, position } of chosen) {
    if (all.filter(({ isExample }) => isExample).length >= MAX_EXAMPLES) break
    if (all.some((quote) => quote.source === source && quote.isExample)) continue
    const below = quotes.find(
      (quote) => quote.source === source && quote.position > position && quote.isExample,
    )
    if (below && isQuotable(below)) all.push(below)
  }
  return all
}

/** How much of what two quotes say is the same: shared terms to all terms. */
function overlap(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let both = 0
  for (const term of one) if (other.has(term)) both++
  return both / Math.max(1, one.size + other.size - both)
}

/** The quotes of one source, in its own order: sentences in a line, examples below. */
function toAnswerParagraphs(source: Source, quotes: readonly Quote[]): string[] {
  const inOrder = quotes.toSorted((a, b) => a.position - b.position)
  const sentences = inOrder.filter(({ isExample }) => !isExample)
  const examples = inOrder.filter(({ isExample }) => isExample)
  const quoted = sentences.map(({ text }) => `“${literally(text)}”`).join(' ')
  return [
    quoted ? `${quoted} [${source.number}]` : `In ${literally(source.heading)} [${source.number}]:`,
    ...examples.map(({ text }) => fence(text.replace(/^ {4}/gm, ''))),
  ]
}

function listing(names: readonly string[]): string {
  if (names.length <= 1) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
