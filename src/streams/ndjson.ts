import { toJsonText } from './json.ts'
import type { Source } from './source.ts'
import { StreamBody, type StreamBodyOptions } from './stream-body.ts'
import type { Encoder } from './encoder.ts'

/**
 * Records as the answer of a route, one line of JSON each.
 *
 * In      a source of values that JSON can hold.
 * Ends    with the end of the body. A stream that fails or is cut ends visibly incomplete (an aborted body), because a
 *         record could not say so.
 * Throws  what the source throws before its first record: an HTTP error.
 *
 * @example app.get('/movies', () => new NDJSON(() => [{ title: 'Alien' }, { title: 'Brazil' }]))
 */
export class NDJSON<T = unknown> extends StreamBody<T, 'application/x-ndjson'> {
  constructor(source: Source<T>, options: StreamBodyOptions = {}) {
    super(source, options)
    Object.freeze(this)
  }
}

/** One value, one line of JSON. */
export const ndjsonEncoder: Encoder<unknown> = {
  value: (value) => `${toJsonText(value)}\n`,
  end: ({ reason }) => (reason === 'done' ? '' : undefined),
}
