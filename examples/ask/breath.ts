import { setImmediate } from 'node:timers/promises'

/**
 * Lets long work breathe: `await breath()` in its loop gives the event loop a turn when one is due.
 *
 * @param sliceMs How long the work may hold the loop, in milliseconds.
 * @returns A function to await; it waits only when the slice is used up.
 */
export function createBreath(sliceMs = 12): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < sliceMs) return
    await setImmediate()
    since = performance.now()
  }
}
