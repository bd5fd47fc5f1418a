import { abortable } from '../shared/abortable.ts'
import { after } from '../shared/clock.ts'
import { LimitError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'

/** A run that is about to start. */
export interface NewRun {
  readonly id: string
  /** Only the owner may see and stop it. */
  readonly owner: string
  /** Only one run of an owner with this key runs at a time. */
  readonly key: string | undefined
  /** Secret of its producer: only appends that carry it are accepted. */
  readonly lease: string
  /** Lifetime of the lease without a renewal. */
  readonly leaseMs: number
  /** How long the run is stored after its last append. */
  readonly keepMs: number
  /** True if it stops without a subscriber, so that other nodes report theirs. */
  readonly needsSubscribers: boolean
}

/** A stored run, without its log. */
export interface StoredRun {
  readonly owner: string
  readonly needsSubscribers: boolean
  /** Values in its log; its end is not counted. */
  readonly values: number
  /** True once its log has an end. A store that leaves it out has runs that count as running until they are opened. */
  readonly ended?: boolean
}

/** Lines to append to the log of a run; none only renew the lease. */
export interface NewLines {
  readonly lease: string
  /** Position of the first line; positions count from 1. */
  readonly from: number
  readonly lines: readonly string[]
  /** The last line is the end of the run: its lease ends and its key is free. */
  readonly last: boolean
  /** True for the end of a run that never began: the store forgets it, and its key means the run before. */
  readonly forget?: boolean
}

/** Result of an append. */
export type AppendResult =
  /** The lines are stored, now or by an earlier try, and the lease is renewed. */
  | { readonly status: 'ok'; readonly stopRequested: boolean; readonly hasSubscribers: boolean }
  /** The store has lost lines and has only this many: append the others again. */
  | { readonly status: 'gap'; readonly storedLines: number }
  /** The lease has expired or belongs to another producer: nothing was appended. */
  | { readonly status: 'fenced' }

/**
 * Stores runs: logs of opaque lines, leases and keys. Implement it to keep runs in a database of yours.
 *
 * A store keeps six promises:
 * 1. `start` and `append` are atomic: of two callers with one key or one position, one wins.
 * 2. A log only grows. Appending the same lines again changes nothing, so that every call may be retried.
 * 3. A run without a valid lease accepts nothing but one `interrupt`.
 * 4. `watch` delivers each line once and in order, first those that exist.
 * 5. A run that has ended or has lost its producer is stored for `keepMs` more, then forgotten.
 * 6. A method rejects when the store cannot be reached; then it is unknown whether the call took effect.
 */
export interface RunStore {
  /**
   * Starts a run, unless one with the same owner and key is running.
   *
   * Out     id of the run that is running now: this one or the other.
   *
   * @param onStop Called when any node asks to stop the run.
   */
  start(run: NewRun, onStop: () => void): Promise<string>
  append(id: string, lines: NewLines): Promise<AppendResult>
  find(id: string): Promise<StoredRun | undefined>
  /** Id of the newest stored run of a key, running or not. */
  current(owner: string, key: string): Promise<string | undefined>
  /** Asks the producer of a run to stop. */
  stop(id: string): Promise<void>
  /**
   * Ends a run whose producer is gone: appends `line` once if the lease has expired and the log has no end.
   *
   * Out     false if there is no such run.
   */
  interrupt(id: string, line: string): Promise<boolean>
  /** Reports that the run has a subscriber on this node. */
  touchSubscriber(id: string, forMs: number): Promise<void>
  /** Delivers the log from its first line on, until the returned function is called. */
  watch(id: string, onLines: (lines: readonly string[]) => void): () => void
  /** Writes something and forgets it: rejects when the store can only be read. For a health check. */
  probe?(): Promise<void>
  /** Receives the log of the runs, for failures that no call can reject with, such as those of a reader. */
  useLog?(log: Log): void
  /** Releases connections and timers; what is stored stays. */
  close(): Promise<void>
}

/** Awaits a store. Throws LimitError `run/store-away` if it rejects or is late. */
export async function callStore<T>(answer: Promise<T>, withinMs: number = 2_000): Promise<T> {
  const late = new AbortController()
  const error = new Error(`No answer within ${withinMs} ms.`)
  const cancel = after(withinMs, () => late.abort(error))
  try {
    return await abortable(answer, late.signal)
  } catch (cause) {
    const hint = 'Check that it is running; runs.health() shows when it is back.'
    const message = 'The store of the runs does not answer.'
    throw new LimitError('run/store-away', message, 2, { hint, cause })
  } finally {
    cancel()
  }
}
