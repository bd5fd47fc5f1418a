import { ConfigError } from '../shared/errors.ts'
import { isResumable, type Resumable, type Source } from './source.ts'
import { StreamBody, type StreamBodyOptions } from './stream-body.ts'
import type { EncodingContext, Encoder, EventEncoding, events } from './encoder.ts'
import { kindOf } from '../shared/hooks.ts'

/**
 * Content of a frame: with `diff` what has changed in a block since the frame before, with `full` the whole block. To a
 * browser without scripts, `diff` sends the page from its top down where its text has one place; `full` sends it when it
 * is whole.
 */
export type Updates = 'diff' | 'full'

/**
 * How the source goes on while the client stands still: `latest` reads it to its end and keeps the newest snapshot,
 * so that the answer is whole when the client goes on; `pause` lets it wait, so that nothing is paid for in advance.
 */
export type Backpressure = 'latest' | 'pause'

type PageContext = Readonly<Record<string, unknown>>

/** How one event stream is encoded and timed. */
export interface EventStreamOptions<T = unknown> extends StreamBodyOptions {
  /** How the values are encoded: `plain`, `sequenced`, `events`, `events({ … })`. Default: for htmx, as fragments of the page. */
  readonly encoding?: EventEncoding<T> | typeof events
  /** Content of a frame. Default: the middleware's, `diff`. */
  readonly updates?: Updates
  /** Time between two frames of fragments; 0 for a frame a value. Default: the middleware's, 50. */
  readonly frameMs?: number
  /** How the source of fragments goes on while the client stands still. Default: the middleware's. */
  readonly backpressure?: Backpressure
  /** Silence after which a comment keeps the connection alive; `false` or null for none. Default: the middleware's, 15,000. */
  readonly heartbeatMs?: number | false | null
  /**
   * The variables of the whole page, where the stream answers with it: a browser without scripts, a boosted link. Without
   * them, the page has the contexts of the fragments alone. A function is called for such a page only.
   *
   * In      the context of `new Page('chat.html', …)` for the same page. Equal names of a fragment win.
   * Throws  what the function throws: an HTTP error, before the source is started.
   *
   * @example new EventStream(() => streamToFragments(['Hi'], 'chat.html', 'response'), { pageContext: { title: 'Chat' } })
   */
  readonly pageContext?: PageContext | (() => PageContext | Promise<PageContext>)
  /** Time before a client reconnects; sent with the first message. Default: as the client likes. */
  readonly retryMs?: number
}

/**
 * A stream of values as the answer of a route: just return it.
 *
 * For htmx each yielded `Fragment` is rendered and swapped into the page; without JavaScript the same route answers
 * with the page. The source is started when the answer is wanted: never for HEAD, never for a refused request.
 *
 * In      a source: best a function of `{ signal }`, so that a client that leaves stops the model. Or a run, which goes on
 *         when the client leaves.
 * Ends    with exactly one end event with its reason, then the end of the body; the source is closed once.
 * Throws  ConfigError for a header that a stream cannot set, a `retryMs` that is no number of milliseconds, or an
 *         `encoding` that is no function. What the
 *         source throws before its first value becomes an HTTP error, later an error notice in the page.
 *
 * @example
 * app.post('/chat', async (c) => {
 *   const { prompt } = await c.req.parseBody()
 *   return new EventStream(({ signal }) => streamToFragments(ask(prompt, signal), 'chat.html', 'response'))
 * })
 */
export class EventStream<T = unknown> extends StreamBody<T, 'text/event-stream'> {
  declare readonly options: EventStreamOptions<T>

  /** The run it shows, when it shows one. */
  readonly run: Resumable<T> | undefined

  constructor(source: Source<T> | Resumable<T>, options: EventStreamOptions<T> = {}) {
    const { retryMs, encoding, heartbeatMs } = options
    checkHeartbeat(heartbeatMs)
    if (encoding !== undefined && typeof encoding !== 'function') {
      const hint = 'Give the function itself: plain, sequenced, events or events({ … }).'
      throw new ConfigError('config/invalid', `encoding cannot be ${kindOf(encoding)}.`, { hint })
    }
    if (retryMs !== undefined && !(Number.isSafeInteger(retryMs) && retryMs >= 0)) {
      const hint = 'Give whole milliseconds, such as 3000.'
      throw new ConfigError('config/invalid', `retryMs cannot be ${retryMs}.`, { hint })
    }
    const run = isResumable(source) ? source : undefined
    super(run ? (context) => run.open(context) : (source as Source<T>), options)
    this.run = run
    Object.freeze(this)
  }
}

/** Throws  ConfigError `config/invalid` for a time that is no time: heartbeats without an end, or none. */
export function checkHeartbeat(value: unknown): void {
  const isNone = value === undefined || value === null || value === false || value === 0
  if (isNone || (typeof value === 'number' && value > 0)) return
  const hint = 'Give milliseconds above 0, such as 15000, or false for none.'
  throw new ConfigError(
    'config/invalid',
    `heartbeatMs cannot be ${typeof value === 'number' ? value : kindOf(value)}.`,
    { hint },
  )
}

/** The encoder of a stream. `events` without its call is as good as with it. */
export function encoderOf(
  encoding: EventEncoding | typeof events,
  context: EncodingContext,
): Encoder<unknown> {
  const encoder = encoding(context as object)
  return typeof encoder === 'function' ? encoder(context) : encoder
}
