import { now } from '../shared/clock.ts'
import { framePace } from '../shared/frame-pace.ts'

/** The narrowest and the widest time between two frames. */
const NARROW_MS = 16
const WIDE_MS = 100
/** Who looks at the same as many others waits a little for each of them: a thousand get three frames a second. */
const VIEWER_MS = 0.3
const CROWD_MS = 300
/** Time for each value a second: who reads 200 a second reads them together anyway, and fewer frames show them as well. */
const SPEED_MS = 1 / 2
/**
 * What would come too late for this frame need not be waited for: a value after which no other is expected in time is shown
 * at once, since it has woken the process already. Never before this share of the wait is over.
 */
const EARLY_SHARE = 2 / 3
/** A frame may take this share of a stream's time at most: after a costly one the next waits longer. */
const COST_SHARE = 1 / 4

/**
 * When the next frame of one stream may leave: the first one at once, then no sooner than the process can follow, the
 * reader can take, and the drawing itself allows.
 *
 * Streams keep the phase in which they began, so their frames are spread over time by themselves.
 */
export class Pace {
  readonly #frameMs: number | undefined
  readonly #viewers: (() => number) | undefined
  /** Wider each time the reader comes late. */
  #readerMs = 0
  #beganAt: number | undefined
  /** A value that comes from this moment on is shown at once; as long as nothing was sent, any. */
  earlyAt: number = 0
  /** What waits is shown at this moment at the latest. */
  latestAt: number = 0

  /**
   * @param frameMs Exactly this time; nothing to let it be found.
   * @param viewers How many are shown the same stream.
   */
  constructor(frameMs: number | undefined, viewers?: () => number) {
    this.#frameMs = frameMs
    this.#viewers = viewers
  }

  /**
   * A frame was made just now.
   *
   * @param beganAt When it was begun.
   * @param values How many it brought.
   */
  sent(beganAt: number, values: number): void {
    if (this.#frameMs !== undefined) {
      this.earlyAt = this.latestAt = Math.ceil(beganAt + this.#frameMs)
      return
    }
    const at = now()
    const crowdMs = this.#viewers ? Math.min(CROWD_MS, this.#viewers() * VIEWER_MS) : 0
    const gapMs = Math.max(1, beganAt - (this.#beganAt ?? -Infinity)) / values
    const speedMs = Math.min(WIDE_MS, (1000 / gapMs) * SPEED_MS)
    this.#beganAt = beganAt
    const costMs = (at - beganAt) / COST_SHARE
    const width = Math.max(framePace(), this.#readerMs, crowdMs, speedMs, costMs)
    this.latestAt = Math.round(at + width)
    this.earlyAt = Math.ceil(Math.max(at + width * EARLY_SHARE, this.latestAt - gapMs))
  }

  /** The reader has come back for more. */
  wanted(at: number, nothingWaited: boolean): void {
    if (!nothingWaited && at > this.latestAt)
      this.#readerMs = Math.min(WIDE_MS, Math.max(NARROW_MS, this.#readerMs * 2))
    else if (this.#readerMs > 0)
      this.#readerMs = this.#readerMs <= NARROW_MS ? 0 : this.#readerMs / 2
  }
}
