import { SourceError } from '../shared/errors.ts'
import { settled, Stoppable } from '../shared/stoppable.ts'
import type { ResponseLike } from '../sse/response-body.ts'
import { field } from './field.ts'
import { thrownBySource } from './model-failure.ts'
import { refusedSource } from './refused-source.ts'
import { responseChunks } from './response-chunks.ts'
import type { TokenSource } from './token-source.ts'

export type Chunks = AsyncIterator<unknown, unknown> | Iterator<unknown, unknown>

/**
 * One source, opened once and closed once. What it says in between its reader hears from the source itself.
 *
 * Ends    `stop` ends it at once, also while it is opened or thinks: the signal of a function aborts, and what was opened
 *         is returned, then aborted. What opens later is closed then.
 */
export class Upstream {
  readonly #source: TokenSource
  /** Made for whoever asks for its signal. */
  #controller: AbortController | undefined
  #given: unknown
  #chunks: Chunks | undefined
  #opening = false
  #exhausted = false
  #closing: Promise<void> | undefined

  constructor(source: TokenSource) {
    this.#source = source
    // The call may fail before anybody listens, and never be read: that must not end the process.
    if (source instanceof Promise) source.catch(() => {})
  }

  /** Gives what its chunks are asked of. */
  open(): Promise<Chunks> {
    this.#opening = true
    return this.#open()
  }

  /** It has come to its end by itself: nothing is left to be closed. */
  ended(): void {
    this.#exhausted = true
  }

  /**
   * It has thrown this.
   *
   * Out     what its reader has to be told: SourceError `source/failed` with the cause for what a provider throws. What a
   *         generator of your own throws comes through as it is: it may be an answer, such as a redirect.
   */
  threw(error: unknown): unknown {
    this.#exhausted = this.#chunks !== undefined
    return this.#isOwn() ? error : thrownBySource(error)
  }

  /** Told by the provider's own object: it was aborted by somebody else, so its quiet end is not the end of the answer. */
  get cut(): boolean {
    return field(field(field(this.#given, 'controller'), 'signal'), 'aborted') === true
  }

  /** Resolves when everything is closed. */
  stop(): Promise<void> {
    return (this.#closing ??= this.#exhausted ? Promise.resolve() : this.#close())
  }

  async #open(): Promise<Chunks> {
    let given: unknown = this.#source
    while (typeof given === 'function' || isPromise(given))
      given = await (typeof given === 'function'
        ? given((this.#controller ??= new AbortController()).signal)
        : given)
    this.#given = given
    const chunks = await chunksOf(given)
    this.#chunks = chunks
    // It was let go while it was being opened.
    if (this.#closing) await this.#release()
    return chunks
  }

  async #close(): Promise<void> {
    if (this.#given === undefined && !this.#opening) {
      // Never read: a stream or a promise of one is under way all the same, and somebody pays for it.
      if (typeof this.#source === 'function') return
      const closed = settled(() => this.#open())
      // What has not come yet may never come.
      if (!isPromise(this.#source)) await closed
      return
    }
    const released = this.#release()
    this.#controller?.abort()
    await released
  }

  /** Aborting comes after returning: the stream shall know that this end was wanted. */
  async #release(): Promise<void> {
    const given = this.#given
    const returned = settled(() => this.#chunks?.return?.())
    if (typeof field(given, 'abort') === 'function')
      void settled(() => (given as { abort(): unknown }).abort())
    const controller = field(given, 'controller')
    if (typeof field(controller, 'abort') === 'function')
      void settled(() => (controller as AbortController).abort())
    await returned
  }

  #isOwn(): boolean {
    const kind = Object.prototype.toString.call(this.#given)
    return (
      kind === '[object AsyncGenerator]' ||
      kind === '[object Generator]' ||
      this.#given instanceof Stoppable
    )
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof field(value, 'then') === 'function'
}

/** In this order: what is more than an iterable is also one, and says less when it is read as one. */
async function chunksOf(given: unknown): Promise<Chunks> {
  // A lone string is iterable too, by character: nobody means that.
  if (typeof given === 'string') return [given][Symbol.iterator]()
  if (given === null || typeof given !== 'object' || ArrayBuffer.isView(given))
    throw refusedSource(given)
  if (isResponse(given)) return responseChunks(given)
  // Not textStream first: the AI SDK ends that one quietly when the model fails, as if the answer were whole.
  const stream = field(given, 'fullStream') ?? field(given, 'textStream') ?? given
  if (typeof field(stream, 'getReader') === 'function') return pulled(stream as ReadableStream)
  const iterable = stream as Partial<AsyncIterable<unknown> & Iterable<unknown>>
  const iterate = iterable[Symbol.asyncIterator] ?? iterable[Symbol.iterator]
  if (typeof iterate !== 'function') throw refusedSource(given)
  return (iterate as () => Chunks).call(stream)
}

function isResponse(value: object): value is ResponseLike {
  return (
    typeof field(value, 'ok') === 'boolean' &&
    typeof field(field(value, 'headers'), 'get') === 'function'
  )
}

/** By its reader, not by its iterator: that one cannot be stopped while it waits, and some runtimes have none. */
function pulled(stream: ReadableStream<unknown>): Chunks {
  if (stream.locked)
    throw new SourceError('source/value', 'This web stream is being read by somebody else.', {
      hint: 'A stream has one reader; tee() gives two streams.',
    })
  const reader = stream.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    async return() {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}
