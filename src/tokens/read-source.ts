import { ASK, WANT, type Askable } from '../base/askable.ts'
import { now, turn } from '../base/clock.ts'
import type { Part } from './part.ts'
import { PartReader } from './part-reader.ts'
import type { TokenSource } from './token-source.ts'
import { Thrown, Upstream, type Said } from './upstream.ts'

/** What is done with each part, and with the end. */
export interface Reading<T, R> {
  /** Gives what is to be handed on, or undefined to hand on nothing. */
  pick(part: Part): T | undefined
  /** Keeps a part for a value that stands for several; false when this one must be picked by itself. */
  keep?(part: Part): boolean
  /** That value. */
  kept?(): T
  /** One more to hand on behind the last part; only after a good end. */
  last?(): T
  /** What the whole was. */
  end(): R
}

/** So many parts are kept for one value at most. */
const MOST_KEPT = 1_024

/**
 * Reads a source part by part: the one loop behind `tokens`, `accumulate` and `record`.
 *
 * Cost    one promise a part beside the source's own: it is no generator, because one generator around another doubles
 *         what a token costs.
 * Ends    closes the source exactly once: at its end, on a throw, when the reader stops, or when `signal` aborts.
 * Throws  the reason of the signal; what the source throws; SourceError for parts that are wrong.
 */
export function readSource<T, R>(
  source: TokenSource,
  signal: AbortSignal | undefined,
  reading: Reading<T, R>,
): AsyncGenerator<T, R, undefined> {
  return new SourceParts(new Upstream(source), signal, reading)
}

class SourceParts<T, R> implements AsyncGenerator<T, R, undefined>, Askable<T, R> {
  readonly #upstream: Upstream
  readonly #signal: AbortSignal | undefined
  readonly #reading: Reading<T, R>
  readonly #parts: PartReader
  /** Picked, and not handed on yet. */
  #found: T[] = []
  /** For how many parts the first of these stands. */
  #standsFor = 1
  /** Who asked needs no answer before that moment. */
  #until = -Infinity
  /** How many parts are kept for the next value. */
  #kept = 0
  /** The source was asked, and has not answered. */
  #asking = false
  /** What it threw, while what came before has to be handed on first. */
  #broken: { readonly error: unknown } | undefined
  #begun = false
  #ended = false
  #over = false
  /** The answer under way. Whoever asks again before it is there stands in line, as with a generator. */
  #answer: Promise<IteratorResult<T, R>> | undefined
  #resolve: ((answer: IteratorResult<T, R> | Promise<IteratorResult<T, R>>) => void) | undefined
  /** Told in its place, when somebody asked without a promise. */
  #tell: ((answer: IteratorResult<T, R>, values: number) => void) | undefined
  #fail: ((error: unknown) => void) | undefined
  #stop: (() => void) | undefined

  constructor(upstream: Upstream, signal: AbortSignal | undefined, reading: Reading<T, R>) {
    this.#upstream = upstream
    this.#signal = signal
    this.#reading = reading
    this.#parts = new PartReader((part) => {
      if ((this.#until > -Infinity || this.#kept > 0) && reading.keep?.(part)) {
        this.#kept += 1
        return
      }
      this.#gather()
      const picked = reading.pick(part)
      if (picked !== undefined) this.#found.push(picked)
    })
  }

  next(): Promise<IteratorResult<T, R>> {
    if (this.#answer === undefined) return (this.#answer = this.#step())
    const step = (): Promise<IteratorResult<T, R>> => this.#step()
    return (this.#answer = this.#answer.then(step, step))
  }

  [ASK](
    tell: (answer: IteratorResult<T, R>, values: number) => void,
    fail: (error: unknown) => void,
    until: number,
  ): void {
    this.#until = until
    if (until === -Infinity) this.#gather()
    const isPlain = this.#begun && !this.#ended && !this.#over && !this.#signal?.aborted
    if (!isPlain || this.#broken || this.#found.length > 0) {
      const values = this.#standsFor
      return void this.next().then((answer) => tell(answer, values), fail)
    }
    this.#tell = tell
    this.#fail = fail
    this.#ask()
  }

  [WANT](until: number): void {
    this.#until = until
    if (until > -Infinity || this.#tell === undefined || this.#kept === 0) return
    this.#gather()
    this.#handFound()
  }

  async return(value?: R | PromiseLike<R>): Promise<IteratorResult<T, R>> {
    await this.#close()
    return { done: true, value: (await value) as R }
  }

  async throw(error: unknown): Promise<IteratorResult<T, R>> {
    await this.#close()
    throw error
  }

  /** Tells our own reading from a provider's. */
  get [Symbol.toStringTag](): string {
    return 'AsyncGenerator'
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }

  #step(): Promise<IteratorResult<T, R>> {
    if (this.#found.length > 0) return this.#handed()
    if (this.#over) return Promise.resolve({ done: true, value: undefined as R })
    if (this.#broken) return this.#failed(this.#broken.error)
    if (this.#ended) return this.#whole()
    if (!this.#begun) {
      this.#begun = true
      if (this.#signal) {
        this.#stop = () => void this.#upstream.stop()
        this.#signal.addEventListener('abort', this.#stop, { once: true })
      }
    }
    if (this.#signal?.aborted) return this.#failed(undefined)
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#ask()
    })
  }

  #ask(): void {
    if (this.#asking) return
    this.#asking = true
    this.#upstream.ask(this.#read)
  }

  #threw(error: unknown): void {
    this.#asking = false
    this.#gather()
    const isAwaited = this.#resolve !== undefined || this.#tell !== undefined
    if (isAwaited && this.#found.length === 0) return this.#hand(this.#failed(error))
    this.#broken = { error }
    if (isAwaited) this.#handFound()
  }

  readonly #read = (said: Said): void => {
    if (said instanceof Thrown) return this.#threw(said.error)
    const { done, value } = said
    this.#asking = false
    try {
      this.#signal?.throwIfAborted()
      if (this.#upstream.stopped) return this.#hand(this.#whole())
      if (!done) this.#parts.read(value)
      else {
        this.#parts.end()
        if (this.#upstream.cut)
          throw new DOMException('The model was aborted before its answer was whole.', 'AbortError')
        this.#gather()
        if (this.#reading.last) this.#found.push(this.#reading.last())
        this.#ended = true
      }
    } catch (error) {
      return this.#threw(error)
    }
    if (this.#resolve === undefined && this.#tell === undefined) return
    if (this.#kept > 0 && (this.#kept >= MOST_KEPT || this.#until <= now())) this.#gather()
    if (this.#found.length > 0) this.#handFound()
    else if (this.#ended) this.#hand(this.#whole())
    else this.#readOn()
  }

  /** Who reads ahead hears nothing of it, so it is here that everybody else is let have a turn. */
  #readOn(): void {
    const others = this.#until > -Infinity ? turn() : undefined
    if (others === undefined) this.#ask()
    else void others.then(() => this.#over || this.#ask())
  }

  /** What is kept becomes one value. */
  #gather(): void {
    if (this.#kept === 0) return
    this.#found.push(this.#reading.kept!())
    this.#standsFor = this.#kept
    this.#kept = 0
  }

  #handFound(): void {
    this.#answer = undefined
    this.#hand({ done: false, value: this.#first() })
  }

  /** Answers who waits, and forgets the answer: the last one may hold a long text. */
  #hand(answer: IteratorResult<T, R> | Promise<IteratorResult<T, R>>): void {
    const resolve = this.#resolve
    const tell = this.#tell
    const values = this.#standsFor
    this.#standsFor = 1
    this.#resolve = this.#tell = undefined
    if (resolve) resolve(answer)
    else if (answer instanceof Promise) answer.then((ended) => tell?.(ended, 1), this.#fail)
    else tell?.(answer, values)
  }

  #handed(): Promise<IteratorResult<T, R>> {
    this.#answer = undefined
    this.#standsFor = 1
    return Promise.resolve({ done: false, value: this.#first() })
  }

  #first(): T {
    const value = this.#found.shift()!
    // What was pushed to keeps room for seventeen.
    if (this.#found.length === 0) this.#found = []
    return value
  }

  async #whole(): Promise<IteratorResult<T, R>> {
    const value = this.#reading.end()
    await this.#close()
    return { done: true, value }
  }

  async #failed(error: unknown): Promise<never> {
    await this.#close()
    // An SDK that heard the same signal has its own word for it.
    this.#signal?.throwIfAborted()
    throw error
  }

  async #close(): Promise<void> {
    this.#over = true
    this.#found = []
    if (this.#stop) this.#signal?.removeEventListener('abort', this.#stop)
    await this.#upstream.stop()
    this.#answer = undefined
  }
}
