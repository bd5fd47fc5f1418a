import { SourceError } from '../shared/errors.ts'
import { type Encoder, toValueText } from './encoder.ts'
import type { Source } from './source.ts'
import { StreamBody, type StreamBodyOptions } from './stream-body.ts'
import { kindOf } from '../shared/hooks.ts'

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
  value: (value) => `${toValueText(value)}\n`,
  end: ({ reason }) => (reason === 'done' ? '' : undefined),
}

/**
 * Bytes as the answer of a route: files, exports, anything with its own format. `application/octet-stream` unless the
 * headers name another type.
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
    const hint = 'Yield Uint8Arrays: new TextEncoder().encode(text).'
    const message = `A stream of bytes cannot send ${kindOf(value)}.`
    throw new SourceError('source/value', message, { hint })
  },
  end: ({ reason }) => (reason === 'done' ? '' : undefined),
}

/**
 * A stream sent whole, as one JSON document: for clients that cannot read one part by part. So whatever goes wrong is
 * still an HTTP error.
 */
export class JsonDocument extends StreamBody<unknown, 'application/json'> {
  /** The return value of the source, once it has ended. */
  readonly final: () => unknown

  constructor(source: Source<unknown>, options: StreamBodyOptions, final: () => unknown) {
    super(source, options)
    this.final = final
    Object.freeze(this)
  }

  /**
   * The document: the return value of the source, or else the list of its values.
   *
   * Throws  SourceError `source/too-large`, `source/value`; what the source throws.
   */
  async text(values: AsyncIterable<unknown>, maxChars: number): Promise<string> {
    const texts: string[] = []
    let chars = 0
    for await (const value of values) {
      const text = toValueText(value)
      chars += text.length
      if (chars > maxChars) {
        const message = `The stream has more than ${maxChars} characters, which is too much for one document.`
        const hint = 'Ask for it as a stream: Accept: application/x-ndjson.'
        throw new SourceError('source/too-large', message, { hint })
      }
      texts.push(text)
    }
    const final = this.final()
    return final === undefined ? `[${texts.join(',')}]` : toValueText(final)
  }
}
