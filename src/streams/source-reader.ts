import type { AsyncContext } from '../shared/async-context.ts'
import { ASK, WANT, type Askable, type Asker } from '../shared/askable.ts'
import { after } from '../shared/clock.ts'
import { isResult, noResult } from '../models/errors.ts'
import { open, type Source, type StreamContext } from './source.ts'

/** After this long, a source that was told to stop and did not is reported. */
const TEARDOWN_MS = 5_000

/** It will be told; there is no promise of it. */
const ASKED = Symbol('asked')

/** What a source has said: a value, its end, or what it threw. */
export type Answer<T> = IteratorResult<T, unknown> | { readonly error: unknown }

/** Who is told what a source has answered. */
export interface Listener<T> {
  /** @param values For how many of its values this one stands. */
  heard(answer: Answer<T>, values: number): void
}

/**
 * Asks one source for one value at a time, and closes it once.
 *
 * Cost    one promise a value beside the source's own. None is kept and raced against: a million of those on one live
 *         promise are a leak.
 */
export class SourceReader<T> implements Asker<T> {
  /** Of the request. */
  readonly #asyncContext: AsyncContext
  readonly #listener: Listener<T>
  /** What it is opened with; let go of then, since a stream may last. */
  #unopened: { readonly source: Source<T>; readonly context: StreamContext } | undefined
  #iterator: AsyncIterator<T> | Iterator<T> | undefined
  #opening: Promise<void> | undefined
  #closing: Promise<unknown> | undefined
  /** An answer is under way. */
  asked = false
  /** It has ended or failed by itself: nothing is left to be stopped, or to be asked. */
  exhausted = false

  constructor(
    source: Source<T>,
    context: StreamContext,
    asyncContext: AsyncContext,
    listener: Listener<T>,
  ) {
    this.#unopened = { source, context }
    this.#asyncContext = asyncContext
    this.#listener = listener
  }

  /** Opens the source, and asks it for nothing yet. Out: what it gives its values with. */
  async opened(): Promise<object> {
    if (this.#iterator === undefined) await (this.#opening ??= this.#open())
    this.#opening = undefined
    return this.#iterator!
  }

  /**
   * Asks for the next value, unless an answer is under way.
   *
   * @param until Nobody needs it before that moment, so it may stand for all that come until then.
   */
  ask(until?: number): void {
    if (this.asked || this.exhausted) return
    this.asked = true
    if (this.#iterator !== undefined) return this.#step(until)
    void this.opened().then(
      () => this.#step(until),
      (error: unknown) => this.failed(error),
    )
  }

  /** What was asked ahead is needed from that moment on; nothing for at once, if there is any. */
  want(until?: number): void {
    const iterator = this.#iterator as Partial<Askable<T>> | undefined
    iterator?.[WANT]?.(until)
  }

  /**
   * Lets go of the source, whatever it does: a generator that hangs in an `await` is only asked to return.
   *
   * Out     resolves when its teardown has run, or after 5 s.
   *
   * @param onIgnored Told when those 5 s have passed.
   * @param onFailed Told when the teardown threw.
   */
  close(onIgnored: () => void, onFailed: (error: unknown) => void): Promise<unknown> {
    this.#closing ??= new Promise<void>((resolve) => {
      const iterator = this.#iterator
      if (iterator?.return === undefined) return resolve()
      const cancel = after(TEARDOWN_MS, () => {
        onIgnored()
        resolve()
      })
      Promise.resolve(this.#asyncContext.run(async () => iterator.return!()))
        .catch(onFailed)
        .finally(() => {
          cancel()
          resolve()
        })
    })
    return this.#closing
  }

  async #open(): Promise<void> {
    const { source, context } = this.#unopened!
    this.#iterator = await this.#asyncContext.run(() => open(source, context))
    this.#unopened = undefined
    // It may have been let go while it was being opened.
    if (this.#closing !== undefined) await this.#iterator.return?.()
  }

  #step(until: number | undefined): void {
    if (this.#closing !== undefined) return this.#answered({ done: true, value: undefined })
    let answer: unknown
    try {
      answer = this.#asyncContext.run(() => this.#next(until))
    } catch (error) {
      return this.failed(error)
    }
    if (answer === ASKED) return
    // Also what is there already is told later: a source is never read from within its reader's own call.
    Promise.resolve(answer).then(
      (value) => this.given(value),
      (error: unknown) => this.failed(error),
    )
  }

  #next(until: number | undefined): unknown {
    const iterator = this.#iterator as Iterator<T> & Partial<Askable<T>>
    if (iterator[ASK] === undefined) return iterator.next()
    iterator[ASK](this, until)
    return ASKED
  }

  given(answer: unknown, values: number = 1): void {
    if (isResult(answer)) this.#answered(answer as IteratorResult<T, unknown>, values)
    else this.failed(noResult(answer))
  }

  failed(error: unknown): void {
    this.#answered({ error })
  }

  #answered(answer: Answer<T>, values = 1): void {
    this.asked = false
    if ('error' in answer || answer.done) this.exhausted = true
    this.#listener.heard(answer, values)
  }
}
