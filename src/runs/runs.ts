import type { Limits } from '../shared/limits.ts'
import type { Log } from '../shared/log.ts'
import type { Resumable, Source, StreamContext, WithId } from '../streams/source.ts'
import type { EndReason, StreamEnd } from '../streams/end.ts'
import type { RunStore } from './store.ts'

/** Where runs are stored, for how long, and how many there may be. */
export interface RunsOptions {
  /** Default: in this process. */
  readonly store?: RunStore
  /** Path of `runRoutes`: the path of a run is this and its id. Default `/runs`. */
  readonly path?: string
  /** Time without a sign of life after which a producer counts as dead. Default 5,000; 600,000 in this process alone. */
  readonly leaseMs?: number
  /** How long a run is stored after its end. Default 600,000 (ten minutes). */
  readonly keepMs?: number
  /** Longest log of a run; then it ends with `limit`. Default 4,194,304. */
  readonly maxRunChars?: number
  /** Time in which lines are collected before they are stored. Default 25. */
  readonly batchMs?: number
  /** Runs that may be running on this node; one more gets 503. Default 1,000. */
  readonly maxRunning?: number
  /** Runs of one owner that may be running on this node; one more gets 429. Default 8. */
  readonly maxRunningPerOwner?: number
  /** Limits of the sources that differ from the defaults. */
  readonly limits?: RunLimits
  /** Where to write what happened. Default: the log of the first app that shows or serves one of these runs. */
  readonly log?: Log
  /** Show causes of failures to clients, for development. Default: as that app does. */
  readonly expose?: boolean
}

/** Longest life and longest silence of a run's source. */
export type RunLimits = Partial<Pick<Limits, 'maxDurationMs' | 'idleSourceMs'>>

/** Owner and life of a run. */
export interface RunOptions {
  /** Only the owner may see and stop it; to all others it does not exist. */
  readonly owner: string
  /** Name of its place, such as a conversation: one key runs once at a time, a second start returns the first run. */
  readonly key?: string
  /** How it goes on without subscribers: it runs on (`detach`, the default) or is stopped (`cancel`). */
  readonly onDisconnect?: 'cancel' | 'detach'
  /** How long `cancel` waits for a subscriber: reloading a page takes a moment. Default 10,000. */
  readonly graceMs?: number
  readonly limits?: RunLimits
  /** Called once with the failure. Clients only see a code and an id. */
  readonly onError?: (error: unknown) => void
  /**
   * Called once when the run has ended, on the node that produced it: with the reason, and with the text as far as it
   * came. So an answer that was stopped or cut can be stored, too. `runs.close` waits for what it returns.
   */
  readonly onEnd?: (reason: EndReason, end: RunEnd) => unknown
}

/** The second argument of `onEnd`: what a run has come to. */
export interface RunEnd extends Pick<StreamEnd, 'reason' | 'error' | 'final' | 'values'> {
  /** The text of the answer: of the fragments of `streamToFragments`, or all text that the source yielded. */
  readonly text: string
}

/** An answer that outlives its connections: `new EventStream(run)` shows it. */
export interface Run extends Resumable {
  readonly id: string
  /** Where `runRoutes` serves it. */
  readonly path: string
  /**
   * True until its end is known on this node. `current` asks the store, so a page can show a running answer, and read an
   * ended one from its own database.
   */
  readonly running: boolean
  /** Subscribes: the newest snapshot of each block, the other values, and what follows. */
  open(context: StreamContext): Promise<AsyncIterableIterator<WithId, unknown>>
}

/** Identity and position of a subscriber. */
export interface SubscribeOptions {
  readonly owner: string
  /** Id of the last event the client has. Default: what its request says. */
  readonly lastEventId?: string
}

/** State of the runs of one node, for a health check. */
export interface RunsHealth {
  /** State of the store: `down` if it does not answer, `read-only` if it answers and refuses to store anything. */
  readonly store: 'up' | 'read-only' | 'down'
  /** Runs that this node produces. */
  readonly running: number
  /** Subscribers on this node, of all runs. */
  readonly subscribers: number
}

/** The runs of one node. */
export interface Runs {
  /**
   * Starts a run; its source is read with or without subscribers. In a handler it waits for the answer: the source of an
   * answer that is refused (429, 403) or not wanted (HEAD) is never opened, and the run does not exist.
   *
   * Out     the run. If one with the same key is running, that one, and the new source is never opened.
   * Throws  LimitError `limit/runs-per-owner` (429), `limit/runs`, `limit/closing`, `run/store-away` (503); ConfigError
   *         without an owner.
   */
  start(source: Source<unknown>, options: RunOptions): Promise<Run>
  /**
   * Finds a run, running or ended, to show it.
   *
   * Throws  AccessError `run/unknown` (404) and LimitError `run/store-away` (503), when it is opened.
   */
  subscribe(id: string, options: SubscribeOptions): Run
  /**
   * Finds the newest stored run of a key: for a page that is loaded again.
   *
   * Throws  LimitError `run/store-away` (503).
   */
  current(options: { readonly owner: string; readonly key: string }): Promise<Run | undefined>
  /** Stops a run on whatever node it is; what was written stays. Throws as `subscribe`, at once. */
  stop(id: string, options: Pick<SubscribeOptions, 'owner'>): Promise<void>
  health(): Promise<RunsHealth>
  /**
   * Interrupts the runs of this node and closes the store.
   *
   * @param graceMs Time for the runs to end by themselves. Default 0.
   */
  close(graceMs?: number): Promise<void>
}
