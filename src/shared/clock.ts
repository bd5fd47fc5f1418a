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

/**
 * Milliseconds since some moment; only differences mean something. Whole ones: an engine keeps a small whole number in
 * the object that has it, and for a fraction one more object, which is one more to look for in each of a thousand streams.
 */
export function now(): number {
  return Math.floor(timers.now())
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
/** When the others have had their turn, nobody asks again for so long. */
const TRUSTED_MS = 5
/** Runs it when this turn of the event loop is over; where the platform has a way there, that needs no timer. */
function soon(run: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => unknown }
  if (setImmediate) setImmediate(run)
  else setTimeout(run, 0)
}
let turnBegan = 0
let trustedUntil = -Infinity
let turnOver: Promise<void> | undefined

/**
 * Lets everybody else have a turn, when streams have had theirs for too long: a source that never waits, read by somebody
 * who never waits, would keep every other connection waiting instead.
 *
 * Out     nothing to wait for, mostly.
 * Cost    one look at the clock; one call back each few milliseconds in which streams are read.
 *
 * @param renderInitial True to let the others have theirs at once, such as the socket with a first frame.
 */
export function turn(renderInitial: boolean = false): Promise<void> | undefined {
  const at = performance.now()
  if (turnOver === undefined) {
    if (!renderInitial && at < trustedUntil) return undefined
    turnBegan = at
    turnOver = new Promise((resolve) =>
      soon(() => {
        turnOver = undefined
        trustedUntil = performance.now() + TRUSTED_MS
        resolve()
      }),
    )
  }
  return renderInitial || at - turnBegan >= LONGEST_TURN_MS ? turnOver : undefined
}
