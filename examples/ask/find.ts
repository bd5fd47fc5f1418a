import type { Exchange } from './conversation.ts'
import { followUps, nearMisses } from './follow-ups.ts'
import { answers, toHit, type Question } from './ranking.ts'
import type { SearchIndex } from './search-index.ts'
import { toSources, type Source } from './sources.ts'
import { toTerms } from './words.ts'

/** Words that stand for what was asked before. */
const POINTS_BACK = /\b(?:it|its|they|them|their|those|these)\b|\b(?:this|that|ones?|same)\W*$/i
/** Beginnings that go on with what was asked before. */
const GOES_ON = /^(?:and|but|or|so|then|also|(?:and )?(?:what|how) about)\b/i
const MIN_TERMS = 2

/** What an answer stands on, and where one could go from there. */
export interface Found {
  /** What was searched for. */
  readonly question: Question
  /** Empty if the passages do not answer it. */
  readonly sources: readonly Source[]
  /** Questions to go on with; without sources those that were perhaps meant. */
  readonly followUps: readonly string[]
}

/**
 * The sources of an answer: passages that answer the question, by itself or together with the one before it.
 *
 * Search always finds something. What does not answer the question is no source, so there may be none.
 */
export function find(text: string, previous: Exchange | undefined, index: SearchIndex): Found {
  const tried = inContext(text, previous).map((asked) => index.understand(asked))
  // What was asked before tells where to look, and nothing about whether this is answered there.
  const alone = tried.find((question) => question.text === text)!
  for (const question of tried) {
    const { hits, isAnswer } = answering(question, alone, index)
    if (!isAnswer) continue
    return {
      question,
      sources: toSources(hits),
      // Each is tried, so that they cost as much as the question itself, and the answer needs none.
      get followUps() {
        return followUps(hits, index, 3)
      },
    }
  }
  return { question: alone, sources: [], followUps: nearMisses(alone, index.search(alone)) }
}

/** What is found for a question, ranked by what is asked in it alone, and whether that is an answer. */
function answering(question: Question, alone: Question, index: SearchIndex) {
  const hits = index.search(question)
  if (question === alone || alone.terms.length === 0)
    return { hits, isAnswer: answers(question, hits) }
  const there = { ...alone, packages: question.packages }
  const again = hits
    .map(({ passage, measured }) => toHit(there, passage, measured.score))
    // A package that has the word for its name is another subject.
    .filter(({ measured }) => there.packages.size === 0 || measured.mentioned === 1)
    .toSorted((a, b) => b.score - a.score)
  // More than the package that was spoken of has to be in it.
  const isCovered = (again[0]?.measured.cover ?? 0) > 0.5
  return { hits: again, isAnswer: isCovered && answers(there, again) }
}

/** Whether the best source is of a package that the question names, and answers it. */
export function answersByName(text: string, index: SearchIndex): boolean {
  const question = index.understand(text)
  const hits = index.search(question)
  return hits[0]?.measured.mentioned === 1 && answers(question, hits)
}

/**
 * What to search for, the likeliest first: the question by itself, in the package that was spoken of, and together with
 * the question before it. By itself comes last when it hardly says anything, as "And a header?" does.
 *
 * @example inContext('And a header?', { question: 'Query in hono?', about: 'hono', answer: '' })[0] // → 'And a header? (hono)'
 */
export function inContext(question: string, previous: Exchange | undefined): string[] {
  if (previous === undefined) return [question]
  const there = previous.about === undefined ? [] : [`${question} (${previous.about})`]
  const both = `${previous.question} ${question}`
  if (POINTS_BACK.test(question)) return [both, ...there, question]
  const leans = GOES_ON.test(question) || toTerms(question).size < MIN_TERMS
  return leans ? [...there, both, question] : [question, ...there, both]
}
