import { now } from '../shared/clock.ts'
import type { NewRun, RunStore } from './store.ts'

/** Limit for the memory that all stored runs use. */
export interface MemoryStoreOptions {
  /** Characters of all logs together; beyond it the oldest runs that have ended are forgotten. Default 67,108,864. */
  readonly maxChars?: number
}

interface MemoryRun extends NewRun {
  readonly lines: string[]
  readonly watchers: Set<(lines: readonly string[]) => void>
  /** Id of the run of its key before. */
  readonly before: string | undefined
  /** Undefined once it has ended: of an ended run only the log is stored. */
  onStop: (() => void) | undefined
  leasedUntil: number
  storedUntil: number
  subscribedUntil: number
  stopRequested: boolean
  ended: boolean
  chars: number
}

/**
 * Stores runs in this process: the default of `createRuns`, and the shortest example of a store.
 *
 * Cost    about one byte per character; expired runs are forgotten when the next run starts. A start takes the same
 *         time however many are stored.
 *
 * @example createRuns({ store: createMemoryStore({ maxChars: 1_000_000 }) })
 */
export function createMemoryStore({ maxChars = 67_108_864 }: MemoryStoreOptions = {}): RunStore {
  return new MemoryStore(maxChars)
}

/** Its methods are properties, so that `{ ...store }` has them, too. */
class MemoryStore implements RunStore {
  readonly #maxChars: number
  /** In the order of their last append, so that those that expire first come first. */
  readonly #runs = new Map<string, MemoryRun>()
  /** Id of the newest run of each key. */
  readonly #newest = new Map<string, string>()
  #chars = 0

  constructor(maxChars: number) {
    this.#maxChars = maxChars
  }

  readonly start: RunStore['start'] = async (run, onStop) => {
    this.#forgetOld()
    const { id, owner, key, leaseMs, keepMs } = run
    let before: string | undefined
    if (key !== undefined) {
      before = this.#newest.get(nameOf(owner, key))
      if (before !== undefined && isLeased(this.#runs.get(before)!)) return before
      this.#newest.set(nameOf(owner, key), id)
    }
    const leasedUntil = now() + leaseMs
    const times = { leasedUntil, storedUntil: leasedUntil + keepMs, subscribedUntil: -Infinity }
    const empty = { lines: [], watchers: new Set<never>(), chars: 0 }
    const state = { stopRequested: false, ended: false }
    this.#runs.set(id, { ...run, ...times, ...empty, ...state, before, onStop })
    return id
  }

  readonly append: RunStore['append'] = async (id, { lease, from, lines, last, forget }) => {
    const run = this.#find(id)
    if (run === undefined || run.lease !== lease) return { status: 'fenced' }
    // The end was stored before, and the response was lost.
    const isRetry = run.ended && last && run.lines.at(-1) === lines.at(-1)
    if (!isRetry) {
      if (!isLeased(run)) return { status: 'fenced' }
      const storedLines = run.lines.length
      if (storedLines < from - 1) return { status: 'gap', storedLines }
      run.leasedUntil = now() + run.leaseMs
      this.#add(run, lines.slice(storedLines - from + 1), last)
      if (forget) this.#forget(run)
    }
    const { stopRequested, subscribedUntil } = run
    return { status: 'ok', stopRequested, hasSubscribers: now() < subscribedUntil }
  }

  readonly find: RunStore['find'] = async (id) => {
    const run = this.#find(id)
    if (run === undefined) return undefined
    const { owner, needsSubscribers, lines, ended } = run
    return { owner, needsSubscribers, values: lines.length - (ended ? 1 : 0), ended }
  }

  readonly current: RunStore['current'] = async (owner, key) => {
    const id = this.#newest.get(nameOf(owner, key))
    return id !== undefined && this.#find(id) ? id : undefined
  }

  readonly stop: RunStore['stop'] = async (id) => {
    const run = this.#find(id)
    if (run === undefined || run.ended) return
    run.stopRequested = true
    run.onStop?.()
  }

  readonly interrupt: RunStore['interrupt'] = async (id, line) => {
    const run = this.#find(id)
    if (run && !run.ended && !isLeased(run)) this.#add(run, [line], true)
    return run !== undefined
  }

  readonly touchSubscriber: RunStore['touchSubscriber'] = async (id, forMs) => {
    const run = this.#find(id)
    if (run) run.subscribedUntil = now() + forMs
  }

  readonly watch: RunStore['watch'] = (id, onLines) => {
    const run = this.#find(id)
    if (run === undefined) return () => {}
    // A function of its own, so that one watcher can be added twice.
    const deliver = (lines: readonly string[]): void => onLines(lines)
    run.watchers.add(deliver)
    if (run.lines.length > 0) deliver(run.lines.slice())
    return () => run.watchers.delete(deliver)
  }

  readonly close: RunStore['close'] = async () => {}

  #find(id: string): MemoryRun | undefined {
    const run = this.#runs.get(id)
    return run && now() < run.storedUntil ? run : undefined
  }

  #forgetOld(): void {
    for (const run of this.#runs.values()) {
      const isExpired = now() >= run.storedUntil
      if (!isExpired && this.#chars <= this.#maxChars) return
      if (isExpired || !isLeased(run)) this.#forget(run)
    }
  }

  #forget({ id, owner, key, before, chars }: MemoryRun): void {
    this.#runs.delete(id)
    this.#chars -= chars
    const name = key === undefined ? undefined : nameOf(owner, key)
    if (name === undefined || this.#newest.get(name) !== id) return
    if (before !== undefined && this.#runs.has(before)) this.#newest.set(name, before)
    else this.#newest.delete(name)
  }

  #add(run: MemoryRun, lines: readonly string[], last: boolean): void {
    const added = lines.reduce((sum, line) => sum + line.length, 0)
    run.lines.push(...lines)
    run.chars += added
    this.#chars += added
    run.storedUntil = now() + run.leaseMs + run.keepMs
    this.#runs.delete(run.id)
    this.#runs.set(run.id, run)
    run.ended = last
    if (last) run.onStop = undefined
    if (lines.length > 0) for (const deliver of run.watchers) deliver(lines)
  }
}

function nameOf(owner: string, key: string): string {
  return JSON.stringify([owner, key])
}

function isLeased(run: MemoryRun): boolean {
  return !run.ended && now() < run.leasedUntil
}
