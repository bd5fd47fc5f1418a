import { expect } from 'vitest'

/** Long enough for a machine with other work: only a test that fails waits so long. */
export const PATIENCE_MS = 120_000

/** Looks again until `look` no longer throws: for what another process or the next turn of the loop does. */
export async function eventually(look: () => void | Promise<void>): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  // Often at first; then seldom, since to look takes time from what is waited for.
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 1.5, 50)) {
    try {
      return await look()
    } catch (error) {
      if (Date.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

/** The leak check of every stream test: what was opened is closed. */
export async function expectNothingLeft(timersRunning: () => number): Promise<void> {
  await eventually(() => expect(timersRunning(), 'timers that still run').toBe(0))
}
