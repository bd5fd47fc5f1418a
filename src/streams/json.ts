import { SourceError } from '../shared/errors.ts'
import { Fragment } from '../fragments/fragment.ts'
import { toJsonText } from '../sse/json.ts'

/**
 * A value of a stream as JSON, for encodings that render nothing.
 *
 * Throws  SourceError `source/value` for a fragment, whose context is not for clients, and for what has no JSON.
 */
export function toValueText(value: unknown): string {
  if (!(value instanceof Fragment)) return toJsonText(value)
  const { block, template } = value
  const message = `This encoding renders no fragments, but the stream gave one, "${block}" of "${template}".`
  const hint = 'Return an EventStream without `encoding`: that one is for htmx, and renders them.'
  throw new SourceError('source/value', message, { hint })
}
