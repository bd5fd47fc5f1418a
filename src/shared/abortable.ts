/** Runs `stop` when the signal aborts; at once when it has aborted already. */
export function onAbort(signal: AbortSignal, stop: () => void): void {
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
}

/** Runs a step of a teardown; its failure helps nothing, since the result is no longer wanted. */
export async function ignoreErrors(step: () => unknown): Promise<void> {
  try {
    await step()
  } catch {
    // The caller has its result, or an error of its own.
  }
}

/**
 * Waits for a promise, but no longer than the signal allows.
 *
 * Throws  the reason of the signal as soon as it aborts; what the promise rejects with.
 *
 * @example await abortable(Promise.resolve('a'), AbortSignal.timeout(1_000)) // → 'a'
 */
export async function abortable<T>(promise: T | PromiseLike<T>, signal: AbortSignal): Promise<T> {
  const waits = new AbortableWaits(signal)
  try {
    return await waits.until(promise)
  } finally {
    waits.end()
  }
}

/** The waits of one loop, one after the other: a listener for all of them, because a listener costs as much as a token. */
export class AbortableWaits {
  readonly #signal: AbortSignal
  #isAborted = false
  #reject: ((reason: unknown) => void) | undefined
  readonly #abort = (): void => {
    this.#isAborted = true
    this.#reject?.(this.#signal.reason)
  }

  constructor(signal: AbortSignal) {
    this.#signal = signal
    onAbort(signal, this.#abort)
  }

  /** Waits as `abortable` does. */
  until<T>(promise: T | PromiseLike<T>): Promise<T> {
    // Not Promise.race: a million waits on one promise that lasts are a leak.
    return new Promise((resolve, reject) => {
      this.#reject = reject
      if (this.#isAborted) this.#abort()
      Promise.resolve(promise).then(resolve, reject)
    })
  }

  /** Forgets the signal. */
  end(): void {
    this.#signal.removeEventListener('abort', this.#abort)
  }
}

/**
 * Makes an async generator that ends at once when its reader leaves, also while it waits for a silent model.
 *
 * A bare generator answers `return()` only after its pending value. This one aborts the signal that `open` was called
 * with: each wait of the generator goes through `abortable`, and whatever it holds is released `onAbort`, so it is also
 * released when nothing was read yet, where a bare generator skips its `finally`.
 *
 * In      a function that gives the generator, called now; a signal of the caller, which aborts the inner one, too.
 * Ends    the inner signal aborts once: when the reader leaves, when the generator throws, or when `signal` aborts. A
 *         pending `next()` then ends without a value. After a good end it does not abort.
 * Throws  what the generator throws; the reason of `signal` once it has aborted, whatever an SDK makes of it.
 *
 * @example
 * const values = abortableGenerator(async function* (signal) {
 *   yield await abortable(Promise.resolve('a'), signal)
 * })
 * await values.next() // → { done: false, value: 'a' }
 */
export function abortableGenerator<T, R = void>(
  open: (signal: AbortSignal) => AsyncGenerator<T, R, undefined>,
  signal?: AbortSignal,
): AsyncGenerator<T, R, undefined> {
  return new AbortableGenerator(open, signal)
}

class AbortableGenerator<T, R> implements AsyncGenerator<T, R, undefined> {
  readonly #generator: AsyncGenerator<T, R, undefined>
  readonly #controller = new AbortController()
  readonly #signal: AbortSignal | undefined
  #hasLeft = false
  #hasEnded = false

  constructor(
    open: (signal: AbortSignal) => AsyncGenerator<T, R, undefined>,
    signal: AbortSignal | undefined,
  ) {
    this.#signal = signal
    if (signal) onAbort(signal, this.#abort)
    this.#generator = open(this.#controller.signal)
  }

  readonly #abort = (): void => this.#controller.abort(this.#signal?.reason)

  async next(): Promise<IteratorResult<T, R>> {
    try {
      const answer = await this.#generator.next()
      if (answer.done) this.#end()
      return answer
    } catch (error) {
      if (this.#hasLeft) return { done: true, value: undefined as R }
      this.#end()
      this.#controller.abort(error)
      this.#signal?.throwIfAborted()
      throw error
    }
  }

  return(value: R | PromiseLike<R>): Promise<IteratorResult<T, R>> {
    this.#leave()
    return this.#generator.return(value)
  }

  throw(error: unknown): Promise<IteratorResult<T, R>> {
    this.#leave()
    return this.#generator.throw(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return(undefined as R)
  }

  /** As a generator says: what reads it tells code of ours from a provider's. */
  readonly [Symbol.toStringTag] = 'AsyncGenerator'

  #end(): void {
    this.#hasEnded = true
    this.#signal?.removeEventListener('abort', this.#abort)
  }

  #leave(): void {
    if (this.#hasEnded) return
    this.#end()
    this.#hasLeft = true
    this.#controller.abort()
  }
}
