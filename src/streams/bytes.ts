import { SourceError } from '../shared/errors.ts'
import type { Source } from './source.ts'
import { StreamBody, type StreamBodyOptions } from './stream-body.ts'
import type { Encoder } from './encoder.ts'

/**
 * Bytes as the answer of a route: files, exports, anything with its own format. `application/octet-stream` unless the
 * headers say something else.
 *
 * In      a source of Uint8Arrays, sent as they are.
 * Ends    with the end of the body. A stream that fails or is cut ends visibly incomplete (an aborted body).
 * Throws  what the source throws before its first bytes: an HTTP error. SourceError `source/value` for text.
 *
 * @example
 * const text = new TextEncoder()
 * new Bytes(() => [text.encode('id,title\n'), text.encode('1,Alien\n')], { headers: { 'content-type': 'text/csv' } })
 */
export class Bytes extends StreamBody<Uint8Array, 'application/octet-stream'> {
  constructor(source: Source<Uint8Array>, options: StreamBodyOptions = {}) {
    super(source, options)
    Object.freeze(this)
  }
}

/** Bytes as they are, and nothing else: text has an encoding, and only its author knows which. */
export const bytesEncoder: Encoder<unknown> = {
  value(value) {
    if (value instanceof Uint8Array) return value as Uint8Array<ArrayBuffer>
    throw new SourceError('source/value', `A stream of bytes cannot send a ${typeof value}.`, {
      hint: 'Yield Uint8Arrays: new TextEncoder().encode(text).',
    })
  },
  end: ({ reason }) => (reason === 'done' ? '' : undefined),
}
