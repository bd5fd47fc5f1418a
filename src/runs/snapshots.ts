import { Stoppable } from '../shared/stoppable.ts'
import { Fragment } from '../fragments/fragment.ts'
import { stateKey } from '../fragments/state-key.ts'
import { Ended } from '../streams/ended.ts'
import { Identified } from '../streams/identified.ts'
import { formatCursor } from './ids.ts'

/**
 * A client that read from the producing node may be ahead of a store that lost the end of the log. Beyond this many
 * values its cursor is made up.
 */
const MAX_AHEAD = 4_096

/** A value, or the newest snapshot of a block. */
interface Entry {
  /** Position of the value, or of the first snapshot. */
  readonly first: number
  readonly isSnapshot: boolean
  value: unknown
}

interface Subscriber {
  wake(): void
  readonly onLeave: () => void
}

/**
 * What a run has produced so far, for all its subscribers on this node. A snapshot replaces the one before of its block
 * in that one's place, so that fragments inside the block still find it; all other values stay.
 *
 * Cost    a number for each subscriber, whatever it has missed.
 */
export class Snapshots {
  /** The entry that each position of the log went into. */
  readonly #entries: Entry[] = []
  /** Entries that the next snapshot of their block replaces. */
  readonly #open = new Map<string, Entry>()
  readonly #subscribers = new Set<Subscriber>()
  readonly #storedValues: number
  end: Ended | undefined

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

  get viewers(): number {
    return this.#subscribers.size
  }

  /** Adds the next value, or the end. */
  push(value: unknown): void {
    if (this.end !== undefined) return
    if (value instanceof Ended) this.end = value
    else this.#entries.push(this.#entryFor(value))
    for (const subscriber of this.#subscribers) subscriber.wake()
  }

  /**
   * Delivers the newest snapshot of each block and every value after `from`, then what follows, each with its cursor.
   *
   * Ends    returns how the run ended; `return()` only ends the subscription, also while it waits.
   *
   * @param onLeave Called once when the subscription is over.
   */
  subscribe(from: number, onLeave: () => void): AsyncGenerator<Identified, Ended | undefined> {
    const subscriber = { wake() {}, onLeave }
    this.#subscribers.add(subscriber)
    return new Stoppable(this.#read(from, subscriber), () => this.#leave(subscriber))
  }

  async *#read(
    from: number,
    subscriber: Subscriber,
  ): AsyncGenerator<Identified, Ended | undefined> {
    const isHere = (): boolean => this.#subscribers.has(subscriber)
    const change = (): Promise<void> => new Promise((resolve) => (subscriber.wake = resolve))
    while (isHere() && !this.end && this.last < this.#storedValues) await change()
    const after = this.#isPlausible(from) ? from : 0
    let seen = 0
    while (isHere()) {
      const { last } = this
      const entries = this.#changedAfter(seen).filter(
        ({ isSnapshot, first }) => isSnapshot || first > after,
      )
      for (const [index, { value }] of entries.entries()) {
        const next = entries[index + 1]
        // Only values count: who resumes gets the newest snapshots anyway.
        const cursor = Math.max(seen, after, next ? next.first - 1 : last)
        yield new Identified(formatCursor(cursor), value, Boolean(next ?? this.end))
      }
      seen = last
      if (this.last > seen) continue
      if (this.end === undefined) await change()
      else this.#leave(subscriber)
    }
    return this.end
  }

  #leave(subscriber: Subscriber): void {
    if (!this.#subscribers.delete(subscriber)) return
    subscriber.wake()
    subscriber.onLeave()
  }

  #entryFor(value: unknown): Entry {
    const key = value instanceof Fragment ? stateKey(value) : undefined
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
