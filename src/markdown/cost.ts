/** Costs of characters at worst, in µs, measured with texts made to be slow. */
const COSTS: readonly [cost: number, characters: string][] = [
  [3.5, '\n\r'],
  [2.5, ']'],
  [2.2, '*_~'],
  [2, '-+><'],
  [1.5, '.)'],
  [1, '#[:@'],
  [0.6, '!'],
  [0.5, '`&\\'],
]
const OTHER = 0.03
const CELL = 4
const costs = new Float64Array(128).fill(OTHER)
for (const [cost, characters] of COSTS)
  for (const character of characters) costs[character.charCodeAt(0)] = cost

/** The most that one render may cost by this estimate; in truth it takes less. */
const LIMIT_US = 20_000

/** Cost of some lines, and the cells of the table at their end: rows that are shorter are filled up. */
export interface Cost {
  readonly cost: number
  readonly cells: number
}
export const NO_COST: Cost = { cost: 0, cells: 0 }

/**
 * Estimates what a text costs at most, line by line, before it is parsed.
 *
 * A text that was made to be slow would hold up all other requests. A clock would give another answer each time; this
 * gives always the same one.
 *
 * In      the text from an index on, and what stands before it.
 * Out     its cost; the number where the line begins that goes beyond the limit, when one does.
 */
export function costOf(text: string, before: Cost = NO_COST, from: number = 0): Cost | number {
  let { cost, cells } = before
  for (let start = from; start < text.length;) {
    let [pipes, isBlank, end, code] = [0, true, start, 0]
    while (end < text.length && code !== 10) {
      code = text.charCodeAt(end++)
      if (code === 13 && text.charCodeAt(end) !== 10) code = 10
      if (code === 124) pipes += 1
      else cost += code < 128 ? costs[code]! : OTHER
      if (code > 32) isBlank = false
    }
    cells = isBlank && code === 10 ? 0 : Math.max(cells, pipes)
    cost += cells * CELL
    if (cost > LIMIT_US) return start
    start = end
  }
  return { cost, cells }
}
