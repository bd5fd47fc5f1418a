import { after } from '../../base/clock.ts'
import type { Callback } from './internals.ts'

/** A value at once when nothing waits, a promise of it otherwise. */
export type Outcome<T> = T | Promise<T>

/** `next` on a value, at once when it is there. */
export function andThen<T, U>(outcome: Outcome<T>, next: (value: T) => Outcome<U>): Outcome<U> {
  return outcome instanceof Promise ? outcome.then(next) : next(outcome)
}

/**
 * A callback's answer as an outcome.
 *
 * Only the first answer counts: after an error, nunjucks may call back again.
 *
 * Throws  what the callback was given as an error, and `late()` when no answer came within `limitMs`.
 */
export function answer<T>(
  start: (done: Callback<T>) => void,
  limitMs: number,
  late: () => unknown,
): Outcome<T> {
  let settled = false
  let failed: { error: unknown } | undefined
  let value: T | undefined
  let wake: (() => void) | undefined
  start((error, result) => {
    if (settled) return
    settled = true
    if (error) failed = { error }
    else value = result
    wake?.()
  })
  const read = (): T => {
    if (failed) throw failed.error
    return value as T
  }
  // Read through a function: the compiler cannot see that the callback has run.
  if ((() => settled)()) return read()
  return new Promise<T>((resolve, reject) => {
    const cancel = after(limitMs, () => {
      settled = true
      reject(late())
    })
    wake = () => {
      cancel()
      if (failed) reject(failed.error)
      else resolve(value as T)
    }
  })
}
