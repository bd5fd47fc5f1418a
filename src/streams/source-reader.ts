import type { Enter } from '../base/async-context.ts'
import { after } from '../base/clock.ts'
import { SourceError } from '../base/errors.ts'
import { open, type Source, type StreamContext } from './source.ts'

/** After this long, a source that was told to stop and did not is reported. */
const TEARDOWN_MS = 5_000

/** What a source has said: a value, its end, or what it threw. */
export type Answer<T> = IteratorResult<T, unknown> | { readonly error: unknown }

export interface SourceReaderOptions<T> {
  readonly source: Source<T>
  readonly context: StreamContext
  readonly enter: Enter
  /** Told when an answer is there. */
  readonly onAnswer: () => void
}

/**
 * Asks one source for one value at a time, and closes it once.
 *
 * No promise is kept and raced against for each value: a million of those on one live promise are a leak.
 */
export class SourceReader<T> {
  readonly #options: SourceReaderOptions<T>
  #iterator: AsyncIterator<T> | Iterator<T> | undefined
  #answer: Answer<T> | undefined
  #asked = false
  #closing: Promise<unknown> | undefined
  /** It has ended or failed by itself: nothing is left to be stopped. */
  exhausted = false

  constructor(options: SourceReaderOptions<T>) {
    this.#options = options
  }

  /** Whether an answer waits to be taken. */
  get ready(): boolean {
    return this.#answer !== undefined
  }

  /** Asks for the next value, unless an answer is under way or waits to be taken. */
  ask(): void {
    if (this.#asked) return
    this.#asked = true
    void this.#next().then((answer) => {
      this.#answer = answer
      this.#options.onAnswer()
    })
  }

  take(): Answer<T> | undefined {
    const answer = this.#answer
    if (answer === undefined) return undefined
    this.#answer = undefined
    this.#asked = false
    if ('error' in answer || answer.done) this.exhausted = true
    return answer
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
      Promise.resolve(this.#options.enter(async () => iterator.return!()))
        .catch(onFailed)
        .finally(() => {
          cancel()
          resolve()
        })
    })
    return this.#closing
  }

  async #next(): Promise<Answer<T>> {
    const { source, context, enter } = this.#options
    try {
      this.#iterator ??= await enter(() => open(source, context))
      if (this.#closing === undefined) return checked(await enter(() => this.#iterator!.next()))
      // It was let go while it was being opened.
      await this.#iterator.return?.()
      return { done: true, value: undefined }
    } catch (error) {
      return { error }
    }
  }
}

/** An iterator of somebody else's making may answer with anything. */
function checked<T>(result: IteratorResult<T, unknown>): IteratorResult<T, unknown> {
  if (result !== null && typeof result === 'object') return result
  throw new SourceError(
    'source/value',
    `The next() of a source gave ${typeof result}, which is no result.`,
    {
      hint: 'It has to give { done, value }; an async generator does so by itself.',
    },
  )
}
