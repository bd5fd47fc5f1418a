import { SourceError } from '../shared/errors.ts'

/** The used part of a fetch `Response`, so that those of other implementations fit too. */
export interface ResponseLike {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: ReadableStream<Uint8Array> | null
  readonly bodyUsed: boolean
  text(): Promise<string>
}

/** How much of an error page goes into the message. */
const SHOWN_CHARS = 500

/** The media type of a response, in lower case and without parameters; empty when it has none. */
export function mediaTypeOf(response: ResponseLike): string {
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  return type.trim().toLowerCase()
}

/**
 * The body of a good answer, not yet read.
 *
 * Out     null for an answer without a body.
 * Throws  SourceError `source/failed` for a status beyond 2xx, with the status and the beginning of its text;
 *         `source/value` for a body that was read before.
 */
export async function bodyOf(response: ResponseLike): Promise<ReadableStream<Uint8Array> | null> {
  if (!response.ok) {
    const text = response.bodyUsed ? '' : await response.text().catch(() => '')
    const shown = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text
    const message = `The answer has status ${response.status}${shown ? `: ${shown}` : '.'}`
    throw new SourceError('source/failed', message)
  }
  if (response.bodyUsed) {
    const hint = 'A body can be read once; response.clone() before reading gives a second one.'
    throw new SourceError('source/value', 'The body of this response was read before.', { hint })
  }
  return response.body
}
