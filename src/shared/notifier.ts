import { after } from './clock.ts'

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
