import { useTimers } from '../shared/clock.ts'

/** Time that stands still until it is moved. */
export interface ControlledClock {
  /** Moves time on; what is due on the way runs in its order, each with what it sets off. */
  advance(ms: number): Promise<void>
  /** Gives the timers back to the platform. */
  release(): void
}

/**
 * Takes hold of every timer of swapstream: heartbeats, deadlines, frames. For tests that would otherwise wait.
 *
 * Only swapstream's own timers are held; those of your code and of other packages go on.
 *
 * @example
 * const clock = controlledClock()
 * await clock.advance(15_000) // a silent stream sends its heartbeat
 * clock.release()
 */
export function controlledClock(): ControlledClock {
  let time = 0
  const waiting = new Set<{ at: number; run: () => void }>()
  const release = useTimers({
    now: () => time,
    set(delayMs, run) {
      const timer = { at: time + delayMs, run }
      waiting.add(timer)
      return () => waiting.delete(timer)
    },
  })
  return {
    release,
    async advance(ms) {
      const until = time + ms
      await settled()
      for (;;) {
        let next: { at: number; run: () => void } | undefined
        for (const timer of waiting)
          if (timer.at <= until && (!next || timer.at < next.at)) next = timer
        if (next === undefined) break
        waiting.delete(next)
        time = next.at
        next.run()
        await settled()
      }
      time = until
    },
  }
}

/** Everything that is ready to run has run: streams hand on through many promises. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel()
    channel.port1.addEventListener('message', () => {
      channel.port1.close()
      resolve()
    })
    channel.port1.start()
    channel.port2.postMessage(undefined)
  })
}
