/**
 * A generator that hears `return()` while it waits. A bare one answers only when its pending value has come, and a
 * model may think for a minute until then.
 *
 * Cost    nothing for each value: `next` is the generator's own.
 * Ends    `return` and `throw` call `stop` first, which must let the pending wait end; also when nothing was read yet,
 *         where a bare generator would skip its `finally`. It may be called more than once.
 *
 * @example new Stoppable(readAll(reader), () => reader.cancel())
 */
export class Stoppable<T, R = void> implements AsyncGenerator<T, R, undefined> {
  readonly #generator: AsyncGenerator<T, R, undefined>
  readonly #stop: () => unknown

  constructor(generator: AsyncGenerator<T, R, undefined>, stop: () => unknown) {
    this.#generator = generator
    this.#stop = stop
  }

  next(): Promise<IteratorResult<T, R>> {
    return this.#generator.next()
  }

  return(value?: R | PromiseLike<R>): Promise<IteratorResult<T, R>> {
    return this.#stopped(this.#generator.return(value as R))
  }

  throw(error: unknown): Promise<IteratorResult<T, R>> {
    return this.#stopped(this.#generator.throw(error))
  }

  async #stopped(answer: Promise<IteratorResult<T, R>>): Promise<IteratorResult<T, R>> {
    const [given] = await Promise.all([answer, settled(this.#stop)])
    return given
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}

/** Runs a step of a teardown whose failure helps nobody: what was to be closed is no longer wanted. */
export async function settled(step: () => unknown): Promise<void> {
  try {
    await step()
  } catch {
    // The caller has what it wanted, or an error of its own.
  }
}
