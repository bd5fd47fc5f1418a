import type { Source } from './source.ts'
import { StreamBody, type StreamBodyOptions } from './stream-body.ts'
import type { WireFactory } from './wire.ts'

/**
 * How a growing block travels: `auto` sends only what is new where the template proves that this is the same, and the
 * whole block otherwise; `full` sends the whole block each time.
 */
export type Delivery = 'auto' | 'full'

export interface EventStreamOptions<T = unknown> extends StreamBodyOptions {
  /** How the values are spelt. Default: for htmx, as fragments of the page. */
  readonly wire?: WireFactory<T>
  /** How fragments travel. Default: the middleware's, `auto`. */
  readonly delivery?: Delivery
  /** Silence after which a comment keeps the connection alive; `false` for none. Default: the middleware's, 15,000. */
  readonly heartbeatMs?: number | false
}

/**
 * A stream of values as the answer of a route: just return it.
 *
 * For htmx each yielded `Fragment` is drawn and swapped into the page; without JavaScript the same route answers
 * with the finished page. The source is started when the answer is wanted: never for HEAD, never for a refused request.
 *
 * In      a source: best a function of `{ signal }`, so that a client who leaves stops the model.
 * Ends    exactly one terminal with its reason, then the end of the body; the source is closed once.
 * Throws  ConfigError for a header that a stream cannot set. What the source throws before its first value becomes an
 *         HTTP error, later an error notice in the page.
 *
 * @example
 * app.post('/chat', async (c) => {
 *   const { prompt } = await c.req.parseBody()
 *   return new EventStream(({ signal }) => streamToFragments(ask(prompt, signal), 'chat.html', 'response'))
 * })
 */
export class EventStream<T = unknown> extends StreamBody<T, 'text/event-stream'> {
  declare readonly options: EventStreamOptions<T>

  constructor(source: Source<T>, options: EventStreamOptions<T> = {}) {
    super(source, options)
    Object.freeze(this)
  }
}
