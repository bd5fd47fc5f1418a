import { SafeString } from './internals.ts'

const steady = new WeakSet<object>()

/** Remembers that using an object changes nothing in it: a macro, what an import of such gives. */
export function markSteady<T extends object>(object: T): T {
  steady.add(object)
  return object
}

/** Whether using a value changes nothing in it: texts, numbers, and what is marked. */
export function isSteady(value: unknown): boolean {
  const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null)
  return !isObject || value instanceof SafeString || steady.has(value)
}
