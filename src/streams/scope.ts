import { SourceError } from '../shared/errors.ts'
import { open, type Source, type StreamContext, type Values } from './source.ts'

/**
 * A source with a setup and a teardown: the code before and after one `yield`.
 *
 * The teardown always runs, once, on every way out, at once, even when the values hang in an `await`; no `try/finally`
 * is needed. An error in the setup is an ordinary HTTP error.
 *
 * In      an async generator that yields exactly once: the values.
 * Throws  SourceError `source/scope` when it yields never, or twice.
 *
 * @example
 * new EventStream(scope(async function* ({ signal }) {
 *   const rows = { async *read(_signal: AbortSignal) { yield 'row' }, close() {} } // your connection
 *   yield rows.read(signal)
 *   rows.close()
 * }))
 */
export function scope<T>(
  around: (context: StreamContext) => AsyncGenerator<Values<T>, void, unknown>,
): Source<T> {
  return async (context) => {
    const frame = around(context)
    const first = await frame.next()
    if (first.done) throw wrongYield('never')
    let values: AsyncIterator<T> | Iterator<T> | undefined
    const iterator: AsyncIterator<T> = {
      async next() {
        values ??= await open(first.value, context)
        return values.next()
      },
      async return() {
        // Not awaited: values that hang would keep the teardown waiting for ever.
        Promise.resolve(values?.return?.()).catch(() => {})
        const last = await frame.next()
        if (last.done) return { done: true, value: undefined }
        await frame.return()
        throw wrongYield('twice')
      },
    }
    return { [Symbol.asyncIterator]: () => iterator }
  }
}

function wrongYield(times: string): SourceError {
  const message = `A scope yields exactly once, its values; this one yielded ${times}.`
  const hint = 'Yield the iterable itself: `yield rows()`, not each row.'
  return new SourceError('source/scope', message, { hint })
}
