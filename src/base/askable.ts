/**
 * The method by which an iterator of ours can be asked with two functions in place of a promise: a reader who asks for
 * thousands of values saves half of what each of them costs. One reader asks, one value at a time, and nobody calls
 * `next` meanwhile.
 */
export const ASK: unique symbol = Symbol('swapstream.ask')

/** An iterator that can be asked so. One of the two functions is told, once, and never from within the call. */
export interface Askable<T, R = unknown> {
  [ASK](tell: (answer: IteratorResult<T, R>) => void, fail: (error: unknown) => void): void
}
