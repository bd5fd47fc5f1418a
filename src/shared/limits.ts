/** Limits of one app or one stream. Each number has a default that is safe; `Infinity` lifts a limit. */
export interface Limits {
  /** Largest request body; beyond it the answer is 413. Default 65,536. */
  readonly maxBodyBytes: number
  /** Streams that one client address may hold open; one more gets 429. Default 16. */
  readonly maxStreamsPerClient: number
  /** Streams that the process holds open; one more gets 503. Default 10,000. */
  readonly maxStreams: number
  /** Longest life of a stream; then it ends with `limit`. Default 600,000 (ten minutes). */
  readonly maxDurationMs: number
  /** Longest silence of a source; then the stream ends with `timeout`. Default 120,000. */
  readonly idleSourceMs: number
  /** Longest time a client may take for a frame; then it is dropped. Default 30,000. */
  readonly sendTimeoutMs: number
  /** Most that one stream may send; then it ends with `limit`. Default 67,108,864 (64 MiB). */
  readonly maxOutputBytes: number
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxBodyBytes: 65_536,
  maxStreamsPerClient: 16,
  maxStreams: 10_000,
  maxDurationMs: 600_000,
  idleSourceMs: 120_000,
  sendTimeoutMs: 30_000,
  maxOutputBytes: 67_108_864,
})

/** Counts what is open, in all and for each owner. */
export class Slots {
  /** How many are open. */
  count: number = 0
  readonly #byOwner = new Map<string, number>()

  /** How many are open for one owner. */
  countOf(owner: string | undefined): number {
    return owner === undefined ? 0 : (this.#byOwner.get(owner) ?? 0)
  }

  /**
   * Counts one more; the caller has looked at the limits.
   *
   * Out     a function that gives the slot back; a second call does nothing.
   *
   * @param owner Without one, only the whole is counted.
   */
  acquire(owner: string | undefined): () => void {
    this.#add(owner, 1)
    let isHeld = true
    return () => {
      if (isHeld) this.#add(owner, -1)
      isHeld = false
    }
  }

  #add(owner: string | undefined, by: number): void {
    this.count += by
    if (owner === undefined) return
    const count = this.countOf(owner) + by
    if (count > 0) this.#byOwner.set(owner, count)
    else this.#byOwner.delete(owner)
  }
}
