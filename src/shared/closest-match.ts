/**
 * Finds the known name closest to a mistyped one; nothing when none is close enough.
 *
 * Counts single-letter edits (insert, delete, replace, swap of neighbours), without regard to case.
 *
 * @example closestMatch('respones', ['page', 'response']) // → 'response'
 */
export function closestMatch(name: string, known: Iterable<string>): string | undefined {
  // Without types, it may be anything.
  const meant = String(name).toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(meant.length / 3)) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - meant.length) >= bestDistance) continue
    const distance = editDistance(meant, candidate.toLowerCase())
    if (distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = last[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      const isSwap = row > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const swapped = isSwap ? beforeLast[column - 2]! + 1 : Infinity
      current.push(Math.min(last[column]! + 1, current[column - 1]! + 1, replaced, swapped))
    }
    beforeLast = last
    last = current
  }
  return last[b.length]!
}
