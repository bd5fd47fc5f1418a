import { literally } from './citations.ts'
import { fence } from './fence.ts'
import { find } from './find.ts'
import type { Answerer } from './model.ts'
import {
  MARK,
  measureSentence,
  scoreSentence,
  sentencesOf,
  type Question,
  type Sentence,
} from './ranking.ts'
import type { SearchIndex } from './search-index.ts'
import type { Source } from './sources.ts'
import { writeOut, type WriteOutOptions } from './write-out.ts'

const MAX_QUOTES = 5
const MAX_QUOTE_CHARS = 420
const MAX_ANSWER_CHARS = 1_400
/** Quotes are added until it is this probable that the answer is among them. */
const ENOUGH = 0.9
/** How much a quote loses for repeating what is already quoted. */
const REPEAT_PENALTY = 0.7
const MAX_EXAMPLES = 2
const MAX_EXAMPLE_LINES = 12
/** Sentences that only point elsewhere; the link itself is lost in a quote. */
const POINTER =
  /\b(?:see|view|read|visit|described|refer|check|more)\b.*\b(?:here|below|docs?|documentation|guide|website|locators)\b/i
const POINTER_CHARS = 90

/** A sentence or an example of a source that could be quoted. */
interface Quote extends Sentence {
  readonly source: Source
  /** How likely it answers, next to other quotes. */
  readonly worth: number
}

/**
 * Answers a question by quoting its sources, word for word. No model, nothing is rephrased.
 *
 * In      sources, best first.
 * Out     Markdown that shows each quote letter for letter: an opening line, then one paragraph for each quoted source,
 *         each quote in “…” with its mark [n]; examples are code below. Undefined if nothing can be quoted.
 *
 * @example extract(index.understand('how do I mock a module?'), toSources(hits))
 */
export function extract(question: Question, sources: readonly Source[]): string | undefined {
  const quotes = sources.flatMap((source) =>
    sentencesOf(question, source).map((sentence) => ({
      ...sentence,
      source,
      worth: Math.exp(
        scoreSentence(measureSentence(sentence, source.fit, source.isPurpose, question)),
      ),
    })),
  )
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
 * The answer when no passage answers the question.
 *
 * @param size How many passages were searched.
 * @param meant Questions that were perhaps meant.
 */
export function refusal(question: string, size: number, meant: readonly string[] = []): string {
  const asked = question.replace(/\s+/g, ' ').trim()
  const shown =
    asked.length > 120 ? `${asked.slice(0, 120).replace(/[\uD800-\uDBFF]$/, '')}…` : asked
  const others = meant.map((each) => `“${literally(each)}”`)
  return (
    `Nothing in the ${size.toLocaleString('en')} indexed passages covers “${literally(shown)}”.\n\n` +
    (others.length > 0 ? `Did you mean ${listing(others, 'or')}?\n\n` : '') +
    'This page answers only from the documentation it has read. ' +
    'Name the package, or use the words its documentation would use.'
  )
}

/** The answerer for a machine without key and network: it quotes, or refuses. */
export function createExtractive(
  index: SearchIndex,
  options: Pick<WriteOutOptions, 'tokensPerSecond'> = {},
): Answerer {
  return {
    name: 'extractive',
    model: false,
    answer(asked, _sources, signal, previous) {
      const found = find(asked, previous, index)
      const text =
        extract(found.question, found.sources) ?? refusal(asked, index.size, found.followUps)
      return writeOut(text, { ...options, signal })
    },
  }
}

function isQuotable({ text, isExample, direct, terms }: Quote): boolean {
  if (MARK.test(text)) return false
  if (isExample) return direct > 0 && text.split('\n').length <= MAX_EXAMPLE_LINES
  if (text.length < POINTER_CHARS && POINTER.test(text)) return false
  // A row of figures is no sentence.
  if (text.replace(/\P{L}/gu, '').length < text.length / 2) return false
  return text.length <= MAX_QUOTE_CHARS && terms.size > 1 && /\s/.test(text)
}

/** Chooses the best quotes one by one; a quote that repeats a chosen one counts less. */
function choose(quotes: readonly Quote[]): Quote[] {
  const left = new Set(quotes.filter(isQuotable))
  const all = Array.from(left, ({ worth }) => worth).reduce((sum, worth) => sum + worth, 0)
  const chosen: Quote[] = []
  let chars = 0
  let held = 0
  while (chosen.length < MAX_QUOTES && chars < MAX_ANSWER_CHARS && held < ENOUGH) {
    let next: Quote | undefined
    let value = 0
    for (const quote of left) {
      const repeated = Math.max(0, ...chosen.map((other) => overlap(quote.terms, other.terms)))
      const worth = quote.worth * (1 - REPEAT_PENALTY * repeated)
      if (worth > value) [next, value] = [quote, worth]
    }
    if (!next) break
    left.delete(next)
    held += next.worth / all
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

function listing(names: readonly string[], last = 'and'): string {
  if (names.length <= 1) return names.join('')
  return `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1)}`
}
