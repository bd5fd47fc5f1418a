import { now } from '../shared/clock.ts'
import type { Added, RunStore } from './run-store.ts'

interface Kept {
  readonly owner: string
  readonly name: string | undefined
  readonly attended: boolean
  readonly lines: string[]
  readonly keepMs: number
  readonly leaseMs: number
  readonly watchers: Set<(lines: readonly string[]) => void>
  readonly onStop: () => void
  lease: string | undefined
  leasedUntil: number
  keptUntil: number
  attendedUntil: number
  stop: boolean
  ended: boolean
  chars: number
}

/** What bounds the memory of the runs. */
export interface MemoryStoreOptions {
  /** Of all runs together; beyond it those that ended first are forgotten. Default 67,108,864. */
  readonly maxChars?: number
}

/**
 * Keeps runs in this process: enough for one server, and what a store has to do in few words.
 *
 * Cost    about as much memory as the answers have characters. What is too old is forgotten when the next one begins.
 *
 * @example createRuns({ store: createMemoryStore({ maxChars: 1_000_000 }) })
 */
export function createMemoryStore({ maxChars = 67_108_864 }: MemoryStoreOptions = {}): RunStore {
  const runs = new Map<string, Kept>()
  /** The newest run of each name. */
  const newest = new Map<string, string>()
  let chars = 0

  const find = (id: string): Kept | undefined => {
    const run = runs.get(id)
    return run !== undefined && now() < run.keptUntil ? run : undefined
  }
  const nameOf = (owner: string, key: string): string => JSON.stringify([owner, key])
  const leased = (run: Kept): boolean => run.lease !== undefined && now() < run.leasedUntil
  const forget = (id: string, run: Kept): void => {
    runs.delete(id)
    chars -= run.chars
  }
  const tidy = (): void => {
    for (const [id, run] of runs) {
      if (now() >= run.keptUntil || (chars > maxChars && !leased(run))) forget(id, run)
    }
    for (const [name, id] of newest) if (!runs.has(id)) newest.delete(name)
  }
  const add = (run: Kept, lines: readonly string[], last: boolean): void => {
    for (const line of lines) {
      run.lines.push(line)
      run.chars += line.length
      chars += line.length
    }
    run.keptUntil = now() + run.keepMs + run.leaseMs
    if (last) {
      run.ended = true
      run.lease = undefined
    }
    if (lines.length > 0) for (const tell of run.watchers) tell(lines)
  }

  return {
    async start({ id, owner, key, lease, leaseMs, keepMs, attended }, onStop) {
      tidy()
      const name = key === undefined ? undefined : nameOf(owner, key)
      const other = name === undefined ? undefined : newest.get(name)
      if (other !== undefined && leased(runs.get(other)!)) return other
      if (name !== undefined) newest.set(name, id)
      const at = now()
      runs.set(id, {
        owner,
        name,
        attended,
        lines: [],
        keepMs,
        leaseMs,
        watchers: new Set(),
        onStop,
        lease,
        leasedUntil: at + leaseMs,
        keptUntil: at + leaseMs + keepMs,
        attendedUntil: -Infinity,
        stop: false,
        ended: false,
        chars: 0,
      })
      return id
    },
    async append(id, { lease, from, lines, last }): Promise<Added> {
      const run = find(id)
      // Its end was kept, and the answer to that was lost.
      const again = run?.ended === true && run.lines.at(-1) === lines.at(-1) && last
      if (run === undefined || (!again && !(leased(run) && run.lease === lease)))
        return { kept: false }
      if (run.lines.length < from - 1) return { kept: false, gap: run.lines.length }
      if (!again) {
        run.leasedUntil = now() + run.leaseMs
        add(run, lines.slice(run.lines.length - from + 1), last)
      }
      return { kept: true, stop: run.stop, attended: now() < run.attendedUntil }
    },
    async find(id) {
      const run = find(id)
      if (run === undefined) return undefined
      const { owner, attended, lines, ended } = run
      return { owner, attended, values: lines.length - (ended ? 1 : 0) }
    },
    async current(owner, key) {
      const id = newest.get(nameOf(owner, key))
      return id !== undefined && find(id) ? id : undefined
    },
    async stop(id) {
      const run = find(id)
      if (run === undefined || run.ended) return
      run.stop = true
      run.onStop()
    },
    async interrupt(id, line) {
      const run = find(id)
      if (run === undefined) return false
      if (!run.ended && !leased(run)) add(run, [line], true)
      return true
    },
    async attend(id, forMs) {
      const run = find(id)
      if (run) run.attendedUntil = now() + forMs
    },
    watch(id, onLines) {
      const run = find(id)
      if (run === undefined) return () => {}
      // Of its own, so that a watcher can be told twice.
      const tell = (lines: readonly string[]): void => onLines(lines)
      run.watchers.add(tell)
      if (run.lines.length > 0) tell(run.lines.slice())
      return () => run.watchers.delete(tell)
    },
    async close() {},
  }
}
