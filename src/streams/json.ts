import { SourceError } from '../shared/errors.ts'
import type { Source } from './source.ts'
import { StreamBody, type StreamBodyOptions } from './stream-body.ts'

/**
 * A stream sent whole, as one JSON document: for clients that cannot read one part by part. So whatever goes wrong is
 * still an HTTP error.
 */
export class JsonDocument extends StreamBody<unknown, 'application/json'> {
  /** What the source returned, once it has ended. */
  readonly final: () => unknown

  constructor(source: Source<unknown>, options: StreamBodyOptions, final: () => unknown) {
    super(source, options)
    this.final = final
    Object.freeze(this)
  }

  /**
   * The document: what the source returned, or else the list of what it gave.
   *
   * Throws  SourceError `source/too-large`, `source/value`; what the source throws.
   */
  async text(values: AsyncIterable<unknown>, maxChars: number): Promise<string> {
    const texts: string[] = []
    let chars = 0
    for await (const value of values) {
      const text = toJsonText(value)
      chars += text.length
      if (chars > maxChars) {
        throw new SourceError(
          'source/too-large',
          `The stream has more than ${maxChars} characters, which is too much for one document.`,
          { hint: 'Ask for it as a stream: Accept: application/x-ndjson.' },
        )
      }
      texts.push(text)
    }
    const final = this.final()
    return final === undefined ? `[${texts.join(',')}]` : toJsonText(final)
  }
}

/**
 * A value as JSON on one line. What JSON would drop or change in silence is refused.
 *
 * Throws  SourceError `source/value`.
 *
 * @example toJsonText({ a: 1 }) // → '{"a":1}'
 */
export function toJsonText(value: unknown): string {
  const type = typeof value
  if (type === 'undefined' || type === 'function' || type === 'symbol' || type === 'bigint')
    throw refused(type)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) throw refused('bytes')
  const kind = `a ${value?.constructor?.name ?? 'value'} that has no JSON`
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw refused(kind, error)
  }
  // An object may have a `toJSON` that gives nothing.
  if (text === undefined) throw refused(kind)
  return text
}

function refused(what: string, cause?: unknown): SourceError {
  return new SourceError('source/value', `A stream cannot send ${what}.`, {
    hint: 'Yield text, plain values that JSON can hold, or a ServerSentEvent.',
    cause,
  })
}
