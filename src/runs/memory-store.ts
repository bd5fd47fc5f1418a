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
  readonly onStop: () => void
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
 * Cost    about one byte per character; expired runs are forgotten when the next run starts.
 *
 * @example createRuns({ store: createMemoryStore({ maxChars: 1_000_000 }) })
 */
export function createMemoryStore({ maxChars = 67_108_864 }: MemoryStoreOptions = {}): RunStore {
  const runs = new Map<string, MemoryRun>()
  /** Id of the newest run of each key. */
  const newest = new Map<string, string>()
  let chars = 0

  const find = (id: string): MemoryRun | undefined => {
    const run = runs.get(id)
    return run && now() < run.storedUntil ? run : undefined
  }
  const nameOf = (owner: string, key: string): string => JSON.stringify([owner, key])
  const isLeased = (run: MemoryRun): boolean => !run.ended && now() < run.leasedUntil
  const forgetOld = (): void => {
    for (const [id, run] of runs) {
      if (now() < run.storedUntil && (chars <= maxChars || isLeased(run))) continue
      runs.delete(id)
      chars -= run.chars
    }
    for (const [name, id] of newest) if (!runs.has(id)) newest.delete(name)
  }
  const add = (run: MemoryRun, lines: readonly string[], last: boolean): void => {
    const added = lines.reduce((sum, line) => sum + line.length, 0)
    run.lines.push(...lines)
    run.chars += added
    chars += added
    run.storedUntil = now() + run.leaseMs + run.keepMs
    run.ended = last
    if (lines.length > 0) for (const deliver of run.watchers) deliver(lines)
  }

  return {
    async start(run, onStop) {
      forgetOld()
      const { id, owner, key, leaseMs, keepMs } = run
      if (key !== undefined) {
        const other = newest.get(nameOf(owner, key))
        if (other !== undefined && isLeased(runs.get(other)!)) return other
        newest.set(nameOf(owner, key), id)
      }
      const leasedUntil = now() + leaseMs
      const times = { leasedUntil, storedUntil: leasedUntil + keepMs, subscribedUntil: -Infinity }
      const empty = { lines: [], watchers: new Set<never>(), chars: 0 }
      runs.set(id, { ...run, ...times, ...empty, onStop, stopRequested: false, ended: false })
      return id
    },
    async append(id, { lease, from, lines, last }) {
      const run = find(id)
      if (run === undefined || run.lease !== lease) return { status: 'fenced' }
      // The end was stored before, and the response was lost.
      const isRetry = run.ended && last && run.lines.at(-1) === lines.at(-1)
      if (!isRetry) {
        if (!isLeased(run)) return { status: 'fenced' }
        const storedLines = run.lines.length
        if (storedLines < from - 1) return { status: 'gap', storedLines }
        run.leasedUntil = now() + run.leaseMs
        add(run, lines.slice(storedLines - from + 1), last)
      }
      const { stopRequested, subscribedUntil } = run
      return { status: 'ok', stopRequested, hasSubscribers: now() < subscribedUntil }
    },
    async find(id) {
      const run = find(id)
      if (run === undefined) return undefined
      const { owner, needsSubscribers, lines, ended } = run
      return { owner, needsSubscribers, values: lines.length - (ended ? 1 : 0) }
    },
    async current(owner, key) {
      const id = newest.get(nameOf(owner, key))
      return id !== undefined && find(id) ? id : undefined
    },
    async stop(id) {
      const run = find(id)
      if (run === undefined || run.ended) return
      run.stopRequested = true
      run.onStop()
    },
    async interrupt(id, line) {
      const run = find(id)
      if (run && !run.ended && !isLeased(run)) add(run, [line], true)
      return run !== undefined
    },
    async touchSubscriber(id, forMs) {
      const run = find(id)
      if (run) run.subscribedUntil = now() + forMs
    },
    watch(id, onLines) {
      const run = find(id)
      if (run === undefined) return () => {}
      // A function of its own, so that one watcher can be added twice.
      const deliver = (lines: readonly string[]): void => onLines(lines)
      run.watchers.add(deliver)
      if (run.lines.length > 0) deliver(run.lines.slice())
      return () => run.watchers.delete(deliver)
    },
    async close() {},
  }
}
