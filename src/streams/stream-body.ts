import { captureContext, type AsyncContext } from '../shared/async-context.ts'
import { ConfigError } from '../shared/errors.ts'
import type { Limits } from '../shared/limits.ts'
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
   * Called with each failure after the status went out: the one that ended the stream, and each fragment that could not
   * be rendered. The client sees only a code and an id.
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
  /** The request that makes the stream: the source runs there. */
  readonly asyncContext: AsyncContext

  constructor(source: Source<T>, options: StreamBodyOptions) {
    super(options.status ?? 200, streamHeaders(options.headers, options.rawHeaders))
    this.source = source
    this.options = options
    this.asyncContext = captureContext()
  }
}

/** Headers of the server: on HTTP/2 some of them end the connection. */
const MANAGED = new Set(
  'connection keep-alive proxy-connection transfer-encoding upgrade trailer te'.split(' '),
)

/**
 * The headers of a stream's answer: the typed ones first, then the pairs, repeats stay.
 *
 * Throws  ConfigError `config/invalid` for a header that a stream cannot set, or that no header can be. A content-length
 *         is dropped: it is not known before the end.
 */
export function streamHeaders(
  typed: Readonly<Record<string, string>> = {},
  raw: readonly (readonly [string, string])[] = [],
): Headers {
  // From the start, so that a cache inside the middleware stores no stream.
  const headers = new Headers({ 'Cache-Control': 'no-store, no-transform' })
  for (const [name, value] of [...Object.entries(typed), ...raw]) {
    const lower = name.toLowerCase()
    if (lower === 'content-length') continue
    if (MANAGED.has(lower)) {
      const message = `A stream cannot set the header ${JSON.stringify(name)}: the server does.`
      throw new ConfigError('config/invalid', message, { hint: 'Leave it out.' })
    }
    try {
      headers.append(name, value)
    } catch (cause) {
      const message = `${JSON.stringify(name)}: ${JSON.stringify(value)} is no valid header.`
      const hint = 'A header is one line of text without control characters.'
      throw new ConfigError('config/invalid', message, { hint, cause })
    }
  }
  return headers
}
