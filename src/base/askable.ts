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
   * @param until Nobody needs it before that moment of `now`: where a value stands for those before it, the iterator reads
   *        on by itself, and answers with the first that comes from then on. `-Infinity` for as soon as may be.
   */
  [ASK](
    tell: (answer: IteratorResult<T, R>, values: number) => void,
    fail: (error: unknown) => void,
    until: number,
  ): void
  /**
   * Who asked needs it sooner or later than he said.
   *
   * @param until `-Infinity`: now, also without another value. With any already, he is told from within this call.
   */
  [WANT](until: number): void
}
