import { captureContext, type Enter } from '../base/async-context.ts'
import type { Limits } from '../base/limits.ts'
import { brand } from './returned.ts'
import type { Source } from './source.ts'
import type { StreamEnd } from './stream-end.ts'
import type { WireFactory } from './wire.ts'

export interface EventStreamOptions<T = unknown> {
  /** Status of the answer. Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** How the values are spelt. Default: for htmx, as fragments of the page. */
  readonly wire?: WireFactory<T>
  /** Silence after which a comment keeps the connection alive; `false` for none. Default: the middleware's, 15,000. */
  readonly heartbeatMs?: number | false
  /** Other limits than the middleware's, for this stream: `{ maxDurationMs: Infinity }` suits a feed. */
  readonly limits?: Partial<
    Pick<Limits, 'maxDurationMs' | 'idleSourceMs' | 'sendTimeoutMs' | 'maxOutputBytes'>
  >
  /** Called once when the stream is over, whatever ended it. */
  readonly onEnd?: (end: StreamEnd) => void
}

/**
 * A stream of values as the answer of a route: just return it.
 *
 * For htmx each yielded `Fragment` is drawn and swapped into the page; without JavaScript the same route answers
 * with the finished page. The source is started when the answer is wanted: never for HEAD, never for a refused request.
 *
 * In      a source: best a function of `{ signal }`, so that a client who leaves stops the model.
 * Ends    exactly one terminal with its reason, then the end of the body; the source is closed once.
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
  readonly options: EventStreamOptions<T>
  readonly status: number
  readonly headers: Headers
  readonly body: ReadableStream<Uint8Array>
  /** Leads back to the request in which the stream was made, for everything the source does later. */
  readonly enter: Enter

  constructor(source: Source<T>, options: EventStreamOptions<T> = {}) {
    this.source = source
    this.options = options
    this.status = options.status ?? 200
    this.headers = new Headers(options.headers)
    this.body = brand(this)
    this.enter = captureContext()
    Object.freeze(this)
  }
}
