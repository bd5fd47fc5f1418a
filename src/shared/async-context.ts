/** The request that is being served, as the runtime remembers it. */
export interface AsyncContext {
  /** Calls a function in the captured context. */
  run<T>(run: () => T): T
}

const none: AsyncContext = { run: (run) => run() }
let capture: () => AsyncContext = () => none

/**
 * Sets how this runtime remembers the request (`AsyncLocalStorage` on Node). The portable core has no way of its own:
 * there, a source sees the context of what reads it.
 */
export function useAsyncContext(own: () => AsyncContext): void {
  capture = own
}

/** The context of the caller, to enter later: the socket that pulls a stream has forgotten the request. */
export function captureContext(): AsyncContext {
  return capture()
}

/** Keeps an isolate alive until some work is done. */
export type WaitUntil = (work: Promise<unknown>) => void

/** Requests whose answers are not decided. */
const handled = new Map<Promise<boolean>, WaitUntil | undefined>()

/**
 * Says that a request is being handled: what it starts waits until its answer is decided.
 *
 * Out     a function to call with the decision: true when the answer goes out, false when it is none that needs work.
 */
export function handleRequest(waitUntil?: WaitUntil): (isWanted: boolean) => void {
  let decide!: (isWanted: boolean) => void
  const decided = new Promise<boolean>((resolve) => (decide = resolve))
  handled.set(decided, waitUntil)
  return (isWanted) => {
    handled.delete(decided)
    decide(isWanted)
  }
}

/**
 * The decision about what starts now: true when one of the requests that are being handled goes on to its answer.
 * Undefined when none is being handled.
 */
export function decision(): Promise<boolean> | undefined {
  if (handled.size === 0) return undefined
  return Promise.all(handled.keys()).then((wanted) => wanted.includes(true))
}

/** Lets some work, such as a run, outlive the requests that are being handled now. */
export function outliveRequests(work: Promise<unknown>): void {
  for (const waitUntil of handled.values()) waitUntil?.(work)
}
