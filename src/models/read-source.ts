import { ASK, made, WANT, type Askable, type Asker, type Unmade } from '../shared/askable.ts'
import { now, turn } from '../shared/clock.ts'
import { isResult, noResult } from './iterator-result.ts'
import type { Part } from './part.ts'
import { PartReader, type PartListener } from './part-reader.ts'
import type { TokenSource } from './token-source.ts'
import { Upstream, type Chunks } from './upstream.ts'

/** What is done with each part, and with the end. */
export interface Reading<T, R> {
  /** Gives what is to be handed on, or undefined to hand on nothing. */
  pick(part: Part): T | undefined
  /** Keeps a part for a value that stands for several; false when this one must be picked by itself. */
  keep?(part: Part): boolean
  /** That value; only for those who ask without a promise. */
  kept?(): Unmade<T>
  /** One more to hand on behind the last part; only after a good end. */
  last?(): T
  /** What the whole was. */
  end(): R
}

/** So many parts are kept for one value at most. */
const MOST_KEPT = 1_024
const DONE: IteratorResult<unknown, undefined> = { done: true, value: undefined }
/** Nothing found yet. */
const NONE: never[] = []

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

/**
 * When thousands of these read at once, each waits long enough for its memory to grow cold: what a token costs is the
 * number of objects it has to touch. So what every token looks at stands here, and first.
 */
class SourceParts<T, R> implements AsyncGenerator<T, R, undefined>, Askable<T, R>, PartListener {
  /** The source was asked, and has not answered. */
  #asking = false
  /** What the source is asked of, as soon as it is open. */
  #chunks: Chunks | undefined
  readonly #parts: PartReader
  readonly #reading: Reading<T, R>
  /** How many parts are kept for the next value. */
  #kept = 0
  /** Who asked needs no answer before that moment. A whole number: a fraction would be one more object. */
  #until: number | undefined
  /** Who waits for an answer, with a promise or without. */
  #resolve: ((answer: IteratorResult<T, R> | Promise<IteratorResult<T, R>>) => void) | undefined
  #asker: Asker<T, R> | undefined
  /** Picked, and not handed on yet. */
  #found: (T | Unmade<T>)[] = NONE
  /** The source has come to its end. */
  #ended = false
  /** The source was let go of, perhaps before its end. */
  #stopped = false
  #over = false
  readonly #upstream: Upstream
  readonly #signal: AbortSignal | undefined
  /** For how many parts the first value found stands. */
  #standsFor = 1
  /** What the source threw, while what came before has to be handed on first. */
  #broken: { readonly error: unknown } | undefined
  #begun = false
  /** The answer under way. Whoever asks again before it is there stands in line, as with a generator. */
  #answer: Promise<IteratorResult<T, R>> | undefined
  #abort: (() => void) | undefined

  constructor(upstream: Upstream, signal: AbortSignal | undefined, reading: Reading<T, R>) {
    this.#upstream = upstream
    this.#signal = signal
    this.#reading = reading
    this.#parts = new PartReader(this)
  }

  next(): Promise<IteratorResult<T, R>> {
    if (this.#answer === undefined) return (this.#answer = this.#step())
    const step = (): Promise<IteratorResult<T, R>> => this.#step()
    return (this.#answer = this.#answer.then(step, step))
  }

  [ASK](asker: Asker<T, R>, until: number | undefined): void {
    this.#until = until && Math.ceil(until)
    if (until === undefined) this.#gather()
    const isPlain = this.#begun && !this.#ended && !this.#stopped && !this.#broken
    if (!isPlain || this.#found.length > 0) {
      const values = this.#standsFor
      return void this.next().then(
        (answer) => asker.given(answer, values),
        (error: unknown) => asker.failed(error),
      )
    }
    this.#asker = asker
    this.#ask()
  }

  [WANT](until: number | undefined): void {
    this.#until = until && Math.ceil(until)
    if (until !== undefined || this.#asker === undefined || this.#kept === 0) return
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
        this.#abort = () => void this.#stop()
        this.#signal.addEventListener('abort', this.#abort, { once: true })
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
    if (this.#stopped) this.#read(DONE)
    else if (this.#chunks) this.#next(this.#chunks)
    else
      this.#upstream.open().then((chunks) => {
        this.#chunks = chunks
        if (!this.#stopped) this.#next(chunks)
      }, this.#threw)
  }

  #next(chunks: Chunks): void {
    try {
      Promise.resolve(chunks.next()).then(this.#read, this.#threw)
    } catch (error) {
      this.#threw(error)
    }
  }

  readonly #threw = (error: unknown): void => {
    const told = this.#upstream.threw(error)
    if (this.#asking) this.#broke(told)
  }

  #broke(error: unknown): void {
    this.#asking = false
    this.#gather()
    const isAwaited = this.#resolve !== undefined || this.#asker !== undefined
    if (isAwaited && this.#found.length === 0) return this.#hand(this.#failed(error))
    this.#broken = { error }
    if (isAwaited) this.#handFound()
  }

  readonly #read = (answer: unknown): void => {
    // What was let go of may still answer.
    if (!this.#asking) return
    if (!isResult(answer)) return this.#threw(noResult(answer))
    this.#asking = false
    try {
      if (this.#stopped) {
        this.#signal?.throwIfAborted()
        return this.#hand(this.#whole())
      }
      if (!answer.done) this.#parts.read(answer.value)
      else {
        this.#upstream.ended()
        this.#parts.end()
        if (this.#upstream.cut)
          throw new DOMException('The model was aborted before its answer was whole.', 'AbortError')
        this.#gather()
        if (this.#reading.last) this.#find(this.#reading.last())
        this.#ended = true
      }
    } catch (error) {
      return this.#broke(error)
    }
    if (this.#resolve === undefined && this.#asker === undefined) return
    if (this.#kept > 0 && (this.#kept >= MOST_KEPT || (this.#until ?? 0) <= now())) this.#gather()
    if (this.#found.length > 0) this.#handFound()
    else if (this.#ended) this.#hand(this.#whole())
    else this.#readOn()
  }

  said(part: Part): void {
    const isAhead = this.#until !== undefined || this.#kept > 0
    if (isAhead && this.#reading.keep?.(part)) {
      this.#kept += 1
      return
    }
    this.#gather()
    const picked = this.#reading.pick(part)
    if (picked !== undefined) this.#find(picked)
  }

  #find(value: T | Unmade<T>): void {
    if (this.#found.length === 0) this.#found = [value]
    else this.#found.push(value)
  }

  /** Who reads ahead hears nothing of it, so it is here that everybody else is let have a turn. */
  #readOn(): void {
    const others = this.#until === undefined ? undefined : turn()
    if (others === undefined) this.#ask()
    else void others.then(() => this.#over || this.#ask())
  }

  /** What is kept becomes one value. */
  #gather(): void {
    if (this.#kept === 0) return
    this.#find(this.#reading.kept!())
    this.#standsFor = this.#kept
    this.#kept = 0
  }

  #handFound(): void {
    this.#answer = undefined
    const value = this.#first()
    this.#hand({ done: false, value: this.#resolve ? made(value) : value })
  }

  /** Answers who waits, and forgets the answer: the last one may hold a long text. */
  #hand(answer: IteratorResult<T | Unmade<T>, R> | Promise<IteratorResult<T, R>>): void {
    const resolve = this.#resolve as ((answer: unknown) => void) | undefined
    const asker = this.#asker
    const values = this.#standsFor
    this.#standsFor = 1
    this.#resolve = this.#asker = undefined
    if (resolve) resolve(answer)
    else if (answer instanceof Promise)
      answer.then(
        (ended) => asker?.given(ended, 1),
        (error: unknown) => asker?.failed(error),
      )
    else asker?.given(answer, values)
  }

  #handed(): Promise<IteratorResult<T, R>> {
    this.#answer = undefined
    this.#standsFor = 1
    return Promise.resolve({ done: false, value: made(this.#first()) })
  }

  #first(): T | Unmade<T> {
    if (this.#found.length > 1) return this.#found.shift()!
    const value = this.#found[0]!
    this.#found = NONE
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
    this.#found = NONE
    if (this.#abort) this.#signal?.removeEventListener('abort', this.#abort)
    await this.#stop()
    this.#answer = undefined
  }

  /** Lets go of the source; who waits for it hears at once that nothing comes. */
  #stop(): Promise<void> {
    this.#stopped = true
    const closed = this.#upstream.stop()
    if (this.#asking) this.#read(DONE)
    return closed
  }
}
