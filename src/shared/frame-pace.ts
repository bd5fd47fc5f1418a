import { now } from './clock.ts'

/** How often the load is looked at. */
const LOOK_MS = 200
/** Share of its time that the event loop works → time between two frames of a stream, with straight lines between. */
const WIDTHS: readonly (readonly [load: number, ms: number])[] = [
  [0.03, 16],
  [0.06, 70],
  [0.8, 70],
  [1, 100],
]

/** What Node knows and other runtimes do not. */
interface LoopUsage {
  readonly idle: number
  readonly active: number
}
const usage = (
  performance as { eventLoopUtilization?: () => LoopUsage }
).eventLoopUtilization?.bind(performance)

let before = usage?.()
let lookedAt = -Infinity
let width = WIDTHS[0]![1]

/**
 * Milliseconds between two frames of one stream: 16 while the process has time, 70 from a sixteenth of a core on, since
 * fewer frames are what makes a stream cheap, and up to 100 when it cannot follow.
 *
 * Cost    a look at the clock; one at the load five times a second, however many streams there are.
 *
 * @example framePace() >= 16 // → true
 */
export function framePace(): number {
  const at = now()
  if (usage === undefined || at - lookedAt < LOOK_MS) return width
  lookedAt = at
  const seen = usage()
  const active = seen.active - before!.active
  const idle = seen.idle - before!.idle
  before = seen
  // Halfway to what is seen now: one long task is no load.
  if (active + idle > 0) width = (width + widthAt(active / (active + idle))) / 2
  return width
}

/** The width for a load from 0 to 1. */
export function widthAt(load: number): number {
  let [from, narrow] = WIDTHS[0]!
  for (const [to, wide] of WIDTHS) {
    if (load <= to) {
      return to === from
        ? wide
        : narrow + ((wide - narrow) * Math.max(0, load - from)) / (to - from)
    }
    from = to
    narrow = wide
  }
  return narrow
}
