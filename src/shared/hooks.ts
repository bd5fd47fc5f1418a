/**
 * Calls a function that a user gave for a notice. If it throws or rejects, that goes to `failed` alone.
 *
 * @example callHook(async () => { throw new Error('mine') }, show)
 */
export function callHook(hook: () => unknown, failed: (error: unknown) => void): void {
  try {
    Promise.resolve(hook()).catch(failed)
  } catch (error) {
    failed(error)
  }
}

/**
 * The message of any thrown value: foreign code may throw text, nothing, or an object that throws when it is
 * looked at.
 *
 * @example errorMessage(new Error('gone')) // → 'gone'
 */
export function errorMessage(error: unknown): string {
  return tryOr(
    () => String(error instanceof Error ? error.message : error),
    'something that cannot be shown',
  )
}

/**
 * Makes an Error of anything thrown: Hono's `onError` takes no other value. An Error stays as it is; another value is the
 * `cause` of a new one.
 *
 * @example toError('no key').message // → 'no key'
 * @example toError(undefined).message // → 'Something threw undefined, which is no Error.'
 */
export function toError(thrown: unknown): Error {
  if (tryOr(() => thrown instanceof Error, false)) return thrown as Error
  const isObject = Object(thrown) === thrown
  const own = tryOr(() => (isObject ? (thrown as Error).message : thrown), undefined)
  const text = typeof own === 'string' ? own.trim() : ''
  const what = tryOr(() => (isObject ? kindOf(thrown) : String(thrown)), 'an object')
  const message = text || `Something threw ${what || 'an empty text'}, which is no Error.`
  return new Error(message, { cause: thrown })
}

/** The result of a look at foreign values, or something else when even looking throws. */
export function tryOr<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}

/**
 * Copies an object without the properties that are undefined: with exact optional types, absent is not undefined.
 *
 * @example omitUndefined({ a: 1, b: undefined }) // → { a: 1 }
 */
export function omitUndefined<T extends object>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

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
