import { Alarm } from '../shared/alarm.ts'
import { now } from '../shared/clock.ts'
import type { Limits } from '../shared/limits.ts'

/**
 * What time alone can bring to one stream: its next frame, a sign of life, and the limits of its source, of its reader
 * and of itself.
 *
 * Cost    one alarm for all of them.
 */
export class Deadlines {
  readonly #limits: Limits
  readonly #alarm: Alarm
  /** When something else than a frame is due at the earliest. */
  #checkAt: number | undefined
  readonly startedAt: number = now()
  /** When the reader was sent something last. */
  spokeAt: number = this.startedAt
  /** Since when the source has been asked for what it has not said yet; nothing while it is not asked. */
  askedAt: number | undefined
  /** Since when the reader has not come back from what he was handed; nothing while he waits himself. */
  handedAt: number | undefined

  constructor(limits: Limits, ring: () => void) {
    this.#limits = limits
    this.#alarm = new Alarm(ring)
  }

  /** The stream lasts for too long. */
  isOver(at: number): boolean {
    return at >= this.startedAt + this.#limits.maxDurationMs
  }

  /** The source stands still for too long. */
  isSilent(at: number): boolean {
    return at >= (this.askedAt ?? Infinity) + this.#limits.idleSourceMs
  }

  /** The reader stands still for too long. */
  isStalled(at: number): boolean {
    return at >= (this.handedAt ?? Infinity) + this.#limits.sendTimeoutMs
  }

  /**
   * Rings for the next of them. What begins later than now ends later, too.
   *
   * @param beatMs Time between two signs of life; `Infinity` for none.
   * @param ends The end is known already.
   */
  watch(beatMs: number, ends: boolean): void {
    const { sendTimeoutMs, idleSourceMs, maxDurationMs } = this.#limits
    const at = now()
    const beatAt = this.spokeAt + beatMs
    this.#checkAt = Math.min(
      at + Math.min(beatMs, sendTimeoutMs, idleSourceMs),
      beatAt > at ? beatAt : Infinity,
      ends ? Infinity : this.startedAt + maxDurationMs,
      (this.handedAt ?? Infinity) + sendTimeoutMs,
      (this.askedAt ?? Infinity) + idleSourceMs,
    )
    this.#alarm.advance(this.#checkAt)
  }

  /** Rings at that moment, or sooner for something else. */
  ring(at: number): void {
    this.#alarm.set(Math.min(at, this.#checkAt ?? Infinity))
  }

  clear(): void {
    this.#alarm.clear()
  }
}
