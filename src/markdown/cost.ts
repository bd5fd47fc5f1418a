/** What a character costs at worst, in µs, measured with texts made to be slow. All others cost next to nothing. */
const COSTS: Readonly<Record<string, number>> = {
  '\n': 3.5,
  '\r': 3.5,
  '*': 2.2,
  _: 2.2,
  '~': 2.2,
  '#': 1,
  '[': 1,
  '!': 0.6,
  '-': 2,
  '+': 2,
  '.': 1.5,
  ')': 1.5,
  '>': 2,
  ']': 2.5,
  '`': 0.5,
  '&': 0.5,
  '\\': 0.5,
  '<': 2,
  ':': 1,
  '@': 1,
}
const OTHER = 0.03
const CELL = 4
const PIPE = 124

const costs = new Float64Array(128).fill(OTHER)
for (const [character, cost] of Object.entries(COSTS)) costs[character.charCodeAt(0)] = cost

/** The most that one render may cost by this estimate; in truth it takes less. */
const LIMIT_US = 20_000

/**
 * Estimates what a text costs at most, line by line, before it is parsed.
 *
 * A text that was made to be slow would hold up all other requests. A clock would give another answer each time; this
 * gives always the same one.
 */
export class CostEstimate {
  #cost = 0
  /** Cells a row of the table may have that we may be in: rows that are shorter are filled up. */
  #cells = 0

  clone(): CostEstimate {
    const copy = new CostEstimate()
    copy.#cost = this.#cost
    copy.#cells = this.#cells
    return copy
  }

  /** Adds the text from an index on. Out: where the line begins that goes beyond the limit, or -1. */
  add(text: string, from = 0, to: number = text.length): number {
    let start = from
    let pipes = 0
    let blank = true
    let cost = this.#cost
    let cells = this.#cells
    for (let at = from; at < to; at++) {
      const code = text.charCodeAt(at)
      if (code === PIPE) pipes += 1
      else cost += code < 128 ? costs[code]! : OTHER
      const ends = code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)
      if (code > 32) blank = false
      if (!ends && at < to - 1) continue
      cells = blank && ends ? 0 : Math.max(cells, pipes)
      cost += cells * CELL
      if (cost > LIMIT_US) return start
      start = at + 1
      pipes = 0
      blank = true
    }
    this.#cost = cost
    this.#cells = cells
    return -1
  }
}

/** Where the line begins from which on a text costs too much to be read as Markdown; its length when none does. */
export function limitOf(text: string): number {
  const at = new CostEstimate().add(text)
  return at < 0 ? text.length : at
}
