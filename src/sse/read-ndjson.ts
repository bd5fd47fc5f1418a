import { decodeNDJSON } from './decode-ndjson.ts'
import { opened } from './read-events.ts'
import type { ResponseLike } from './response-body.ts'

const MAY_BE_NDJSON = new Set([
  '',
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/octet-stream',
  'text/plain',
])

/**
 * The values of an answer with one JSON text a line, for programs that read a stream.
 *
 * In      a response, or the promise that `fetch` gives. `T` is what you know of the values; it is not checked.
 * Out     the values one by one, each as soon as its line is whole, at whatever bytes the network cuts.
 * Ends    with the body; leaving the loop early cancels it, so that the server stops.
 * Throws  SourceError `source/failed` for a status beyond 2xx; `source/value` for an answer of another type, one that
 *         was read before, or a line that is no JSON; what the connection throws, such as a stream cut short.
 *
 * @example
 * for await (const movie of readNDJSON<{ title: string }>(fetch('/movies'))) show(movie.title)
 */
export function readNDJSON<T = unknown>(
  response: ResponseLike | PromiseLike<ResponseLike>,
): AsyncGenerator<T, void, undefined> {
  return opened(response, decodeNDJSON, MAY_BE_NDJSON, 'NDJSON') as AsyncGenerator<
    T,
    void,
    undefined
  >
}
