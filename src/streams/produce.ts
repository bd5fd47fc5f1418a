import { onAbort } from '../shared/abortable.ts'
import { SourceError } from '../shared/errors.ts'
import { Notifier } from '../shared/clock.ts'
import { callHook } from '../shared/hooks.ts'
import type { Source } from './source.ts'

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
  /**
   * Calls back once when the stream is not wanted any more; at once when that is so already. What it throws is in the log.
   */
  onCancel(run: () => unknown): void
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
  return async function* ({ signal, lastEventId, reportError = () => {} }) {
    const changed = new Notifier()
    const offers: { readonly value: T; readonly taken: () => void }[] = []
    let end: { readonly error: unknown } | { readonly final: unknown } | undefined
    const finish = (call: string, how: NonNullable<typeof end>): void => {
      if (signal.aborted) return
      if (end) throw afterEnd(call)
      end = how
      changed.notify()
    }
    const writer: StreamWriter<T> = {
      signal,
      lastEventId,
      get cancelled() {
        return signal.aborted
      },
      write(value) {
        if (signal.aborted) return Promise.resolve()
        if (end) throw afterEnd('write')
        return new Promise((taken) => {
          offers.push({ value, taken })
          changed.notify()
        })
      },
      close: (final) => finish('close', { final }),
      fail: (error) => finish('fail', { error }),
      onCancel: (callback) => onAbort(signal, () => callHook(callback, reportError)),
    }
    onAbort(signal, () => changed.notify())
    // What it does after the end changes nothing any more.
    void Promise.resolve(writer)
      .then(run)
      .then(
        (final) => end ?? writer.close(final),
        (error: unknown) => end ?? writer.fail(error),
      )
    try {
      for (;;) {
        const offer = offers.shift()
        if (offer) {
          offer.taken()
          yield offer.value
        } else if (signal.aborted) return
        else if (end && 'error' in end) throw end.error
        else if (end) return end.final
        else await changed.wait()
      }
    } finally {
      end ??= { final: undefined }
      for (const { taken } of offers) taken()
    }
  }
}

function afterEnd(call: string): SourceError {
  const hint = 'Look at writer.cancelled, and call nothing after close() or fail().'
  const message = `${call}() was called after the stream had ended.`
  return new SourceError('source/ended', message, { hint })
}
