import { onAbort } from '../shared/abortable.ts'
import { SourceError } from '../shared/errors.ts'
import { Notifier } from '../shared/notifier.ts'
import type { Source, StreamContext } from './source.ts'

/** Writes values into a stream, for a function that pushes. */
export interface StreamWriter<T> {
  /** Resolves when the stream has taken the value: await it, and a slow client slows the writer. */
  write(value: T): Promise<void>
  /** Ends the stream well, with a final value if there is one. Returning does the same. */
  close(final?: unknown): void
  /** Ends the stream with a failure. Throwing does the same. */
  fail(error: unknown): void
  /** The stream is not wanted any more. */
  readonly cancelled: boolean
  /** Calls back once when the stream is not wanted any more; at once when that is so already. */
  onCancel(run: () => void): void
  readonly signal: AbortSignal
  readonly lastEventId: string | undefined
}

/**
 * A source for code that pushes: callbacks, event emitters, other people's loops.
 *
 * In      a function that gets the writer. It starts with the stream, and the stream ends when it returns.
 * Cost    one promise a value; a write waits until the stream has taken it.
 * Throws  SourceError `source/ended` from `write`, `close` and `fail` after the end; after a cancel, `write` only waits
 *         no longer, so that a loop can look at `cancelled` and go.
 *
 * @example
 * new EventStream(produce(async (writer) => {
 *   for (let pct = 0; pct <= 100 && !writer.cancelled; pct += 50) await writer.write(`${pct} %`)
 * }))
 */
export function produce<T>(run: (writer: StreamWriter<T>) => unknown): Source<T> {
  return async function* (context) {
    const writer = new Writer<T>(context)
    writer.onCancel(() => writer.changed.notify())
    // What it does after the end changes nothing any more.
    void Promise.resolve()
      .then(() => run(writer))
      .then(
        (final) => writer.end ?? writer.close(final),
        (error: unknown) => writer.end ?? writer.fail(error),
      )
    try {
      for (;;) {
        const offer = writer.offers.shift()
        if (offer) {
          offer.taken()
          yield offer.value
        } else if (writer.cancelled) return
        else if (writer.end && 'error' in writer.end) throw writer.end.error
        else if (writer.end) return writer.end.final
        else await writer.changed.wait()
      }
    } finally {
      writer.end ??= { final: undefined }
      for (const { taken } of writer.offers.splice(0)) taken()
    }
  }
}

class Writer<T> implements StreamWriter<T> {
  readonly signal: AbortSignal
  readonly lastEventId: string | undefined
  readonly offers: { readonly value: T; readonly taken: () => void }[] = []
  readonly changed: Notifier = new Notifier()
  end: { readonly error: unknown } | { readonly final: unknown } | undefined

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
      this.offers.push({ value, taken })
      this.changed.notify()
    })
  }

  close(final?: unknown): void {
    this.#end('close', { final })
  }

  fail(error: unknown): void {
    this.#end('fail', { error })
  }

  onCancel(run: () => void): void {
    onAbort(this.signal, run)
  }

  #end(call: string, end: NonNullable<typeof this.end>): void {
    if (this.cancelled) return
    this.#refuseAfterEnd(call)
    this.end = end
    this.changed.notify()
  }

  #refuseAfterEnd(call: string): void {
    if (this.end === undefined) return
    throw new SourceError('source/ended', `${call}() was called after the stream had ended.`, {
      hint: 'Look at writer.cancelled, and call nothing after close() or fail().',
    })
  }
}
