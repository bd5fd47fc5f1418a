import { stemmer } from 'stemmer'

/** Words that carry the grammar of a question and nothing of its subject. */
const STOP_WORDS = new Set(
  (
    'a about above across after against all also am an and any are as at be because been before behind being below between but by can cannot could did do does doing during ' +
    'done each either else ever every few for from get gets getting give go going got had has have having he ' +
    'hello help her here hey hi him his how however i if in instead into is it its itself just kindly know let ' +
    'like ll made make makes making many may maybe me might mine more most much must my need needs no nor not ' +
    'now of off on once one only or other our out over own please possible same shall she should show so some ' +
    'such tell than thank thanks that the their them then there these they thing things this those through to ' +
    'too try trying two under until up us use used uses using very via want wants was way ways we well were ' +
    'what whats when where whether which while who whom whose why will with within work works would ' +
    've yes yet you your explain mean means meaning called good best better useful purpose purposes point doesn don isn won aren wasn didn re'
  ).split(' '),
)

const WORD = /[\p{L}\p{N}_$]+(?:['’][\p{L}]+)?/gu
const HUMP = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|[_$]+/gu

/**
 * The words of a text, in lower case, for index and questions alike.
 *
 * A name such as `parseBody` gives itself and its parts, so that "parse the body" finds it.
 *
 * @example toWords('call c.parseBody()') // ['call', 'c', 'parsebody', 'parse', 'body']
 */
export function toWords(text: string): string[] {
  return Array.from(text.matchAll(WORD), ([match]) => partsOf(match)).flat()
}

function partsOf(match: string): string[] {
  const word = match.replace(/['’].*$/u, '')
  if (!/\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}|[_$]/u.test(word)) return [word.toLowerCase()]
  const parts = word.split(HUMP).filter((part) => part.length > 1)
  return [word, ...parts].map((part) => part.toLowerCase())
}

/** Whether a word says something about a subject. */
function tells(word: string): boolean {
  return !STOP_WORDS.has(word) && (word.length > 1 || /\p{N}/u.test(word))
}

const known = new Map<string, readonly string[]>()
const MAX_KNOWN = 200_000

/** What a word is indexed as: its stem and those of its parts, without stop words. */
function termsOf(match: string): readonly string[] {
  const terms = known.get(match) ?? partsOf(match).filter(tells).map(toTerm)
  if (known.size < MAX_KNOWN) known.set(match, terms)
  return terms
}

/** The words that documents use, and how often: what is none of them is probably mistyped. */
export class Vocabulary {
  readonly #words = new Map<string, number>()

  /** The terms of a text, as `toTermList`, whose words are counted. */
  read(text: string): string[] {
    const terms: string[] = []
    for (const [match] of text.matchAll(WORD)) {
      const word = match.toLowerCase()
      this.#words.set(word, (this.#words.get(word) ?? 0) + 1)
      for (const term of termsOf(match)) terms.push(term)
    }
    return terms
  }

  /**
   * The word that was probably meant: one slip away, of those the one that is used most. None for a word that is used
   * itself, unless it is far rarer: documents have slips, too.
   *
   * @param names Words that count as often used.
   */
  nearest(word: string, names: Iterable<string>): string | undefined {
    if (word.length < MIN_CORRECTED_CHARS) return undefined
    if (!this.#words.has(word)) for (const name of names) if (isNear(word, name)) return name
    let nearest: string | undefined
    let most = RARER * (this.#words.get(word) ?? 0)
    for (const [each, count] of this.#words) {
      if (count <= most || each.length < MIN_CORRECTED_CHARS || !isNear(word, each)) continue
      nearest = each
      most = count
    }
    return nearest
  }
}

const MIN_CORRECTED_CHARS = 4
const RARER = 100

/** The terms of a text in order, without stop words: each is a stem, so that "mocks" finds "mocking". */
export function toTermList(text: string): string[] {
  const terms: string[] = []
  for (const [match] of text.matchAll(WORD)) for (const term of termsOf(match)) terms.push(term)
  return terms
}

/** The terms of a text, each once. */
export function toTerms(text: string): Set<string> {
  return new Set(toTermList(text))
}

function toTerm(word: string): string {
  // Long "words" are hashes and data.
  return word.length > 40 ? word.slice(0, 40) : stemmer(toAmerican(word))
}

/** `colour` is `color`, and `serialise` is `serialize`: documentation has both. */
function toAmerican(word: string): string {
  if (word.length < 6) return word
  return word
    .replace(/our(?=(?:s|ed|ing|ful|less)?$)/, 'or')
    .replace(/is(?=(?:e[sdr]?|ing|ation)$)/, 'iz')
}

/** Words for one thing: who asks with one of them may read another one. */
const SAME = [
  'abort cancel stop end terminate kill interrupt quit exit',
  'add append insert push',
  'array list',
  'ask prompt query question',
  'browser client user reader visitor',
  'build compile bundle',
  'change modify update edit alter',
  'check verify validate test',
  'close disconnect leave disappear gone',
  'color style',
  'combine merge join concatenate',
  'config configuration configure option setting',
  'convert transform turn translate',
  'create construct generate new',
  'csrf xsrf cross-site',
  'default initial',
  'delete remove erase drop clear',
  'directory folder',
  'disable off without',
  'enable on allow',
  'error exception failure fault fail throw',
  'exclude ignore skip omit',
  'expire expiration ttl timeout',
  'fast quick speed performance',
  'find search lookup locate',
  'hide conceal',
  'id identifier',
  'install setup',
  'keep retain preserve survive store',
  'launch start run begin',
  'limit maximum max most cap',
  'login signin sign-in authenticate',
  'minimum min least',
  'often interval every frequency',
  'parse read decode',
  'print show display output log',
  'random arbitrary',
  'receive listen subscribe',
  'reconnect reload resume retry',
  'replace overwrite substitute',
  'reply response answer',
  'save write persist',
  'send emit publish dispatch',
  'several multiple many',
  'split divide separate',
  'stringify serialize encode',
  'type typing',
  'wait await',
].map((group) => group.split(' ').flatMap((word) => toTermList(word)))

/** The terms that can stand for a term. */
export const ALIKE: ReadonlyMap<string, readonly string[]> = (() => {
  const alike = new Map<string, Set<string>>()
  for (const group of SAME)
    for (const term of group) {
      const others = alike.get(term) ?? new Set<string>()
      for (const other of group) if (other !== term) others.add(other)
      alike.set(term, others)
    }
  return new Map(Array.from(alike, ([term, others]) => [term, [...others]]))
})()

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
