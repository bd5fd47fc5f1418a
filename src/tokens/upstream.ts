import { SourceError } from '../base/errors.ts'
import { settled, Stoppable } from '../base/stoppable.ts'
import type { ResponseLike } from '../wire/response-body.ts'
import { field } from './field.ts'
import { isResult, noResult } from './iterator-result.ts'
import { thrownBySource } from './model-failure.ts'
import { refusedSource } from './refused-source.ts'
import { responseChunks } from './response-chunks.ts'
import type { TokenSource } from './token-source.ts'

type Chunks = AsyncIterator<unknown, unknown> | Iterator<unknown, unknown>

/** What a source threw. */
export class Thrown {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

/** What a source has said: a chunk, its end, or what it threw. */
export type Said = IteratorResult<unknown, unknown> | Thrown

const DONE: IteratorResult<unknown, undefined> = { done: true, value: undefined }

/**
 * One source, from its first chunk to its end.
 *
 * Cost    opened by the first `next`, not before.
 * Ends    `stop` ends it at once, also while it is opened or thinks: the pending `next` says done, the signal of a
 *         function aborts, and what was opened is returned, then aborted. What opens later is closed then.
 * Throws  SourceError `source/failed` with the cause for what a provider throws. What a generator of your own throws
 *         comes through as it is: it may be an answer, such as a redirect.
 */
export class Upstream {
  readonly #source: TokenSource
  /** Made for whoever asks for its signal. */
  #controller: AbortController | undefined
  #given: unknown
  #chunks: Chunks | undefined
  #exhausted = false
  #stopping = false
  #closing: Promise<void> | undefined
  #asked = false
  /** Whoever waits for the answer under way. */
  #tell: ((said: Said) => void) | undefined

  constructor(source: TokenSource) {
    this.#source = source
    // The call may fail before anybody listens, and never be read: that must not end the process.
    if (source instanceof Promise) source.catch(() => {})
  }

  /** Asks for the next chunk: `tell` is told once. What was stopped says at once that it is done. */
  ask(tell: (said: Said) => void): void {
    this.#asked = true
    this.#tell = tell
    if (this.#closing) this.#answered(DONE)
    else if (this.#chunks) this.#next()
    else this.#open().then(() => this.#next(), this.#threw)
  }

  /** Whether it was closed before its end. */
  get stopped(): boolean {
    return this.#stopping && !this.#exhausted
  }

  /** Told by the provider's own object: it was aborted by somebody else, so its quiet end is not the end of the answer. */
  get cut(): boolean {
    return field(field(field(this.#given, 'controller'), 'signal'), 'aborted') === true
  }

  /** Resolves when everything is closed. */
  stop(): Promise<void> {
    // First of all: whoever waits is told while it is being closed, and must see that this is no end.
    this.#stopping = true
    this.#closing ??= this.#exhausted ? Promise.resolve() : this.#close()
    return this.#closing
  }

  #next(): void {
    if (this.#closing) return
    try {
      Promise.resolve(this.#chunks!.next()).then(this.#answered, this.#threw)
    } catch (error) {
      this.#threw(error)
    }
  }

  readonly #answered = (answer: unknown): void => {
    if (!isResult(answer)) return this.#threw(noResult(answer))
    if (answer !== DONE && answer.done) this.#exhausted = true
    this.#say(answer)
  }

  readonly #threw = (error: unknown): void => {
    this.#exhausted = this.#chunks !== undefined
    this.#say(new Thrown(this.#isOwn() ? error : thrownBySource(error)))
  }

  #say(said: Said): void {
    const tell = this.#tell
    this.#tell = undefined
    tell?.(said)
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
    this.#answered(DONE)
    if (this.#given === undefined && !this.#asked) {
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
      return DONE
    },
  }
}
