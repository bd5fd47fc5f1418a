import { expect } from 'vitest'

/** Looks again until `look` no longer throws: for what another process or the next turn of the loop does. */
export async function eventually(
  look: () => void | Promise<void>,
  withinMs = 2_000,
): Promise<void> {
  const until = Date.now() + withinMs
  for (;;) {
    try {
      return await look()
    } catch (error) {
      if (Date.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

/** The leak check of every stream test: what was opened is closed. */
export async function expectNothingLeft(timersRunning: () => number): Promise<void> {
  await eventually(() => expect(timersRunning(), 'timers of the house').toBe(0))
}
