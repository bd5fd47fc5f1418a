/**
 * The one place that owns timers, so that a leak check can look at a single number, and a test can hold all of them.
 */
export interface Timers {
  /** Milliseconds since some moment; only differences mean something. */
  now(): number
  /** Calls `run` once, `delayMs` from now, unless the returned function is called before. */
  set(delayMs: number, run: () => void): () => void
}

/** Beyond this a timer of the platform overflows and fires at once. Nobody waits 24 days: it stands for "never". */
const LONGEST_MS = 2 ** 31 - 1

const platform: Timers = {
  now: () => performance.now(),
  set(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

let timers = platform
let running = 0

/** How many timers of the house are waiting now. A finished stream leaves none. */
export function timersRunning(): number {
  return running
}

/** Puts other timers in the place of the platform's, for tests; gives a function that puts them back. */
export function useTimers(others: Timers): () => void {
  timers = others
  return () => {
    timers = platform
  }
}

/** Milliseconds since some moment; only differences mean something. */
export function now(): number {
  return timers.now()
}

/**
 * Calls `run` once, `delayMs` from now, unless the returned function is called before.
 *
 * @example const cancel = after(15_000, () => ping()); cancel()
 */
export function after(delayMs: number, run: () => void): () => void {
  if (delayMs > LONGEST_MS) return () => {}
  let waiting = true
  running += 1
  const settle = (): boolean => {
    if (!waiting) return false
    waiting = false
    running -= 1
    return true
  }
  const cancel = timers.set(delayMs, () => settle() && run())
  return () => settle() && cancel()
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

/** How long streams may keep the event loop to themselves. */
const LONGEST_TURN_MS = 10
let turnBegan: number | undefined
let turnOver: Promise<void> | undefined

/**
 * Lets everybody else have a turn, when streams have had theirs for too long: a source that never waits, read by somebody
 * who never waits, would keep every other connection waiting instead.
 *
 * Out     nothing to wait for, mostly.
 * Cost    one look at the clock; one timer for each turn of the event loop in which streams are read.
 */
export function turn(): Promise<void> | undefined {
  const at = performance.now()
  if (turnBegan !== undefined) return at - turnBegan > LONGEST_TURN_MS ? turnOver : undefined
  turnBegan = at
  turnOver = new Promise((resolve) =>
    setTimeout(() => {
      turnBegan = undefined
      resolve()
    }, 0),
  )
  return undefined
}
