import { after, now } from '../shared/clock.ts'
import type { Limits } from '../shared/limits.ts'

/** What the stream knows at the moment of a check. */
export interface Waits {
  /** Since when the source owes a value; undefined while none is asked for. */
  readonly source: number | undefined
  /** Since when the client has not come back from what it was handed; undefined while it waits itself. */
  readonly client: number | undefined
}

/**
 * Watches what time alone can bring to one stream: a heartbeat, and the limits of its source, its client and itself.
 *
 * Cost    one timer, which is set anew only when it fires: sending a frame is a field that changes.
 */
export class Deadlines {
  readonly startedAt: number = now()
  /** When the client was sent something last. */
  lastSentAt: number = this.startedAt
  readonly #limits: Limits
  readonly #heartbeatMs: number
  readonly #waits: () => Waits
  readonly #check: () => void
  #cancel: (() => void) | undefined

  /** @param heartbeatMs `Infinity` for no heartbeats. */
  constructor(limits: Limits, heartbeatMs: number, waits: () => Waits, check: () => void) {
    this.#limits = limits
    this.#heartbeatMs = heartbeatMs
    this.#waits = waits
    this.#check = check
  }

  /** Begins to check. */
  start(): void {
    const { maxDurationMs, idleSourceMs, sendTimeoutMs } = this.#limits
    const { source, client } = this.#waits()
    const at = now()
    // What begins later than now is due later than now and its limit.
    const left = (since: number = at, ms: number): number =>
      since + ms > at ? since + ms - at : ms
    const delayMs = Math.min(
      left(this.startedAt, maxDurationMs),
      left(source, idleSourceMs),
      left(client, sendTimeoutMs),
      left(this.lastSentAt, this.#heartbeatMs),
    )
    this.#cancel?.()
    this.#cancel = after(Math.max(1, delayMs), () => {
      this.start()
      this.#check()
    })
  }

  stop(): void {
    this.#cancel?.()
  }

  /** The stream has lasted for too long. */
  get isDurationExceeded(): boolean {
    return now() - this.startedAt >= this.#limits.maxDurationMs
  }

  /** The source has been silent for too long. */
  get isSourceIdle(): boolean {
    return now() - (this.#waits().source ?? Infinity) >= this.#limits.idleSourceMs
  }

  /** The client has stood still for too long. */
  get isClientStalled(): boolean {
    return now() - (this.#waits().client ?? Infinity) >= this.#limits.sendTimeoutMs
  }

  get isHeartbeatDue(): boolean {
    return now() - this.lastSentAt >= this.#heartbeatMs
  }
}
