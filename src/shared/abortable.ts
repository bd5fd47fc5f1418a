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
export function abortable<T>(promise: T | PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    // Not Promise.race: a million waits on one promise that lasts are a leak.
    const stop = (): void => reject(signal.reason as Error)
    const answered = (): void => signal.removeEventListener('abort', stop)
    onAbort(signal, stop)
    Promise.resolve(promise).then(
      (value) => {
        answered()
        resolve(value)
      },
      (error: unknown) => {
        answered()
        reject(error as Error)
      },
    )
  })
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
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  if (signal) onAbort(signal, abort)
  const generator = open(controller.signal)
  let hasLeft = false
  let hasEnded = false
  const end = (): void => {
    hasEnded = true
    signal?.removeEventListener('abort', abort)
  }
  const leave = (): void => {
    if (hasEnded) return
    end()
    hasLeft = true
    controller.abort()
  }
  const answered = (answer: IteratorResult<T, R>): IteratorResult<T, R> => {
    if (answer.done) end()
    return answer
  }
  const failed = (error: unknown): IteratorResult<T, R> => {
    if (hasLeft) return { done: true, value: undefined as R }
    end()
    controller.abort(error)
    signal?.throwIfAborted()
    throw error
  }
  return {
    next: () => generator.next().then(answered, failed),
    return(value) {
      leave()
      return generator.return(value)
    },
    throw(error) {
      leave()
      return generator.throw(error)
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      await this.return(undefined as R)
    },
    // As a generator says: what reads it tells code of ours from a provider's.
    [Symbol.toStringTag]: 'AsyncGenerator',
  } as AsyncGenerator<T, R, undefined>
}
