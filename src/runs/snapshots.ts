import { abortableGenerator, onAbort } from '../shared/abortable.ts'
import { Notifier } from '../shared/clock.ts'
import { Fragment, snapshotKey } from '../fragments/fragment.ts'
import { EndMarker } from '../streams/end.ts'
import { WithId, formatCursor } from '../streams/source.ts'
/**
 * Values by which a client may be ahead of the log: it read from the producer, and the store lost the end. A cursor
 * further ahead is made up.
 */
const MAX_AHEAD = 4_096

/** A value, or the newest snapshot of a block. */
interface Entry {
  /** Position of the value, or of the first snapshot. */
  readonly first: number
  readonly isSnapshot: boolean
  value: unknown
}

/**
 * The values of a run so far, for all its subscribers on this node. A snapshot replaces the one before of its block
 * in that one's place, so that fragments inside the block still find it; all other values stay.
 *
 * Cost    a number for each subscriber, whatever it has missed.
 */
export class Snapshots {
  /** The entry that each position of the log went into. */
  readonly #entries: Entry[] = []
  /** Entries that the next snapshot of their block replaces. */
  readonly #open = new Map<string, Entry>()
  readonly #subscribers = new Set<Notifier>()
  readonly #storedValues: number
  end: EndMarker | undefined

  /** @param storedValues Values that the store has already: they are delivered in one frame. */
  constructor(storedValues: number = 0) {
    this.#storedValues = storedValues
  }

  /** Position of the newest value. */
  get last(): number {
    return this.#entries.length
  }

  get subscribers(): number {
    return this.#subscribers.size
  }

  /** Adds the next value, or the end. */
  push(value: unknown): void {
    if (this.end !== undefined) return
    if (value instanceof EndMarker) this.end = value
    else this.#entries.push(this.#entryFor(value))
    for (const changed of this.#subscribers) changed.notify()
  }

  /**
   * Delivers the newest snapshot of each block and every value after `from`, then what follows, each with its cursor.
   *
   * Ends    returns how the run ended; `return()` only ends the subscription, also while it waits.
   *
   * @param onLeave Called once when the subscription is over.
   */
  subscribe(from: number, onLeave: () => void): AsyncGenerator<WithId, EndMarker | undefined> {
    const changed = new Notifier()
    this.#subscribers.add(changed)
    const leave = (): void => {
      if (!this.#subscribers.delete(changed)) return
      changed.notify()
      onLeave()
    }
    return abortableGenerator((signal) => {
      onAbort(signal, leave)
      return this.#read(from, changed, leave)
    })
  }

  async *#read(
    from: number,
    changed: Notifier,
    leave: () => void,
  ): AsyncGenerator<WithId, EndMarker | undefined> {
    const hasLeft = (): boolean => !this.#subscribers.has(changed)
    while (!hasLeft() && !this.end && this.last < this.#storedValues) await changed.wait()
    const after = this.#isPlausible(from) ? from : 0
    let seen = 0
    while (!hasLeft()) {
      const { last } = this
      const entries = this.#changedAfter(seen).filter(
        ({ isSnapshot, first }) => isSnapshot || first > after,
      )
      for (const [index, { value }] of entries.entries()) {
        const next = entries[index + 1]
        // Only values count: who resumes gets the newest snapshots anyway.
        const cursor = Math.max(seen, after, next ? next.first - 1 : last)
        yield new WithId(formatCursor(cursor), value, Boolean(next ?? this.end))
      }
      seen = last
      if (this.last > seen) continue
      if (this.end === undefined) await changed.wait()
      else leave()
    }
    return this.end
  }

  #entryFor(value: unknown): Entry {
    const key = value instanceof Fragment ? snapshotKey(value) : undefined
    const first = this.last + 1
    if (key === undefined) return { first, isSnapshot: false, value }
    const entry = this.#open.get(key) ?? { first, isSnapshot: true, value }
    entry.value = value
    // After a final snapshot the block shows another answer.
    if ((value as Fragment).final) this.#open.delete(key)
    else this.#open.set(key, entry)
    return entry
  }

  /** Copies of what has changed after a position, in the order of first appearance. */
  #changedAfter(position: number): Entry[] {
    const entries = [...new Set(this.#entries.slice(position))]
    return entries.toSorted((a, b) => a.first - b.first).map((entry) => ({ ...entry }))
  }

  #isPlausible(from: number): boolean {
    const mayBeAhead = this.end === undefined || this.end.reason === 'interrupted'
    return from <= this.last + (mayBeAhead ? MAX_AHEAD : 0)
  }
}
