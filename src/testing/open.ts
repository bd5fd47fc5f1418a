import { STREAMING_REQUEST } from '../htmx/request.ts'
import { readEvents, type ReadEvent } from '../sse/read-events.ts'

/** Anything that answers requests in process, as a Hono app does. */
export interface RequestableApp {
  request(path: string, init?: RequestInit): Response | Promise<Response>
}

/** A stream that a test reads. */
export interface OpenedStream extends AsyncIterable<ReadEvent> {
  readonly response: Response
  /** Reads on until an event fits; gives all events read by this call. */
  until(fits: (event: ReadEvent) => boolean): Promise<ReadEvent[]>
  /** Reads to the end. */
  all(): Promise<ReadEvent[]>
  /** Leaves, as a closed tab does. */
  disconnect(): Promise<void>
}

/**
 * Opens a stream of an app in process, as htmx does, with any method.
 *
 * Out     the response at once; its events as they are read.
 * Ends    with the stream, or with `disconnect()`: leaving a loop keeps the stream open, so that a test can go on.
 *
 * @example
 * app.post('/words', () => new EventStream(['one', 'two']))
 * const stream = await openStream(app, '/words', { method: 'POST' })
 * const [first] = await stream.until(({ data }) => data === 'one')
 * await stream.disconnect()
 */
export async function openStream(
  app: RequestableApp,
  path: string,
  init: RequestInit = {},
): Promise<OpenedStream> {
  const controller = new AbortController()
  const headers = new Headers({ ...STREAMING_REQUEST })
  for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
  const response = await app.request(path, { signal: controller.signal, ...init, headers })
  const events = readEvents(response)
  const until = async (fits: (event: ReadEvent) => boolean): Promise<ReadEvent[]> => {
    const read: ReadEvent[] = []
    for (;;) {
      const { done, value } = await events.next()
      if (!done) read.push(value)
      if (done || fits(value)) return read
    }
  }
  return {
    response,
    until,
    all: () => until(() => false),
    async disconnect() {
      controller.abort()
      await events.return()
    },
    [Symbol.asyncIterator]: () => ({ next: () => events.next() }),
  }
}
