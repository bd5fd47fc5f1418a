import { SourceError } from '../shared/errors.ts'

/**
 * A value as JSON on one line, or a clear refusal: what JSON would drop or change in silence is not sent.
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
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw refused(`a ${value?.constructor?.name ?? 'value'} that has no JSON`, error)
  }
  // An object may speak for itself (`toJSON`), and say nothing.
  if (text === undefined) throw refused(`a ${value?.constructor?.name ?? 'value'} that has no JSON`)
  return text
}

function refused(what: string, cause?: unknown): SourceError {
  return new SourceError('source/value', `A stream cannot send ${what}.`, {
    hint: 'Yield text, plain values that JSON can hold, or a ServerSentEvent.',
    cause,
  })
}
