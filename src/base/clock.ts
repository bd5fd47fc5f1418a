/**
 * The one place that owns timers, so that a leak check can look at a single number.
 *
 * Later than a plain `setTimeout` by nothing: it is one, with a cancel function in place of a handle
 * (handles differ between runtimes, functions do not).
 */
const running = new Set<unknown>()

/** Beyond this a timer of the platform overflows and fires at once. Nobody waits 24 days: it stands for "never". */
const LONGEST_MS = 2 ** 31 - 1

/** How many timers of the house are waiting now. A finished stream leaves none. */
export function timersRunning(): number {
  return running.size
}

/**
 * Calls `run` once, `delayMs` from now, unless the returned function is called before.
 *
 * @example const cancel = after(15_000, () => ping()); cancel()
 */
export function after(delayMs: number, run: () => void): () => void {
  if (delayMs > LONGEST_MS) return () => {}
  const timer = setTimeout(() => {
    running.delete(timer)
    run()
  }, delayMs)
  running.add(timer)
  return () => {
    running.delete(timer)
    clearTimeout(timer)
  }
}

/** Waits `delayMs`, or less when `signal` aborts; then it resolves too, and the caller looks at the signal. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = after(delayMs, done)
    signal?.addEventListener('abort', done)
  })
}
