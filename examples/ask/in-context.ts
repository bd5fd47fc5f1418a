import type { Exchange } from './conversation.ts'
import { toQuestionTerms } from './words.ts'

/** Words that stand for something said before. */
const POINTS_BACK =
  /\b(?:it|its|they|them|their|those|these)\b|\b(?:this|that|one|ones|same)\W*$|^(?:and|but|or|then|what about|how about|what else)\b/i
const MIN_TERMS = 2

/**
 * What to search for: the question, and the question together with the one before it. That one comes first when the
 * question hardly says anything by itself, as "And with a timeout?" does.
 */
export function inContext(question: string, previous: Exchange | undefined): string[] {
  if (previous === undefined) return [question]
  const both = `${previous.question} ${question}`
  const leans = POINTS_BACK.test(question) || toQuestionTerms(question).length < MIN_TERMS
  return leans ? [both, question] : [question, both]
}
