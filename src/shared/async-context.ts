/** Who is being served, as the runtime remembers it. */
export interface AsyncContext {
  /** Runs a function as if it were called where the context was captured. */
  run<T>(run: () => T): T
}

const nowhere: AsyncContext = { run: (run) => run() }
let captured: () => AsyncContext = () => nowhere

/**
 * Names the way in which this runtime remembers who is being served (`AsyncLocalStorage` on Node).
 * The portable core knows none: there, a source sees the context of whoever reads it.
 */
export function useAsyncContext(capture: () => AsyncContext): void {
  captured = capture
}

/** The context of the caller, to enter later: a reader pulls from the socket's context, where the request is long forgotten. */
export function captureContext(): AsyncContext {
  return captured()
}
