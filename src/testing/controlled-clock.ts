import { useTimers } from '../shared/clock.ts'

/** Time that stands still until it is moved. */
export interface ControlledClock {
  /** Moves time on; what is due on the way runs in its order, each with what it sets off. */
  advance(ms: number): Promise<void>
  /** Gives the timers back to the platform. */
  release(): void
}

/**
 * Holds every timer of swapstream: heartbeats, deadlines, frames. For tests that would otherwise wait.
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
      await runReadyTasks()
      for (;;) {
        const due = [...waiting].filter(({ at }) => at <= until)
        const [next] = due.toSorted((one, other) => one.at - other.at)
        if (next === undefined) break
        waiting.delete(next)
        time = next.at
        next.run()
        await runReadyTasks()
      }
      time = until
    },
  }
}

/** Waits until all promises that are ready have run: values pass through many of them. */
async function runReadyTasks(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  await new Promise((resolve) => {
    port1.addEventListener('message', resolve)
    port1.start()
    port2.postMessage(undefined)
  })
  port1.close()
}
