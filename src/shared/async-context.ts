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
