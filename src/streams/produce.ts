import { SourceError } from '../shared/errors.ts'
import type { Source, StreamContext } from './source.ts'

/** The hand that writes into a stream. */
export interface StreamWriter<T> {
  /** Resolves when the reader has taken the value: await it, and a slow reader slows the writer. */
  write(value: T): Promise<void>
  /** Ends the stream well, with a final value if there is one. Returning does the same. */
  close(final?: unknown): void
  /** Ends the stream with a failure. Throwing does the same. */
  fail(error: unknown): void
  /** Nobody wants the stream any more. */
  readonly cancelled: boolean
  /** Called once when nobody wants the stream any more; at once when that is so already. */
  onCancel(run: () => void): void
  readonly signal: AbortSignal
  readonly lastEventId: string | undefined
}

/**
 * A source for code that pushes: callbacks, event emitters, other people's loops.
 *
 * In      a function that gets the writer. It starts with the stream, and the stream ends when it returns.
 * Cost    one promise a value; nothing is queued: a write waits until the reader has taken it.
 * Throws  SourceError `source/ended` from `write`, `close` and `fail` after the end; after a cancel, `write` only waits
 *         no longer, so that a loop can look at `cancelled` and go.
 *
 * @example
 * new EventStream(produce(async (writer) => {
 *   for (let pct = 0; pct <= 100 && !writer.cancelled; pct += 50) await writer.write(`${pct} %`)
 * }))
 */
export function produce<T>(run: (writer: StreamWriter<T>) => unknown): Source<T> {
  return (context) => {
    const hand = new Handover<T>(context)
    const iterator: AsyncIterator<T> = {
      next: () => hand.next(run),
      async return() {
        hand.leave()
        return { done: true, value: undefined }
      },
    }
    return { [Symbol.asyncIterator]: () => iterator }
  }
}

type Offer<T> = { readonly value: T; readonly taken: () => void }
type Result<T> = IteratorResult<T, unknown>

/** Where one writer and one reader meet: each waits for the other, so nothing piles up between them. */
class Handover<T> implements StreamWriter<T> {
  readonly signal: AbortSignal
  readonly lastEventId: string | undefined
  readonly #offers: Offer<T>[] = []
  #reader: { resolve: (result: Result<T>) => void; reject: (error: unknown) => void } | undefined
  #started = false
  #end: { readonly error: unknown } | { readonly final: unknown } | undefined

  constructor({ signal, lastEventId }: StreamContext) {
    this.signal = signal
    this.lastEventId = lastEventId
  }

  get cancelled(): boolean {
    return this.signal.aborted
  }

  write(value: T): Promise<void> {
    if (this.cancelled) return Promise.resolve()
    this.#refuseAfterEnd('write')
    return new Promise((taken) => {
      this.#offers.push({ value, taken })
      this.#meet()
    })
  }

  close(final?: unknown): void {
    if (this.cancelled) return
    this.#refuseAfterEnd('close')
    this.#end = { final }
    this.#meet()
  }

  fail(error: unknown): void {
    if (this.cancelled) return
    this.#refuseAfterEnd('fail')
    this.#end = { error }
    this.#meet()
  }

  onCancel(run: () => void): void {
    if (this.cancelled) run()
    else this.signal.addEventListener('abort', run, { once: true })
  }

  next(run: (writer: StreamWriter<T>) => unknown): Promise<Result<T>> {
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
      if (!this.#started) {
        this.#started = true
        // Whatever it does after the end is no longer anybody's answer.
        Promise.resolve()
          .then(() => run(this))
          .then(
            (final) => this.#end ?? this.close(final),
            (error: unknown) => this.#end ?? this.fail(error),
          )
      }
      this.#meet()
    })
  }

  /** The reader has gone: whoever waits in a write is let go. */
  leave(): void {
    this.#end ??= { final: undefined }
    for (const { taken } of this.#offers.splice(0)) taken()
  }

  #meet(): void {
    const reader = this.#reader
    if (reader === undefined) return
    const offer = this.#offers.shift()
    if (offer === undefined && this.#end === undefined) return
    this.#reader = undefined
    if (offer) {
      reader.resolve({ done: false, value: offer.value })
      offer.taken()
    } else if ('error' in this.#end!) {
      reader.reject(this.#end.error)
    } else {
      reader.resolve({ done: true, value: this.#end!.final })
    }
  }

  #refuseAfterEnd(call: string): void {
    if (this.#end === undefined) return
    throw new SourceError('source/ended', `${call}() was called after the stream had ended.`, {
      hint: 'Look at writer.cancelled, and call nothing after close() or fail().',
    })
  }
}
