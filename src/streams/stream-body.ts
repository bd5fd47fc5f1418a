import { captureContext, type AsyncContext } from '../shared/async-context.ts'
import type { Limits } from '../shared/limits.ts'
import { streamHeaders } from './headers.ts'
import { Returned } from './returned.ts'
import type { Source } from './source.ts'
import type { StreamEnd } from './end.ts'

/** The options of every body that streams. */
export interface StreamBodyOptions {
  /** Status of the answer. Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** More headers as pairs, for names that repeat, such as set-cookie. */
  readonly rawHeaders?: readonly (readonly [string, string])[]
  /**
   * When the status goes out: with the first value, which may still fail with another status (`first-value`, the
   * default, 250 ms at most), or at once (`immediately`).
   */
  readonly flushHeaders?: 'first-value' | 'immediately'
  /** Other limits than the middleware's, for this stream: `{ maxDurationMs: Infinity }` suits a feed. */
  readonly limits?: Partial<
    Pick<Limits, 'maxDurationMs' | 'idleSourceMs' | 'sendTimeoutMs' | 'maxOutputBytes'>
  >
  /**
   * Called with what failed after the status went out: what ended the stream, once, and each fragment that could not be
   * rendered. The client sees only a code and an id.
   */
  readonly onError?: (error: unknown) => void
  /** Called once when the stream is over, whatever ended it. */
  readonly onEnd?: (end: StreamEnd) => void
}

/** A source with a status and headers, which a handler returns and the middleware turns into an answer. */
export abstract class StreamBody<T, F extends string> extends Returned {
  // For Hono's types of returned values; nothing of it exists at run time.
  declare readonly _data: T
  declare readonly _status: 200
  declare readonly _format: F

  readonly source: Source<T>
  readonly options: StreamBodyOptions
  /** The request in which the stream was made: the source runs there. */
  readonly asyncContext: AsyncContext

  constructor(source: Source<T>, options: StreamBodyOptions) {
    super(options.status ?? 200, streamHeaders(options.headers, options.rawHeaders))
    this.source = source
    this.options = options
    this.asyncContext = captureContext()
  }
}
