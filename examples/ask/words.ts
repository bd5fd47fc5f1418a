import { stemmer } from 'stemmer'

/** Words that carry the grammar of a question and nothing of its subject. */
const STOP_WORDS = new Set(
  (
    'a about all also am an and any are as at be because been being but by can cannot could did do does doing ' +
    'done each either else ever every few for from get gets getting give go going got had has have having he ' +
    'hello help her here hey hi him his how however i if in instead into is it its itself just kindly know let ' +
    'like ll made make makes making many may maybe me might mine more most much must my need needs no nor not ' +
    'now of off on once one only or other our out over own please possible same shall she should show so some ' +
    'such tell than thank thanks that the their them then there these they thing things this those through to ' +
    'too try trying two under until up us use used uses using very via want wants was way ways we well were ' +
    'what whats when where whether which while who whom whose why will with within without work works would ' +
    've yes yet you your explain mean means called doesn don isn won aren wasn didn re'
  ).split(' '),
)

const WORD = /[\p{L}\p{N}_$]+(?:['’][\p{L}]+)?/gu
const HUMP = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|[_$]+/gu

const stems = new Map<string, string>()
const MAX_STEMS = 100_000

/**
 * The words of a text, in lower case, for index and questions alike.
 *
 * A name such as `parseBody` gives itself and its parts, so that "parse the body" finds it.
 *
 * @example toWords('call c.parseBody()') // ['call', 'c', 'parsebody', 'parse', 'body']
 */
export function toWords(text: string): string[] {
  const words: string[] = []
  for (const [match] of text.matchAll(WORD)) {
    const word = match.replace(/['’].*$/u, '')
    words.push(word.toLowerCase())
    if (!/\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}|[_$]/u.test(word)) continue
    for (const part of word.split(HUMP)) if (part.length > 1) words.push(part.toLowerCase())
  }
  return words
}

/** The form under which a word is indexed: its stem, so that "mocks" finds "mocking". */
export function toTerm(word: string): string {
  const known = stems.get(word)
  if (known !== undefined) return known
  // Long "words" are hashes and data; stemming them would only fill the memory.
  const term = word.length > 40 ? word.slice(0, 40) : stemmer(word)
  if (stems.size < MAX_STEMS) stems.set(word, term)
  return term
}

/** The terms of a text, each once. */
export function toTerms(text: string): Set<string> {
  return new Set(toWords(text).map(toTerm))
}

/**
 * What a question asks about: its terms without stop words, each once.
 *
 * @example toQuestionTerms('How do I read a query parameter in Hono?') // ['read', 'queri', 'paramet', 'hono']
 */
export function toQuestionTerms(question: string): string[] {
  const words = toWords(question).filter(
    (word) => !STOP_WORDS.has(word) && (word.length > 1 || /\p{N}/u.test(word)),
  )
  return [...new Set(words.map(toTerm))]
}

/**
 * Whether one slip of the fingers lies between two terms: a letter too many, too few, another one, or
 * two in the wrong order. The first letter is hardly ever the wrong one, and must agree.
 */
export function isNear(one: string, other: string): boolean {
  if (one[0] !== other[0] || Math.abs(one.length - other.length) > 1) return false
  let start = 0
  while (start < one.length && one[start] === other[start]) start++
  let end = 0
  const most = Math.min(one.length, other.length) - start
  while (end < most && one.at(-1 - end) === other.at(-1 - end)) end++
  const left = one.slice(start, one.length - end)
  const right = other.slice(start, other.length - end)
  if (left.length <= 1 && right.length <= 1) return true
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0]
}
