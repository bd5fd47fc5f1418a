import { SourceError } from '../shared/errors.ts'

/** What a source is given when it is started. */
export interface StreamContext {
  /** Aborts when nobody wants the stream any more. Hand it to the model: only it can stop a paid call that waits. */
  readonly signal: AbortSignal
  /** The last event the client saw, when it comes back. Written by the client: use it as a position only. */
  readonly lastEventId: string | undefined
  /** The run that reads the source, when one does: for a page that offers to stop it. */
  readonly run?: { readonly id: string; readonly path: string } | undefined
}

/** Values one by one: an iterable, plain or asynchronous, or a web stream. */
export type Values<T> = AsyncIterable<T> | Iterable<T> | ReadableStream<T>

/** Where the values of a stream come from. The function is the form to prefer: it starts late, and can be told to stop. */
export type Source<T> = Values<T> | ((context: StreamContext) => Values<T> | PromiseLike<Values<T>>)

/** All who read one stream in this process. The more they are, the fewer frames each of them gets. */
export interface Crowd {
  readonly viewers: number
}

/** A stream that is kept while nobody reads it: everybody who opens it reads the same one, also later. */
export interface Resumable<T = unknown> {
  /** Where a reader who was cut off finds it again. */
  readonly path: string
  /** Those who read it here, once it was opened: the same object for all of them. */
  readonly crowd?: () => Crowd | undefined
  open(context: StreamContext): Values<T> | PromiseLike<Values<T>>
}

/** Whether this is such a stream, and no source of its own. */
export function isResumable<T>(source: Source<T> | Resumable<T>): source is Resumable<T> {
  // A file that Node reads has a path and an `open`, too, and is a source like any other.
  return (
    Object(source) === source &&
    'path' in source &&
    'open' in source &&
    !(Symbol.asyncIterator in source)
  )
}

/**
 * Starts a source and gives its values one by one.
 *
 * Throws  SourceError `source/value` when what it gives cannot be iterated; whatever the function throws.
 */
export async function open<T>(
  source: Source<T>,
  context: StreamContext,
): Promise<AsyncIterator<T> | Iterator<T>> {
  const values: unknown = typeof source === 'function' ? await source(context) : source
  if (values !== null && typeof values === 'object') {
    if (Symbol.asyncIterator in values) return (values as AsyncIterable<T>)[Symbol.asyncIterator]()
    if (Symbol.iterator in values) return (values as Iterable<T>)[Symbol.iterator]()
    if ('getReader' in values) return pulled((values as ReadableStream<T>).getReader())
  }
  throw new SourceError(
    'source/value',
    `A stream's source gives values one by one, but this one gave ${typeof values}.`,
    {
      hint: 'Return an async generator, such as streamToFragments(…), from the function.',
    },
  )
}

function pulled<T>(reader: ReadableStreamDefaultReader<T>): AsyncIterator<T> {
  return {
    next: async () => {
      const { done, value } = await reader.read()
      return done ? { done, value: undefined } : { done: false, value }
    },
    return: async () => {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}
