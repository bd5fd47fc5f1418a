import { abortable, abortableGenerator, ignoreErrors, onAbort } from '../shared/abortable.ts'
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

/**
 * The text of a body as it comes: one decoder for all of it, since a character may be cut between two chunks.
 *
 * In      UTF-8, cut anywhere; a byte order mark at the beginning is dropped.
 * Ends    cancels the body when the reader stops early, even while it waits.
 * Throws  what the body throws, such as a lost connection.
 *
 * @example for await (const text of bodyText(new Response('Hello').body!)) show(text) // 'Hello'
 */
export function bodyText(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader()
  return abortableGenerator((inner) => {
    onAbort(inner, () => void ignoreErrors(() => reader.cancel()))
    return decoded(reader, inner)
  }, signal)
}

async function* decoded(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await abortable(reader.read(), signal)
      if (done) break
      const text = decoder.decode(value, { stream: true })
      if (text !== '') yield text
    }
    const rest = decoder.decode()
    if (rest !== '') yield rest
  } finally {
    // Not only released: a body that is not cancelled keeps its connection, and its server goes on.
    await ignoreErrors(() => reader.cancel())
  }
}

/**
 * Reads a response once its head has arrived. Its reader may leave before that, too.
 *
 * @param expected The media types that may hold it; `what` is its name in the message.
 */
export function readResponse<T>(
  response: ResponseLike | PromiseLike<ResponseLike>,
  read: (body: ReadableStream<Uint8Array>, signal: AbortSignal) => AsyncGenerator<T, void>,
  expected: readonly string[],
  what: string,
): AsyncGenerator<T, void, undefined> {
  async function* values(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    const answer = await abortable(response, signal)
    const type = mediaTypeOf(answer)
    const body = await bodyOf(answer)
    // An answer that names no type, or the one that everything has, is believed.
    if (!['', 'text/plain', 'application/octet-stream', ...expected].includes(type)) {
      await body?.cancel()
      const hint = 'Send the header "accept" with the type that you want to read.'
      throw new SourceError('source/value', `The answer is ${type}, not ${what}.`, { hint })
    }
    if (body !== null) yield* read(body, signal)
  }
  return abortableGenerator((signal) => {
    onAbort(signal, () => void ignoreErrors(async () => (await response).body?.cancel()))
    return values(signal)
  })
}
