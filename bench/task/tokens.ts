/**
 * The tokens of every answer: always the same, 4.2 characters on average, with an `&` now and then, which HTML escapes.
 * Each begins with a mark that says which one it is, so that a reader of an answer, in whatever form, knows how much
 * of it is there: `B22 `, `B23, `, `B24 & `.
 */

/** No `O`, so that the `[DONE]` of some protocols is no mark; no lower case, as markup and chunk sizes are. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const LETTERS = 24
const BASE = ALPHABET.length

/** After so many tokens the marks begin again. */
export const MARKS = LETTERS * BASE * BASE

export function token(index: number): string {
  const at = index % MARKS
  const mark =
    ALPHABET[Math.floor(at / BASE / BASE)]! +
    ALPHABET[Math.floor(at / BASE) % BASE]! +
    ALPHABET[at % BASE]!
  if (index % 100 === 50) return `${mark} & `
  return index % 5 === 0 ? `${mark}, ` : `${mark} `
}

const digits = new Int16Array(256).fill(-1)
for (let at = 0; at < BASE; at++) digits[ALPHABET.charCodeAt(at)] = at

/** The mark that ends at a byte (not included); -1 when there is none. */
function markBefore(bytes: Uint8Array, end: number, from: number): number {
  if (end - from < 3 || (end < bytes.length && digits[bytes[end]!]! >= 0)) return -1
  const first = digits[bytes[end - 3]!]!
  const second = digits[bytes[end - 2]!]!
  const third = digits[bytes[end - 1]!]!
  if (first < 0 || first >= LETTERS || second < 0 || third < 0) return -1
  if (end - from > 3 && digits[bytes[end - 4]!]! >= 0) return -1
  return (first * BASE + second) * BASE + third
}

/** The mark of the newest token in some bytes, which need not be the last one there; -1 when there is none. */
export function newestMark(bytes: Uint8Array): number {
  let newest = -1
  for (let end = 3; end <= bytes.length; end++) newest = Math.max(newest, markBefore(bytes, end, 0))
  return newest
}

/**
 * Whether a body shows all `n` tokens: their marks in order and without a gap, either one by one (a rival that appends) or in
 * its last block (a rival that renders the whole again).
 */
export function showsAll(body: Uint8Array, n: number): boolean {
  let shown = 0
  for (let end = 3; end <= body.length; end++) {
    const mark = markBefore(body, end, 0)
    if (mark === shown) shown += 1
    else if (mark >= 0) shown = mark === 0 ? 1 : 0
    if (shown === n) return true
  }
  return false
}
