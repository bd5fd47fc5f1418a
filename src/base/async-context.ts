/** Runs a function as if it were called where the context was captured. */
export type Enter = <T>(run: () => T) => T

const stay: Enter = (run) => run()
let captured: () => Enter = () => stay

/**
 * Names the way in which this runtime remembers who is being served (`AsyncLocalStorage` on Node).
 * The portable core knows none: there, a source sees the context of whoever reads it.
 */
export function useAsyncContext(capture: () => Enter): void {
  captured = capture
}

/** The context of the caller, to enter later: a reader pulls from the socket's context, where the request is long forgotten. */
export function captureContext(): Enter {
  return captured()
}
