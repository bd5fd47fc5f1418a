import { abortable, abortableGenerator, ignoreErrors, onAbort } from '../shared/abortable.ts'

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
