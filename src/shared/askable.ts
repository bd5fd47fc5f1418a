/**
 * The methods by which an iterator of ours can be asked without a promise: a reader who asks for thousands of values saves
 * most of what each of them costs. One reader asks, one answer at a time, and nobody calls `next` meanwhile.
 */
export const ASK: unique symbol = Symbol('swapstream.ask')
export const WANT: unique symbol = Symbol('swapstream.want')

/**
 * A state that stands for several, and says only how it has grown from the one before: mostly nobody needs more of it,
 * and to make it would cost more than to show it.
 */
export abstract class Unmade<T> {
  abstract readonly delta: string
  abstract made(): T
}

/** A state as it is, whether it is made or not. */
export function made<T>(value: T | Unmade<T>): T {
  return value instanceof Unmade ? value.made() : value
}

/** Who has asked: told one of the two, once. */
export interface Asker<T, R = unknown> {
  /** @param values For how many values this one stands. */
  given(answer: IteratorResult<T | Unmade<T>, R>, values: number): void
  failed(error: unknown): void
}

/** An iterator that can be asked so. */
export interface Askable<T, R = unknown> {
  /**
   * Asks for the next value.
   *
   * @param until Nobody needs it before that moment of `now`: where a value stands for those before it, the iterator reads
   *        on by itself, and answers with the first that comes from then on. Nothing for as soon as may be.
   */
  [ASK](asker: Asker<T, R>, until: number | undefined): void
  /**
   * Who asked needs it sooner or later than he said.
   *
   * @param until Nothing: now, also without another value. With any already, he is told from within this call.
   */
  [WANT](until: number | undefined): void
}
