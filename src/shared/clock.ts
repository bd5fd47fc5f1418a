/** The timers of the platform, in one place: a leak check counts them, and a test can hold all of them. */
export interface Timers {
  /** Milliseconds since some moment; only differences mean something. */
  now(): number
  /** Calls `run` once, `delayMs` from now, unless the returned function is called before. */
  set(delayMs: number, run: () => void): () => void
}

/** Beyond this a timer of the platform overflows and fires at once. 24 days stand for "never". */
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

/** How many timers of swapstream are waiting now. A finished stream leaves none. */
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

/** Whole milliseconds since some moment; only differences mean something. */
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

/**
 * Lets one loop wait for what another one does. The loop looks at the state, waits, and looks again.
 */
export class Notifier {
  #wake: (() => void) | undefined

  /** Wakes the loop that waits; does nothing when none does. */
  notify(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  /** Resolves with the next `notify`, or after `ms`. Of several waits only the newest is woken. */
  wait(ms: number = Infinity): Promise<undefined> {
    return new Promise((resolve) => {
      const cancel = after(ms, () => resolve(undefined))
      this.#wake = () => {
        cancel()
        resolve(undefined)
      }
    })
  }
}

/** How long sources that never wait may keep the event loop. */
const MAX_TURN_MS = 10
/** After such a pause the event loop has turned by itself. */
const PAUSE_MS = 5
type Soon = (run: () => void) => unknown
/** The way to the next turn: without a timer, where the platform has one. */
const { setImmediate: soon = setTimeout as Soon } = globalThis as { setImmediate?: Soon }
let turnBeganAt = 0
let calledAt = -Infinity

/**
 * Lets other work run, every 10 ms: a source that never waits would make every other connection wait instead. Out:
 * nothing to wait for, mostly.
 */
export function yieldToEventLoop(): Promise<void> | undefined {
  const at = performance.now()
  if (at - calledAt > PAUSE_MS) turnBeganAt = at
  calledAt = at
  if (at - turnBeganAt < MAX_TURN_MS) return undefined
  // One for each caller: on Workers, what a request waits for ends with the request.
  return new Promise((resolve) =>
    soon(() => {
      turnBeganAt = performance.now()
      resolve()
    }),
  )
}
