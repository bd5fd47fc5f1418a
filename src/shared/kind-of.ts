/**
 * Puts the indefinite article before a word, by its sound: names of classes may begin with an acronym.
 *
 * @example withArticle('NDJSON') // → 'an NDJSON'
 * @example withArticle('URL') // → 'a URL'
 */
export function withArticle(word: string): string {
  const isAcronym = /^[A-Z](?:[A-Z]|\d|$)/.test(word)
  const isVowel = isAcronym
    ? /^[AEFHILMNORSX]/.test(word)
    : /^(?:[aeio]|u(?!ni|int|se|ri|til)|hour|honou?r)/i.test(word) &&
      !/^(?:eu|one(?![a-z]))/i.test(word)
  return `${isVowel ? 'an' : 'a'} ${word}`
}

/**
 * Names what something is, for a message.
 *
 * @example kindOf({ a: 1 }) // → 'an Object'
 * @example kindOf(undefined) // → 'undefined'
 */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return withArticle(typeof value)
  const { constructor } = value
  return withArticle((typeof constructor === 'function' && constructor.name) || 'bare object')
}
