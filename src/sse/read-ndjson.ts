import { abortableGenerator } from '../shared/abortable.ts'
import { SourceError } from '../shared/errors.ts'
import { bodyText, readResponse, type ResponseLike } from './response-body.ts'

const NDJSON_TYPES = ['x-ndjson', 'ndjson', 'jsonl', 'x-jsonlines'].map(
  (type) => `application/${type}`,
)

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
  const records = readResponse(response, decodeNDJSON, NDJSON_TYPES, 'NDJSON')
  return records as AsyncGenerator<T, void, undefined>
}

/** One line larger than this is an attack or a mistake, and memory is finite. */
const MAX_LINE_CHARS = 16_777_216

/**
 * The values of a body with one JSON text a line.
 *
 * In      UTF-8, cut anywhere; lines end with LF or CRLF, empty ones are skipped, the last one may have no end.
 * Ends    cancels the body when the reader stops early, even while it waits.
 * Throws  SourceError `source/value` for a line that is no JSON, with its number; what the body throws; a RangeError
 *         for a line beyond 16,777,216 characters.
 *
 * @param cutError Makes the error of a last line without an end that is no JSON, in place of `source/value`.
 */
export function decodeNDJSON(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
  cutError?: () => Error,
): AsyncGenerator<unknown, void, undefined> {
  return abortableGenerator((inner) => values(bodyText(body, inner), cutError), signal)
}

async function* values(
  text: AsyncIterable<string>,
  cutError: (() => Error) | undefined,
): AsyncGenerator<unknown, void, undefined> {
  let number = 0
  for await (const { line, isWhole } of lines(text)) {
    number += 1
    if (line.trim() === '') continue
    try {
      yield JSON.parse(line)
    } catch (cause) {
      if (!isWhole && cutError) throw cutError()
      const shown = JSON.stringify(line.slice(0, 80))
      throw new SourceError('source/value', `Line ${number} is no JSON: ${shown}.`, { cause })
    }
  }
}

async function* lines(
  text: AsyncIterable<string>,
): AsyncGenerator<{ line: string; isWhole: boolean }, void, undefined> {
  // Joined when the line is whole: looking through the whole beginning for each chunk of a long line would be quadratic.
  let begun: string[] = []
  let chars = 0
  for await (const chunk of text) {
    let from = 0
    for (let at = chunk.indexOf('\n'); at !== -1; at = chunk.indexOf('\n', from)) {
      yield { line: begun.join('') + chunk.slice(from, at), isWhole: true }
      begun = []
      chars = 0
      from = at + 1
    }
    if (from === chunk.length) continue
    begun.push(chunk.slice(from))
    chars += chunk.length - from
    if (chars > MAX_LINE_CHARS)
      throw new RangeError(`A line is longer than ${MAX_LINE_CHARS} characters.`)
  }
  if (begun.length > 0) yield { line: begun.join(''), isWhole: false }
}
