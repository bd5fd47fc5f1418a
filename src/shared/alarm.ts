import { after, now } from './clock.ts'

/** Short waits are kept finer than a screen could show, long ones are coarser: what rings together shares its wake-up. */
const FINE_MS = 4
const COARSE_MS = 64
const LONG_MS = 1_000

/** The alarms that ring together, by the moment at which they do. */
const slots = new Map<number, Set<Alarm>>()
/** Those moments, in order. */
const moments: number[] = []
let count = 0
/** The moment for which the process waits. */
let awaited = Infinity
let cancel: (() => void) | undefined

/**
 * Rings once, at a moment that may be moved as often as one likes: a stream has one of these for its frames, its
 * heartbeats and its deadlines together.
 *
 * Cost    all alarms of the process share one timer; setting one is a look into a map, moving it to later is nothing.
 *         They ring up to 4 ms late, and up to 64 ms for waits of a second and more.
 *
 * @example const alarm = new Alarm(() => show('later')); alarm.set(performance.now() + 15_000); alarm.clear()
 */
export class Alarm {
  readonly #ring: () => void
  /** When it shall ring, once it was set. */
  #at: number | undefined
  /** Where it stands among the others; nothing when it is not set. */
  #moment: number | undefined

  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** Rings at `at` or soon after, whatever was set until now; `Infinity` for never. */
  set(at: number): void {
    if (at === Infinity) return this.clear()
    this.#at = at
    // Moved to later it stays where it is, and moves on from there: most are moved with every frame, and ring for none.
    if (this.#moment !== undefined && this.#moment <= at) return
    const current = now()
    const step = at - current < LONG_MS ? FINE_MS : COARSE_MS
    // Always later than now, so that one who sets itself anew while it rings cannot keep the others waiting.
    const moment = (Math.floor(Math.max(at, current) / step) + 1) * step
    if (moment === this.#moment) return
    this.clear()
    this.#moment = moment
    enter(moment, this)
  }

  /** Rings at `at` at the latest: sooner, when it is set to sooner. */
  advance(at: number): void {
    if (this.#moment === undefined || at < this.#at!) this.set(at)
  }

  clear(): void {
    if (this.#moment === undefined) return
    slots.get(this.#moment)?.delete(this)
    this.#moment = undefined
    count -= 1
    if (count === 0) wait()
  }

  /** Rings, unless it was cleared or moved since it was put there: to later than `at`, which is now. */
  ring(moment: number, at: number): void {
    if (this.#moment !== moment) return
    this.#moment = undefined
    count -= 1
    if (this.#at! <= at) this.#ring()
    else this.set(this.#at!)
  }
}

function enter(moment: number, alarm: Alarm): void {
  let slot = slots.get(moment)
  if (slot === undefined) {
    slots.set(moment, (slot = new Set()))
    moments.splice(placeOf(moment), 0, moment)
  }
  slot.add(alarm)
  count += 1
  if (moment < awaited) wait()
}

function placeOf(moment: number): number {
  let low = 0
  let high = moments.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (moments[middle]! < moment) low = middle + 1
    else high = middle
  }
  return low
}

/** Waits for the first moment; for none, when nobody waits any more. */
function wait(): void {
  cancel?.()
  cancel = undefined
  if (count === 0) {
    slots.clear()
    moments.length = 0
  }
  awaited = moments[0] ?? Infinity
  if (awaited !== Infinity) cancel = after(Math.ceil(Math.max(0, awaited - now())), ringDue)
}

function ringDue(): void {
  const at = now()
  // What is set meanwhile is later than all that rings here, and is waited for at the end.
  awaited = at
  try {
    while (moments.length > 0 && moments[0]! <= at) {
      const moment = moments.shift()!
      const due = slots.get(moment)!
      slots.delete(moment)
      for (const alarm of due) alarm.ring(moment, at)
    }
  } finally {
    wait()
  }
}
