import type { Exchange } from './conversation.ts'
import { toQuestionTerms } from './words.ts'

/** Words that stand for what was asked before. */
const POINTS_BACK = /\b(?:it|its|they|them|their|those|these)\b|\b(?:this|that|ones?|same)\W*$/i
/** Beginnings that go on with what was asked before. */
const GOES_ON = /^(?:and|but|or|so|then|also|(?:and )?(?:what|how) about)\b/i
const MIN_TERMS = 2

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
  const leans = GOES_ON.test(question) || toQuestionTerms(question).length < MIN_TERMS
  return leans ? [...there, both, question] : [question, ...there, both]
}
