import { ignoreErrors } from '../shared/abortable.ts'
import type { ResponseLike } from '../sse/response-body.ts'
import { isResult, noResult, refusedSource, thrownByProvider, wrongValue } from './errors.ts'
import type { Foreign } from './errors.ts'
import { isOfLines, responseChunks } from './response.ts'

/** A web stream, whichever implementation it is of. */
interface Readable<T> {
  getReader(): {
    read(): Promise<{ done: boolean; value?: T | undefined }>
    cancel(reason?: unknown): Promise<void>
  }
}

/** Values one after the other. Web streams are not iterable everywhere, so they have a form of their own. */
type Sequence<T> = AsyncIterable<T> | Iterable<T> | Readable<T>

/** A chunk of an SDK, as far as we read it. Only what is always present is required. */
type Chunk =
  | string
  | Uint8Array
  // AI SDK, OpenAI responses, Anthropic, and our own parts: distinguished by the name of the type.
  | { readonly type: string }
  // OpenAI chat, and everything that speaks like it.
  | { readonly choices: readonly { readonly delta: { readonly content?: unknown } }[] }
  // Ollama: chat, then generate.
  | { readonly message: { readonly content: string }; readonly done: boolean }
  | { readonly response?: string | undefined; readonly done: boolean; readonly done_reason: string }
  // llama.cpp.
  | { readonly content: string; readonly stop: boolean }
  // LangChain.
  | { readonly content: unknown; readonly text: string }
  // Mistral.
  | { readonly data: { readonly choices: readonly { readonly delta: object }[] } }
  // Gemini.
  | {
      readonly candidates?: readonly object[] | undefined
      readonly usageMetadata?: object | undefined
    }

type Stream =
  | Sequence<Chunk>
  // What `streamText` of the AI SDK returns; only its `fullStream` tells of a failure.
  | { readonly fullStream: Sequence<{ readonly type: string }> }
  | { readonly textStream: Sequence<string> }
  | ResponseLike

/**
 * Anything that gives text, known by its shape alone.
 *
 * That is: results and streams of the AI SDK, openai, `@anthropic-ai/sdk`, ollama, Gemini, Mistral, Cohere and
 * LangChain, a fetch `Response`, web streams of text or bytes, generators, lists; a promise of any of these, or of plain
 * text; a function that gives any.
 *
 * The function is the form to prefer: it starts late, and its signal is the one thing that surely stops a paid call.
 */
export type TokenSource =
  | Stream
  | PromiseLike<Stream | string>
  | ((signal: AbortSignal) => Stream | PromiseLike<Stream | string>)

/** A source that is being read. */
export interface OpenSource {
  next(): Promise<IteratorResult<unknown, unknown>>
  /** True for a list in memory. */
  readonly isList: boolean
  /** True for a provider's own object, which has a controller, and for lines of JSON: without any chunk they were cut. */
  readonly isNeverEmpty: boolean
  /** The provider's own object is aborted from elsewhere: then a quiet end is not the end of the answer. */
  wasAborted(): boolean
  /** Closes what has not ended by itself, once. It is returned first, then aborted, so that it knows this is wanted. */
  close(): Promise<void>
}

/** An iterator, also one that answers with anything. */
type Chunks = Readonly<{ next: () => unknown; return?: () => unknown }>

/**
 * Opens a source; its chunks are as the SDK gives them.
 *
 * Throws  SourceError `source/failed` with the cause for what a provider throws, here and later; `source/value` for what
 *         is no source. What a generator of your own throws comes through: it may be an answer, such as a redirect.
 *
 * @param signal Handed to a source that is a function.
 */
export async function openSource(source: TokenSource, signal: AbortSignal): Promise<OpenSource> {
  let stream: Foreign = source
  let chunks: Chunks
  try {
    while (typeof stream === 'function' || typeof stream?.then === 'function')
      stream = await (typeof stream === 'function' ? stream(signal) : stream)
    chunks = await chunksOf(stream)
  } catch (error) {
    throw thrownByProvider(error)
  }
  const isOwn = /^\[object (?:Async)?Generator\]$/.test(Object.prototype.toString.call(stream))
  let closing: Promise<void> | undefined
  return {
    async next() {
      try {
        const result = await chunks.next()
        if (!isResult(result)) throw noResult(result)
        if (result.done) closing ??= Promise.resolve()
        return result
      } catch (error) {
        closing ??= Promise.resolve()
        throw isOwn ? error : thrownByProvider(error)
      }
    },
    isList: Array.isArray(stream),
    isNeverEmpty:
      stream.controller?.signal !== undefined || (isResponse(stream) && isOfLines(stream)),
    wasAborted: () => stream.controller?.signal?.aborted === true,
    close: () => (closing ??= close(stream, chunks)),
  }
}

async function close(stream: Foreign, chunks: Chunks): Promise<void> {
  const returned = ignoreErrors(() => chunks.return?.())
  void ignoreErrors(() => stream.abort?.())
  void ignoreErrors(() => stream.controller?.abort?.())
  await returned
}

/** In this order, since what is more than an iterable says less when it is read as one. */
async function chunksOf(stream: Foreign): Promise<Chunks> {
  // A lone string is iterable too, by character, which is never meant.
  if (typeof stream === 'string') return [stream][Symbol.iterator]()
  if (stream === null || typeof stream !== 'object' || ArrayBuffer.isView(stream))
    throw refusedSource(stream)
  if (isResponse(stream)) return responseChunks(stream)
  // Not textStream first: the AI SDK ends that one quietly when the model fails, as if the answer were whole.
  const values = stream.fullStream ?? stream.textStream ?? stream
  if (typeof values.getReader === 'function') return webStreamChunks(values)
  const iterate = values[Symbol.asyncIterator] ?? values[Symbol.iterator]
  if (typeof iterate !== 'function') throw refusedSource(stream)
  return iterate.call(values)
}

function isResponse(stream: Foreign): stream is ResponseLike {
  return typeof stream.ok === 'boolean' && typeof stream.headers?.get === 'function'
}

/** By its reader, not by its iterator: that one cannot be stopped while it waits, and some runtimes have none. */
function webStreamChunks(stream: ReadableStream<unknown>): Chunks {
  if (stream.locked)
    throw wrongValue(
      'This web stream has a reader already.',
      'A stream has one reader; tee() gives two streams.',
    )
  const reader = stream.getReader()
  return { next: () => reader.read(), return: () => reader.cancel() }
}
