import { brand } from './returned.ts'
import type { Source } from './source.ts'

export interface EventStreamOptions {
  /** Status of the answer. Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Silence after which a comment keeps the connection alive; `false` for none. Default: the middleware's, 15,000. */
  readonly heartbeatMs?: number | false
  /** Called once when the stream is over, whatever ended it. */
  readonly onEnd?: (end: StreamEnd) => void
}

/** Why a stream ended: by itself, by a failure, because the client left, or because the server stops. */
export type EndReason = 'stop' | 'error' | 'cancel' | 'shutdown'

export interface StreamEnd {
  readonly reason: EndReason
  /** What failed, when something did. */
  readonly error?: unknown
  /** Values taken from the source. */
  readonly values: number
  /** Bytes handed to the connection. */
  readonly bytes: number
  readonly durationMs: number
}

/**
 * A stream of values as the answer of a route: just return it.
 *
 * For htmx each yielded `Fragment` is drawn and swapped into the page; without JavaScript the same route answers
 * with the finished page. The source is started when the answer is wanted: never for HEAD, never for a refused request.
 *
 * In      a source: best a function of `{ signal }`, so that a client who leaves stops the model.
 * Ends    exactly one terminal (`event: done` with its reason), then the end of the body; the source is closed once.
 * Throws  nothing here. What the source throws before its first value becomes an HTTP error, later an error notice in the page.
 *
 * @example
 * app.post('/chat', async (c) => {
 *   const { prompt } = await c.req.parseBody()
 *   return new EventStream(({ signal }) => streamToFragments(ask(prompt, signal), 'chat.html', 'response'))
 * })
 */
export class EventStream<T = unknown> {
  // What Hono's types ask of a returned value; nothing of it exists at run time.
  declare readonly _data: T
  declare readonly _status: 200
  declare readonly _format: 'text/event-stream'

  readonly source: Source<T>
  readonly options: EventStreamOptions
  readonly status: number
  readonly headers: Headers
  readonly body: ReadableStream<Uint8Array>

  constructor(source: Source<T>, options: EventStreamOptions = {}) {
    this.source = source
    this.options = options
    this.status = options.status ?? 200
    this.headers = new Headers(options.headers)
    this.body = brand(this)
    Object.freeze(this)
  }
}
