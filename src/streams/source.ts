import type { AsyncContext } from '../shared/async-context.ts'
import { now, sleep, yieldToEventLoop } from '../shared/clock.ts'
import { SourceError } from '../shared/errors.ts'
import { errorMessage, kindOf, toError } from '../shared/hooks.ts'
import type { AppReporting, Log } from '../shared/log.ts'
import { callOf, isResult, noResult } from '../models/errors.ts'

/** The argument of a source that is a function. */
export interface StreamContext {
  /** Aborts when the stream is not wanted any more. Hand it to the model: only it can stop a paid call that waits. */
  readonly signal: AbortSignal
  /** The last event the client saw, when it comes back. Written by the client: use it as a position only. */
  readonly lastEventId: string | undefined
  /** Writes a failure to the log that does not end the stream, such as one of a callback. */
  readonly reportError?: ((error: unknown) => void) | undefined
  /** The run that reads the source, when one does: for a page that offers to stop it. */
  readonly run?: { readonly id: string; readonly path: string } | undefined
}

/** Values one by one: an iterable, plain or asynchronous, or a web stream. */
export type Values<T> = AsyncIterable<T> | Iterable<T> | ReadableStream<T>

/** Where the values of a stream come from. Prefer the function: it starts late, and has a signal. */
export type Source<T> = Values<T> | ((context: StreamContext) => Values<T> | PromiseLike<Values<T>>)

/** A value of a stream that is stored, with the id under which a client goes on that has it. */
export class WithId<T = unknown> {
  readonly id: string
  readonly value: T
  /** The next value is there already: both belong into one frame. */
  readonly hasMore: boolean

  constructor(id: string, value: T, hasMore: boolean = false) {
    this.id = id
    this.value = value
    this.hasMore = hasMore
  }
}

/** A run as this process shows it: one object for all its subscribers. */
export interface SharedRun {
  readonly subscribers: number
}

/** A stream that goes on without clients: all who open it read the same one, also later. */
export interface Resumable<T = unknown> {
  /** Where a client finds it again. */
  readonly path: string
  /** The object that its subscribers in this process share, once it is open. */
  readonly shared?: () => SharedRun | undefined
  /** Called when an app answers with it, before it is opened: so it can report where the app does. */
  readonly answered?: (app: AppReporting) => void
  /** Called when the answer is refused, or a HEAD wants its headers alone: nothing shall start because of it. */
  readonly refused?: () => void
  open(context: StreamContext): Values<T> | PromiseLike<Values<T>>
}

export function isResumable<T>(source: Source<T> | Resumable<T>): source is Resumable<T> {
  // A file that Node reads has a path and an `open`, too, and is a source like any other.
  const members = Object(source) as object
  return 'path' in members && 'open' in members && !(Symbol.asyncIterator in members)
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
  const iterator = iteratorOf(values as Partial<AsyncIterable<T> & Iterable<T> & ReadableStream<T>>)
  if (typeof iterator === 'object') return iterator
  const message = `A stream's source gives values one by one, but this one gave ${kindOf(values)}.`
  const call = callOf(values)
  const made = call === undefined ? '…' : `${call}, …`
  const hint = `Return an async generator, such as streamToFragments(${made}), from the function.`
  throw new SourceError('source/value', message, { hint })
}

function iteratorOf<T>(
  values: Partial<AsyncIterable<T> & Iterable<T> & ReadableStream<T>>,
): AsyncIterator<T> | Iterator<T> | undefined {
  if (values === null || typeof values !== 'object') return undefined
  if (Symbol.asyncIterator in values) return values[Symbol.asyncIterator]!()
  if (Symbol.iterator in values) return values[Symbol.iterator]!()
  return values.getReader && pulled(values.getReader())
}

function pulled<T>(reader: ReadableStreamDefaultReader<T>): AsyncIterator<T> {
  return {
    next: () => reader.read() as Promise<IteratorResult<T>>,
    return: async () => {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}

/** Time for the teardown of a source; one that still runs then is reported and left. */
const TEARDOWN_MS = 5_000

export interface SourceReaderOptions {
  /** The request in which the source is opened, read and closed. */
  readonly asyncContext: AsyncContext
  readonly log: Log
  /** Name of the stream or run in the log. */
  readonly route: string
  readonly lastEventId?: string | undefined
  readonly run?: StreamContext['run']
}

/**
 * Reads one source, value by value, and ends it once.
 *
 * Cost    a few promises for each value; a source that never waits lets other work run every 10 ms.
 * Ends    `close` aborts the signal unless the source has ended by itself, and calls `return()` once. A generator that
 *         hangs is left after 5 s, with a warning.
 * Throws  what the source throws; in place of a value that is no Error, an Error with it as the `cause`.
 */
export class SourceReader<T> {
  readonly #source: Source<T>
  readonly #options: SourceReaderOptions
  readonly #abort = new AbortController()
  #opening: Promise<AsyncIterator<T> | Iterator<T>> | undefined
  #iterator: AsyncIterator<T> | Iterator<T> | undefined
  #closing: Promise<void> | undefined
  /** True when it has ended or failed by itself, so that nothing is left to stop. */
  #isExhausted = false
  /** Time of the request for the pending value; undefined while none is. */
  waitingSince: number | undefined

  constructor(source: Source<T>, options: SourceReaderOptions) {
    this.#source = source
    this.#options = options
  }

  /** Opens the source and asks for nothing yet; `next` opens it by itself. Out: its iterator. */
  open(): Promise<AsyncIterator<T> | Iterator<T>> {
    this.waitingSince = now()
    return (this.#opening ??= this.#open())
  }

  async #open(): Promise<AsyncIterator<T> | Iterator<T>> {
    const { asyncContext, lastEventId, run, log, route } = this.#options
    const reportError = (err: unknown): void =>
      log.error({ route, err }, `a callback of a source failed: ${errorMessage(err)}`)
    const { signal } = this.#abort
    const context = { signal, lastEventId, reportError, ...(run && { run }) }
    const iterator = await asyncContext
      .run(() => open(this.#source, context))
      .catch((thrown: unknown) => Promise.reject(toError(thrown)))
    this.waitingSince = undefined
    // It may have been closed while it was being opened.
    if (this.#closing !== undefined) await iterator.return?.()
    return (this.#iterator = iterator)
  }

  /**
   * Asks for the next value; call it again only when it has settled. After `close` it says `done`, or never settles when
   * the source hangs.
   */
  async next(): Promise<IteratorResult<T, unknown>> {
    try {
      const turn = yieldToEventLoop()
      if (turn) await turn
      const iterator = this.#closing ? undefined : (this.#iterator ?? (await this.open()))
      if (iterator === undefined || this.#closing) return { done: true, value: undefined }
      this.waitingSince = now()
      const result: unknown = await iterator.next()
      if (!isResult(result)) throw noResult(result)
      if (result.done) this.#isExhausted = true
      return result as IteratorResult<T, unknown>
    } catch (thrown) {
      this.#isExhausted = true
      throw toError(thrown)
    } finally {
      this.waitingSince = undefined
    }
  }

  /** Ends the source, also while it hangs. Out: resolves when its teardown has run, after 5 s at the latest. */
  close(): Promise<void> {
    return (this.#closing ??= this.#options.asyncContext.run(() => this.#close()))
  }

  async #close(): Promise<void> {
    const { log, route } = this.#options
    // First the signal, which reaches into a waiting model call; then the generator, which may be busy.
    if (!this.#isExhausted) this.#abort.abort()
    const iterator = this.#iterator
    if (iterator?.return === undefined) return
    const closed = new AbortController()
    void Promise.resolve()
      .then(() => iterator.return!())
      .catch((err: unknown) => log.error({ route, err }, 'a source failed while it was closed'))
      .finally(() => closed.abort())
    await sleep(TEARDOWN_MS, closed.signal)
    if (closed.signal.aborted) return
    const message =
      'a source was stopped 5 s ago and still runs: pass its signal to what it waits for'
    log.warn({ route }, message)
  }
}

/**
 * Event id for a position in the log of a run. The `1` is the attempt: a run is never started again.
 *
 * @example formatCursor(12) // → '1-12'
 */
export function formatCursor(position: number): string {
  return `1-${position}`
}

/**
 * Position in an event id that a client sent, 0 if there is none. Clients can send anything.
 *
 * @example parseCursor('1-12') // → 12
 * @example parseCursor('2-12; DROP') // → 0
 */
export function parseCursor(lastEventId: string | undefined = ''): number {
  return Number(/^1-(\d{1,15})$/.exec(lastEventId)?.[1] ?? 0)
}
