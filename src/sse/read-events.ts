import { createParser } from 'eventsource-parser'
import { bodyText, readResponse, type ResponseLike } from './response-body.ts'

/** One event, as read. */
export interface ReadEvent {
  /** The content; its lines are joined by `\n`. Spaces at the beginning stay, beyond the one that the format adds. */
  readonly data: string
  /** The name; absent for an ordinary message. */
  readonly event?: string
  /** The id, when this event has one. Send the newest back as `Last-Event-ID` to go on from there. */
  readonly id?: string
}

/** Callbacks for the rest of an event stream. */
export interface ReadEventsOptions {
  /** Called with the time to wait before a reconnect, in milliseconds. */
  readonly onRetry?: (retryMs: number) => void
  /** Called with each comment, such as a heartbeat. */
  readonly onComment?: (comment: string) => void
}

/** The same for readers of ours. */
export interface DecodeEventsOptions extends ReadEventsOptions {
  /** Called at the end of a body that ends inside an event, with what came of it. */
  readonly onCut?: (event: ReadEvent) => void
}

/** One event larger than this is an attack or a mistake, and memory is finite. */
const MAX_EVENT_CHARS = 16_777_216

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
  const read = (body: ReadableStream<Uint8Array>, signal: AbortSignal) =>
    decodeEvents(body, options, signal)
  return readResponse(response, read, ['text/event-stream'], 'an event stream')
}

/**
 * The events of a body.
 *
 * In      an event stream in UTF-8, cut anywhere; lines end with CR, LF or CRLF.
 * Out     the events that are whole, each as soon as its empty line is there. One that the end of the body cuts off is
 *         dropped, as the standard wants it.
 * Ends    cancels the body when the reader stops; while it waits, only the signal stops it.
 * Throws  what the body throws; a RangeError for an event beyond 16,777,216 characters.
 */
export function decodeEvents(
  body: ReadableStream<Uint8Array>,
  options: DecodeEventsOptions,
  signal: AbortSignal,
): AsyncGenerator<ReadEvent, void, undefined> {
  return events(bodyText(body, signal), options)
}

async function* events(
  text: AsyncIterable<string>,
  { onRetry, onComment, onCut }: DecodeEventsOptions,
): AsyncGenerator<ReadEvent, void, undefined> {
  const found: ReadEvent[] = []
  let hasUnknownField = false
  const parser = createParser({
    onEvent: ({ data, event, id }) =>
      found.push({ data, ...(event !== undefined && { event }), ...(id !== undefined && { id }) }),
    onRetry,
    onComment,
    onError(error) {
      // Unknown fields and retries that are no number are to be ignored.
      if (error.type === 'max-buffer-size-exceeded')
        throw new RangeError(`An event is longer than ${MAX_EVENT_CHARS} characters.`)
      hasUnknownField = true
    },
    maxBufferSize: MAX_EVENT_CHARS,
  })
  const withLineFeeds = lineFeeds()
  let endsLine = true
  for await (const chunk of text) {
    const lines = withLineFeeds(chunk)
    if (lines !== '') endsLine = lines.endsWith('\n')
    parser.feed(lines)
    yield* found.splice(0)
  }
  if (!onCut) return
  // One more line ends an event that was begun; alone it is an event of nothing but this line.
  hasUnknownField = false
  parser.feed(`${endsLine ? '' : '\n'}data:${LAST_LINE}\n\n`)
  const [{ data, ...rest }] = found as [ReadEvent]
  const isBegun = hasUnknownField || data !== LAST_LINE || Object.keys(rest).length > 0
  if (isBegun) onCut({ ...rest, data: data.slice(0, -LAST_LINE.length).replace(/\n$/, '') })
}

const LAST_LINE = '.'

/**
 * Turns each line break into LF, also CRLF that is cut in two. The parser alone waits behind a CR at the end of a chunk
 * for an LF that may never come, so that the last event of a stream with CR would be late or lost.
 */
function lineFeeds(): (text: string) => string {
  let afterCr = false
  return (text) => {
    const rest = afterCr && text.startsWith('\n') ? text.slice(1) : text
    afterCr = text.endsWith('\r')
    return rest.includes('\r') ? rest.replace(/\r\n?/g, '\n') : rest
  }
}
