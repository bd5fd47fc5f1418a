/**
 * Calls a function that a user gave to be told something. Whatever it does, throw or reject, is nobody's business but
 * the log's.
 *
 * @example callHook(async () => { throw new Error('mine') }, show)
 */
export function callHook(hook: () => unknown, failed: (error: unknown) => void): void {
  try {
    Promise.resolve(hook()).catch(failed)
  } catch (error) {
    failed(error)
  }
}
