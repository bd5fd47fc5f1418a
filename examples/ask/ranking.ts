import type { Passage } from './passages.ts'
import { toSentences } from './sentences.ts'
import { WEIGHTS } from './weights.ts'
import { toTermList } from './words.ts'

/** A question as an index understands it. */
export interface Question {
  readonly text: string
  /** What it asks about, without the names of packages; with them if it asks about nothing else. */
  readonly terms: readonly string[]
  /** How much each term tells. */
  readonly weights: ReadonlyMap<string, number>
  /** Other terms that can stand for a term: words for the same thing, and what a mistyped one probably means. */
  readonly alike: ReadonlyMap<string, readonly string[]>
  /** How surely each package is meant, from 0 to 1. */
  readonly packages: ReadonlyMap<string, number>
  /** Whether it only names a package: it asks what the package is for. */
  readonly onlyNames: boolean
  /** How much of it no document speaks of, from 0 to 1. */
  readonly unknown: number
  /** What was put right: from a mistyped word to the one that was probably meant. */
  readonly corrected: ReadonlyMap<string, string>
}

/** A sentence, some short ones, or an example of a passage, and how it fits a question. */
export interface Sentence {
  readonly text: string
  /** Its place in the passage. */
  readonly position: number
  readonly isExample: boolean
  readonly terms: ReadonlySet<string>
  /** The share of the question that it holds, from 0 to 1. */
  readonly direct: number
  /** The same, with what the heading holds counted half. */
  readonly cover: number
}

/** A passage that was found. */
export interface Hit {
  readonly passage: Passage
  /** How well it fits. Scores of two questions do not compare. */
  readonly score: number
  readonly measured: Measured
}

/** What is measured of a passage for a question, each from 0 to 1. */
export type Measured = Readonly<Record<keyof typeof WEIGHTS.passage, number>>

function weigh<Name extends string>(
  weights: Readonly<Record<Name, number>>,
  measured: Readonly<Record<Name, number>>,
): number {
  let sum = 0
  for (const name in weights) sum += weights[name] * measured[name]
  return sum
}

/** How much of a term another word for it holds. */
export const ALIKE_SHARE = 0.6

/** The share of a question, by what its terms tell, that something has. */
function shareOf({ weights, alike }: Question, has: (term: string) => boolean): number {
  let held = 0
  let all = 0
  for (const [term, weight] of weights) {
    all += weight
    if (has(term)) held += weight
    else if (alike.get(term)?.some(has)) held += ALIKE_SHARE * weight
  }
  return all === 0 ? 0 : held / all
}

/** The text of a passage without what its examples have in quotation marks: that is data, not documentation. */
export function searchable(text: string): string {
  return text.replace(/^ {4}.*$/gm, (line) =>
    line.replace(/(["'`])(?:\\.|(?!\1)[^\\])*\1/g, '$1$1'),
  )
}

/**
 * Measures how a passage fits a question: as a second ranking of what an index has found.
 *
 * @param score How the index ranks it, beside the best one, which has 1.
 */
export function toHit(question: Question, passage: Passage, score: number): Hit {
  const { terms, packages } = question
  const heading = toTermList(passage.heading)
  const above = toTermList(`${passage.package} ${passage.title ?? ''}`)
  const title = toTermList(passage.heading.slice(passage.heading.lastIndexOf('›') + 1))
  const words = [...heading, ...toTermList(searchable(passage.text))]
  const held = new Set([...above, ...words])
  const pairs = new Set(words.map((word, i) => `${words[i - 1]} ${word}`))
  const neighbours = terms.filter((term, i) => i > 0 && pairs.has(`${terms[i - 1]} ${term}`)).length
  const named = packages.get(passage.package) ?? 0
  const isGuide = !/\.[cm]?ts$/.test(passage.file)
  const isLead = passage.about !== undefined
  const prose = sentencesOf(question, passage).filter(({ isExample }) => !isExample)
  const proseChars = prose.reduce((sum, { text }) => sum + text.length, 0)
  const measured = {
    score,
    cover: shareOf(question, (term) => held.has(term)),
    heading: shareOf(question, (term) => heading.includes(term)),
    title: title.filter((term) => terms.includes(term)).length / Math.max(1, title.length),
    sentence: Math.max(0, ...prose.map(({ cover }) => cover)),
    prose: Math.min(1, proseChars / passage.text.length),
    phrase: neighbours / Math.max(1, terms.length - 1),
    named,
    mentioned: Number(packages.has(passage.package)),
    guide: Number(isGuide),
    lead: Number(isLead),
    purpose: isLead && question.onlyNames ? named : 0,
    project: Number(passage.owner === 'project'),
    dependency: Number(passage.owner === 'dependency'),
    depth: isGuide ? Math.min(3, passage.file.split('/').length - 1) / 3 : 0,
  }
  return { passage, score: weigh(WEIGHTS.passage, measured), measured }
}

/** How much a term tells that only the heading holds: a sentence below need not repeat it. */
const HEADING_SHARE = 0.5

/** Short sentences that follow one another are quoted together: one often completes the other. */
const JOINED_CHARS = 260
/** A number in brackets would be taken for a mark of a source, so it is not quoted. */
export const MARK = /\[\d+\]/

function joinShort(sentences: readonly string[]): string[] {
  const joined: string[] = []
  for (const sentence of sentences) {
    const before = joined.at(-1)
    const isShort = before !== undefined && before.length + sentence.length < JOINED_CHARS
    if (isShort && !MARK.test(before) && !MARK.test(sentence))
      joined[joined.length - 1] = `${before} ${sentence}`
    else joined.push(sentence)
  }
  return joined
}

/** The sentences and examples of a passage, in their order. */
export function sentencesOf(
  question: Question,
  {
    package: name,
    heading,
    title = '',
    text: whole,
  }: Pick<Passage, 'package' | 'heading' | 'title' | 'text'>,
): Sentence[] {
  const above = new Set(toTermList(`${name} ${title} ${heading}`))
  const sentences: Sentence[] = []
  // An example goes on behind an empty line when it goes on deeper.
  for (const paragraph of whole.split(/\n\n(?! {5})/)) {
    const isExample = paragraph.startsWith('    ')
    for (const text of isExample ? [paragraph] : joinShort(toSentences(paragraph))) {
      const terms = new Set(toTermList(isExample ? searchable(text) : text))
      const direct = shareOf(question, (term) => terms.has(term))
      const both = shareOf(question, (term) => terms.has(term) || above.has(term))
      const cover = direct + HEADING_SHARE * (both - direct)
      const position = sentences.length
      sentences.push({ text, position, isExample, terms, direct, cover })
    }
  }
  return sentences
}

const LONG_CHARS = 400
/** What a question asks for, and what a sentence that tells it looks like. */
const ASKS_FIGURE =
  /\bhow (?:many|much|long|often|large|big|fast)\b|\b(?:default|limit|max\w*|min\w*|size|port|versions?|timeout)\b/i
const FIGURE = /\d/
const DEFAULT = /\bdefault/i
const ASKS_HOW = /^how (?:do|can|to|would|should)\b|^(?!wh|is|are|does|do|can|how)/i
const INSTRUCTS = /^(?:use|call|set|pass|add|create|give|run|to \w+|you can|with)\b/i

/** What is measured of a sentence, each from 0 to 1 or from -1 to 0. */
export type MeasuredSentence = Readonly<Record<keyof typeof WEIGHTS.sentence, number>>

/** @param fit The score of its passage, less that of the best passage. */
export function measureSentence(
  { text, position, isExample, direct, cover, terms }: Sentence,
  fit: number,
  isPurpose: boolean,
  { text: asked }: Question,
): MeasuredSentence {
  return {
    passage: fit,
    direct,
    cover,
    first: Number(position === 0),
    early: 1 / (1 + position),
    example: Number(isExample),
    // It announces what stands below.
    announces: Number(text.endsWith(':')),
    tag: Number(text.startsWith('@')),
    short: Number(!isExample && terms.size < 4),
    long: Math.min(1, text.length / LONG_CHARS),
    purpose: Number(isPurpose && position === 0),
    figure: Number(ASKS_FIGURE.test(asked) && FIGURE.test(text)),
    default: Number(DEFAULT.test(asked) && DEFAULT.test(text)),
    instructs: Number(ASKS_HOW.test(asked) && INSTRUCTS.test(text)),
  }
}

export function scoreSentence(measured: MeasuredSentence): number {
  return weigh(WEIGHTS.sentence, measured)
}

/** What is measured of a question and what was found for it. */
export type MeasuredAnswer = Readonly<Record<keyof typeof WEIGHTS.answer, number>>

export function measureAnswer(question: Question, hits: readonly Hit[]): MeasuredAnswer {
  const best = hits[0]?.measured
  const most = (name: keyof Measured): number =>
    Math.max(0, ...hits.map(({ measured }) => measured[name]))
  return {
    bias: 1,
    cover: best?.cover ?? 0,
    most: most('cover'),
    sentence: most('sentence'),
    heading: most('heading'),
    phrase: most('phrase'),
    named: best?.named ?? 0,
    mentioned: best?.mentioned ?? 0,
    unknown: question.unknown,
    few: 1 / Math.max(1, question.terms.length),
  }
}

/** How probable it is that the passages answer the question, from 0 to 1. */
export function probabilityOf(question: Question, hits: readonly Hit[]): number {
  return 1 / (1 + Math.exp(-weigh(WEIGHTS.answer, measureAnswer(question, hits))))
}

/** Whether the passages answer the question: more likely than not. */
export function answers(question: Question, hits: readonly Hit[]): boolean {
  return probabilityOf(question, hits) >= 0.5
}
