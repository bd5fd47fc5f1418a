import { now, sleep } from '../shared/clock.ts'
import type { Reporting } from '../shared/log.ts'
import { EndMarker } from '../streams/end.ts'
import { LogDecoder, LogEncoder } from './log.ts'
import { Snapshots } from './snapshots.ts'
import { callStore, type RunStore, type StoredRun } from './store.ts'

/** Subscribers wait this long for an unreachable store; then they see an interrupted run. */
const UNREACHABLE_MS = 30_000

const INTERRUPTED = new EndMarker('interrupted')
const INTERRUPTED_LINE = new LogEncoder().end(INTERRUPTED)

/** A run that this node produces or shows. */
export interface ActiveRun {
  readonly owner: string
  readonly snapshots: Snapshots
  /** Called when its last subscriber on this node has left. */
  onUnused(): void
}

/** Shows a run of another node, or one that has ended, from its log in the store. */
export function watchRun(
  id: string,
  { owner, values, needsSubscribers }: StoredRun,
  { store, leaseMs, reporting }: { store: RunStore; leaseMs: number; reporting: Reporting },
): ActiveRun {
  const snapshots = new Snapshots(values)
  const decoder = new LogDecoder()
  const unused = new AbortController()
  const roundMs = leaseMs / 4
  /** When the store last sent something. */
  let reachedAt = now()
  const unwatch = store.watch(id, (lines) => {
    reachedAt = now()
    for (const line of lines) snapshots.push(decoder.decode(line))
  })

  const checkProducer = async (): Promise<void> => {
    const at = now()
    try {
      const exists = await callStore(store.interrupt(id, INTERRUPTED_LINE))
      if (!exists) snapshots.push(INTERRUPTED)
      reachedAt = at
    } catch (error) {
      if (now() - reachedAt < UNREACHABLE_MS) return
      reporting.log.error(
        { err: error },
        'the store of the runs is unreachable, a run ends as interrupted',
      )
      snapshots.push(INTERRUPTED)
    }
  }
  const lookAfter = async (): Promise<void> => {
    while (!unused.signal.aborted && snapshots.end === undefined) {
      if (needsSubscribers) callStore(store.touchSubscriber(id, leaseMs)).catch(() => {})
      if (now() - reachedAt >= roundMs) await checkProducer()
      await sleep(roundMs, unused.signal)
    }
  }
  void lookAfter()
  const onUnused = (): void => {
    unused.abort()
    unwatch()
  }
  return { owner, snapshots, onUnused }
}
