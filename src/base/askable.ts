/**
 * The methods by which an iterator of ours can be asked with two functions in place of a promise: a reader who asks for
 * thousands of values saves most of what each of them costs. One reader asks, one answer at a time, and nobody calls
 * `next` meanwhile.
 */
export const ASK: unique symbol = Symbol('swapstream.ask')
export const WANT: unique symbol = Symbol('swapstream.want')

/** An iterator that can be asked so. */
export interface Askable<T, R = unknown> {
  /**
   * Asks for the next value: one of the two functions is told, once.
   *
   * @param tell Told also for how many values this one stands.
   * @param ahead Nobody needs it yet. Where a value stands for those before it, the iterator reads on by itself then, until
   *        somebody does.
   */
  [ASK](
    tell: (answer: IteratorResult<T, R>, values: number) => void,
    fail: (error: unknown) => void,
    ahead: boolean,
  ): void
  /**
   * Who asked ahead needs it now: with the next value.
   *
   * @param atOnce Also without another value, if there is any already: he is told from within this call.
   */
  [WANT](atOnce: boolean): void
}
