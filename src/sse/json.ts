import { SourceError } from '../shared/errors.ts'
import { kindOf } from '../shared/kind-of.ts'

/**
 * A value as JSON on one line. What JSON would drop or change in silence is refused.
 *
 * Throws  SourceError `source/value`.
 *
 * @example toJsonText({ a: 1 }) // → '{"a":1}'
 */
export function toJsonText(value: unknown): string {
  const type = typeof value
  const hasJSON = type === 'string' || type === 'number' || type === 'boolean' || type === 'object'
  if (!hasJSON) throw refused(kindOf(value))
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) throw refused('bytes')
  const kind = `${kindOf(value)} that has no JSON`
  try {
    const text: string | undefined = JSON.stringify(value)
    // An object may have a `toJSON` that gives nothing.
    if (text !== undefined) return text
  } catch (error) {
    throw refused(kind, error)
  }
  throw refused(kind)
}

function refused(what: string, cause?: unknown): SourceError {
  const hint = 'Yield text, plain values that JSON can hold, or a ServerSentEvent.'
  return new SourceError('source/value', `A stream cannot send ${what}.`, { hint, cause })
}
