import { SourceError } from '../shared/errors.ts'
import { abortable, abortableGenerator, ignoreErrors, onAbort } from '../shared/abortable.ts'
import { decodeEvents, type ReadEvent, type ReadEventsOptions } from './decode-events.ts'
import { bodyOf, mediaTypeOf, type ResponseLike } from './response-body.ts'

/** An answer that names no type, or the one that everything has, is believed. */
const MAY_BE_EVENTS = new Set(['', 'text/event-stream', 'text/plain', 'application/octet-stream'])

/**
 * The events of an answer, for programs that read a stream: unlike the browser's EventSource it works for any method,
 * and it never reconnects by itself.
 *
 * In      a response, or the promise that `fetch` gives.
 * Out     the events one by one, each as soon as it is whole, at whatever bytes the network cuts.
 * Ends    with the body; leaving the loop early cancels it, so that the server stops.
 * Throws  SourceError `source/failed` for a status beyond 2xx; `source/value` for an answer of another type, or one
 *         that was read before; what the connection throws.
 *
 * @param options.onRetry Called with the reconnect time that the server asks for.
 * @param options.onComment Called with each comment.
 * @example
 * for await (const { event, data } of readEvents(fetch('/chat', { method: 'POST', body: form }))) {
 *   if (event === 'done') break
 *   show(data)
 * }
 */
export function readEvents(
  response: ResponseLike | PromiseLike<ResponseLike>,
  options: ReadEventsOptions = {},
): AsyncGenerator<ReadEvent, void, undefined> {
  return opened(
    response,
    (body, signal) => decodeEvents(body, options, signal),
    MAY_BE_EVENTS,
    'an event stream',
  )
}

/**
 * Reads a response once its head has arrived. Its reader may leave before that, too.
 *
 * @param expected The media types that may hold what is looked for; `what` names it for the message.
 */
export function opened<T>(
  response: ResponseLike | PromiseLike<ResponseLike>,
  read: (
    body: ReadableStream<Uint8Array>,
    signal: AbortSignal,
  ) => AsyncGenerator<T, void, undefined>,
  expected: ReadonlySet<string>,
  what: string,
): AsyncGenerator<T, void, undefined> {
  async function* values(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    const answer = await abortable(response, signal)
    const type = mediaTypeOf(answer)
    const body = await bodyOf(answer)
    if (!expected.has(type)) {
      await body?.cancel()
      throw new SourceError('source/value', `The answer is ${type}, not ${what}.`, {
        hint: 'Send the header "accept" with the type that you want to read.',
      })
    }
    if (body !== null) yield* read(body, signal)
  }
  return abortableGenerator((signal) => {
    onAbort(signal, () => void ignoreErrors(async () => (await response).body?.cancel()))
    return values(signal)
  })
}
