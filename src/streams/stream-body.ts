import { captureContext, type AsyncContext } from '../shared/async-context.ts'
import type { Limits } from '../shared/limits.ts'
import { streamHeaders } from './headers.ts'
import { Returned } from './returned.ts'
import type { Source } from './source.ts'
import type { StreamEnd } from './stream-end.ts'

/** What every body that streams can be told. */
export interface StreamBodyOptions {
  /** Status of the answer. Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** More headers as pairs, for names that repeat, such as set-cookie. */
  readonly rawHeaders?: readonly (readonly [string, string])[]
  /**
   * When the status goes out: with the first value, which may still fail with another status (`first`, the default,
   * 250 ms at most), or at once (`open`).
   */
  readonly flushHeaders?: 'first-value' | 'immediately'
  /** Other limits than the middleware's, for this stream: `{ maxDurationMs: Infinity }` suits a feed. */
  readonly limits?: Partial<
    Pick<Limits, 'maxDurationMs' | 'idleSourceMs' | 'sendTimeoutMs' | 'maxOutputBytes'>
  >
  /**
   * Called with what failed after the status went out: what ended the stream, once, and each fragment that could not be
   * drawn. The client sees only a code and an id.
   */
  readonly onError?: (error: unknown) => void
  /** Called once when the stream is over, whatever ended it. */
  readonly onEnd?: (end: StreamEnd) => void
}

/**
 * What the bodies that stream have in common: a source, a status, headers. Returned from a handler, it is turned into
 * an answer by the middleware.
 */
export abstract class StreamBody<T, F extends string> extends Returned {
  // What Hono's types ask of a returned value; nothing of it exists at run time.
  declare readonly _data: T
  declare readonly _status: 200
  declare readonly _format: F

  readonly source: Source<T>
  readonly options: StreamBodyOptions
  /** Leads back to the request in which the stream was made, for everything the source does later. */
  readonly asyncContext: AsyncContext

  constructor(source: Source<T>, options: StreamBodyOptions) {
    super(options.status ?? 200, streamHeaders(options.headers, options.rawHeaders))
    this.source = source
    this.options = options
    this.asyncContext = captureContext()
  }
}
