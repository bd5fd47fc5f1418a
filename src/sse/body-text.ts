import { settled, Stoppable } from '../shared/stoppable.ts'

/**
 * The text of a body as it comes: one decoder for all of it, since a character may be cut between two chunks.
 *
 * In      UTF-8, cut anywhere; a byte order mark at the beginning is dropped.
 * Ends    cancels the body when the reader stops early, even while it waits.
 * Throws  what the body throws, such as a lost connection.
 *
 * @example for await (const text of bodyText(new Response('Hello').body!)) show(text) // 'Hello'
 */
export function bodyText(body: ReadableStream<Uint8Array>): Stoppable<string> {
  const reader = body.getReader()
  return new Stoppable(decoded(reader), () => reader.cancel())
}

async function* decoded(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const text = decoder.decode(value, { stream: true })
      if (text !== '') yield text
    }
    const rest = decoder.decode()
    if (rest !== '') yield rest
  } finally {
    // Not only released: a body that nobody cancels keeps its connection, and whoever writes it goes on.
    await settled(() => reader.cancel())
  }
}
