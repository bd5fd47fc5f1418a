import { SourceError } from '../base/errors.ts'

/** Text as it comes: any iterable of strings, or a web stream of them. */
export type TokenSource = AsyncIterable<string> | Iterable<string> | ReadableStream<string>

/**
 * One way to read every kind of text source, empty parts dropped.
 *
 * In      an async or plain iterable of strings, or a ReadableStream of strings, cut anywhere.
 * Ends    closes the source exactly once, also when the reader stops early.
 * Throws  SourceError `source/value` for a part that is not text; what the source throws goes through as it is.
 *
 * @example for await (const token of tokens(['Hel', 'lo'])) process(token)
 */
export async function* tokens(source: TokenSource): AsyncGenerator<string, void, undefined> {
  for await (const part of iterable(source)) {
    if (typeof part !== 'string') {
      throw new SourceError('source/value', `A token is text, but the source gave ${kind(part)}.`, {
        hint: 'Map the parts of your model to their text first.',
      })
    }
    if (part !== '') yield part
  }
}

function iterable(source: TokenSource): AsyncIterable<string> | Iterable<string> {
  // A lone string is iterable too, by character: nobody means that.
  if (typeof source === 'string') return [source]
  if (source !== null && typeof source === 'object') {
    if (Symbol.asyncIterator in source || Symbol.iterator in source) return source
    if ('getReader' in source) return read(source)
  }
  throw new SourceError(
    'source/value',
    `A source of tokens is an iterable of strings, but this is ${kind(source)}.`,
    {
      hint: 'An async generator is the usual one.',
    },
  )
}

/** Some runtimes have web streams that are not iterable. */
async function* read(stream: ReadableStream<string>): AsyncGenerator<string, void, undefined> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel()
  }
}

function kind(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return `a ${typeof value}`
  return `a ${value.constructor?.name ?? 'bare object'}`
}
