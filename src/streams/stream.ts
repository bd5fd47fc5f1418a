import { callHook } from '../shared/hooks.ts'
import { now } from '../shared/clock.ts'
import type { Limits } from '../shared/limits.ts'
import { Notifier } from '../shared/notifier.ts'
import type { StreamBuffer } from './buffer.ts'
import { Deadlines } from './deadlines.ts'
import type { Chunk } from './encoder.ts'
import { EndMarker, type EndReason, type PublicError, type StreamEnd } from './end.ts'
import { reportFailure, unfinished, type FailureListeners } from './failure.ts'
import type { Slot } from './registry.ts'
import { SourceReader, WithId, type Source, type SourceReaderOptions } from './source.ts'

/** How long the first value may decide about the status before the headers go out without it. */
const FIRST_VALUE_MS = 250
/** Large texts leave in parts of this size: what a client has not taken need not be encoded. */
const MAX_PART_CHARS = 65_536

const encoder = new TextEncoder()

/** The other end of the connection that a stream is sent over. */
export interface Client {
  /** Calls back, perhaps at once, when the client has left. Out: a function that forgets the call. */
  onDisconnect(run: () => void): () => void
  /** Cuts the connection of a client that stands still; a body alone cannot do that. */
  destroy?(): void
}

export interface StreamOptions extends SourceReaderOptions, FailureListeners {
  readonly client: Client
  readonly slot?: Slot | undefined
  readonly heartbeatMs: number | false
  /** Time between two frames; 0 for a frame a value. */
  readonly frameMs: () => number
  /**
   * When the source is read: always, while the newest snapshots replace those before (`latest`); only while the client
   * waits (`pause`); only when a frame is due, because the source itself gives the newest snapshot (`due`).
   */
  readonly reads: 'latest' | 'pause' | 'due'
  readonly limits: Limits
  readonly onEnd?: ((end: StreamEnd) => unknown) | undefined
}

/** How the stream ends, once that is decided. */
interface Outcome {
  readonly reason: EndReason
  readonly error?: unknown
  /** What clients may know of the error, when the log has it already. */
  readonly publicError?: PublicError | undefined
  readonly final?: unknown
  /** The stream replays another one, and ends as that one did. */
  readonly isReplayed?: boolean
}

/**
 * One stream, from its first value to its teardown: a loop reads the source into a buffer, another flushes the buffer
 * into frames whenever the client takes one. A slow client finds the newest state, or makes the source wait.
 *
 * Ends    exactly once: by itself, by an error, a limit or a deadline, when the client leaves or when it is stopped. The
 *         source is told at once and never waited for.
 */
export class Stream<T> {
  readonly #options: StreamOptions
  readonly #source: SourceReader<T>
  readonly #deadlines: Deadlines
  readonly #forgetClient: () => void
  #buffer!: StreamBuffer<T>
  /** Something waits to be sent, or the end is decided. */
  readonly #changed = new Notifier()
  /** The source may be read again. */
  readonly #drained = new Notifier()
  /** When the source is read now; `first` until the client comes, which it may never do. */
  #reads: StreamOptions['reads'] | 'first' = 'first'
  #isReading = false
  /** What follows the newest value is there already, and belongs into the same frame. */
  #hasMore = false
  /** Made before the client came. */
  readonly #early: Chunk[] = []
  #nextFrameAt = 0
  /** Since when the client has what it was handed; undefined while it waits for more. */
  #handedAt: number | undefined
  #outcome: Outcome | undefined
  #cut: Error | undefined
  /** The client gets nothing more. */
  hasEnded: boolean = false
  #counts = { values: 0, frames: 0, bytes: 0 }
  #failures = 0
  readonly #report = (error: unknown): PublicError => {
    this.#failures += 1
    return reportFailure(error, this.#options)
  }

  constructor(source: Source<T>, options: StreamOptions) {
    const { limits, heartbeatMs, client } = options
    this.#options = options
    this.#source = new SourceReader(source, options)
    this.#deadlines = new Deadlines(
      limits,
      heartbeatMs === false ? Infinity : heartbeatMs,
      () => ({ source: this.#source.waitingSince, client: this.#handedAt }),
      () => this.#check(),
    )
    this.#forgetClient = client.onDisconnect(() => this.leave())
    if (this.hasEnded) this.#forgetClient()
  }

  /**
   * Opens the source, and makes something of what it gives before it is asked for a value. Out: nothing when the stream
   * ends before that is made.
   *
   * Throws  what the source's function throws, or `make`, so that it can still become an HTTP status.
   */
  async prepare<R>(make: (values: object) => Promise<R>): Promise<R | undefined> {
    if (this.#outcome !== undefined) return undefined
    this.#deadlines.start()
    try {
      return await Promise.race([this.#source.open().then(make), this.#changed.wait()])
    } catch (error) {
      this.#close({ reason: 'error', error })
      throw error
    }
  }

  /**
   * Starts the source and waits for its first value, 250 ms at most; its frame is made here too.
   *
   * Throws  what the source throws until then, or the buffer, so that it can still become an HTTP status.
   *
   * @param awaitFirstValue False to wait for nothing: then the status goes out at once.
   */
  async start(buffer: StreamBuffer<T>, awaitFirstValue: boolean = true): Promise<void> {
    this.#buffer = buffer
    try {
      if (buffer.start) this.#addEarly(buffer.start())
      if (awaitFirstValue) {
        await this.#firstValue()
        if (!buffer.isEmpty) this.#addEarly(await buffer.flush(this.#report))
        this.#nextFrameAt = now() + this.#options.frameMs()
      }
    } catch (error) {
      this.#close({ reason: 'error', error })
      throw error
    }
    if (this.hasEnded) return
    // A body that is replaced on its way is never read, and no event says so.
    this.#handedAt = now()
    this.#deadlines.start()
  }

  #addEarly(chunk: Chunk): void {
    if (chunk.length > 0) this.#early.push(chunk)
  }

  async #firstValue(): Promise<void> {
    const until = now() + FIRST_VALUE_MS
    void this.#read()
    while (this.#outcome === undefined && (this.#counts.values === 0 || this.#hasMore)) {
      if (now() >= until) return
      await this.#changed.wait(until - now())
    }
    const { reason, error } = this.#outcome ?? {}
    if (reason === 'error' && this.#counts.values === 0) throw error
  }

  /**
   * The values themselves, for an answer that is sent whole. Returns how the stream ended: other than `done` only when it
   * replays a stream that was cut, or when the client has left.
   *
   * Throws  what the source throws; SourceError `source/stalled` or LimitError at a limit.
   */
  async *values(): AsyncGenerator<T, EndReason, undefined> {
    this.#deadlines.start()
    try {
      while (this.#outcome === undefined) {
        const step = await Promise.race([this.#source.next(), this.#changed.wait()])
        if (step === undefined || this.#outcome !== undefined) break
        if (step.done) this.#finish(outcomeOf(step.value))
        else {
          this.#counts.values += 1
          yield step.value instanceof WithId ? step.value.value : step.value
        }
      }
      const { reason, error, isReplayed } = this.#outcome!
      if (reason === 'error') throw error
      if (reason !== 'done' && !isReplayed && !this.hasEnded) throw unfinished(reason)
      this.#close(this.#outcome!)
      return reason
    } catch (error) {
      this.#close({ reason: 'error', error })
      throw error
    } finally {
      this.#close({ reason: 'disconnected' })
    }
  }

  /**
   * The stream as frames of bytes, made one by one when the client takes them. Iterate it once.
   *
   * Ends    with a frame that says how the stream ended.
   * Throws  when the body has to be cut: its encoding has no word for such an end, or the client stood still.
   */
  async *frames(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    if (this.#early.length === 0) this.#handedAt = undefined
    this.#reads = this.#options.reads
    this.#drained.notify()
    try {
      for await (const chunk of this.#chunks()) yield* this.#parts(chunk)
      const last = await this.#lastChunks()
      for (const [n, chunk] of last.entries()) yield* this.#parts(chunk, n === last.length - 1)
      this.#close(this.#outcome!)
      if (this.#cut) throw this.#cut
    } finally {
      this.#close({ reason: 'disconnected' })
    }
  }

  /** Ends the stream from outside: the client gets what waits, and the end event with this reason. */
  stop(reason: EndReason): void {
    this.#finish({ reason })
  }

  /** Ends the stream without another word: its client has left. */
  leave(): void {
    this.#close({ reason: 'disconnected' })
  }

  /** The first loop: from the source into the buffer. */
  async #read(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    const buffer = this.#buffer
    try {
      while (this.#outcome === undefined) {
        if (!this.#mayRead()) {
          await this.#drained.wait()
          continue
        }
        const { done, value } = await this.#source.next()
        // What comes after the end is decided comes too late.
        if (this.#outcome !== undefined) return
        if (done) return this.#finish(outcomeOf(value))
        const isNews = buffer.isEmpty || this.#hasMore
        if (value instanceof WithId) buffer.push(value.value as T, value.id)
        else buffer.push(value)
        this.#counts.values += 1
        this.#hasMore = value instanceof WithId && value.hasMore && !buffer.isFull
        if (isNews || buffer.isFull) this.#changed.notify()
      }
    } catch (error) {
      this.#finish({ reason: 'error', error })
    }
  }

  #mayRead(): boolean {
    const { isEmpty, isFull } = this.#buffer
    if (this.#hasMore) return true
    if (isFull) return false
    if (this.#reads === 'first') return this.#counts.values === 0
    if (this.#reads === 'latest') return true
    if (this.#handedAt !== undefined) return false
    if (this.#reads === 'due') return isEmpty && now() >= this.#nextFrameAt
    return isEmpty || this.#options.frameMs() > 0
  }

  /** The second loop: from the buffer to the client, until the end is decided. */
  async *#chunks(): AsyncGenerator<Chunk, void, undefined> {
    const buffer = this.#buffer
    yield* this.#early.splice(0)
    void this.#read()
    while (this.#outcome === undefined) {
      const isIdle = buffer.isEmpty || this.#hasMore
      const untilDue = buffer.isFull ? 0 : this.#nextFrameAt - now()
      try {
        if (isIdle && this.#deadlines.isHeartbeatDue && buffer.heartbeat) yield buffer.heartbeat()
        else if (untilDue > 0 && (!isIdle || this.#reads === 'due'))
          await this.#changed.wait(untilDue)
        else if (isIdle) {
          this.#drained.notify()
          await this.#changed.wait()
        } else yield await buffer.flush(this.#report)
      } catch (error) {
        this.#finish({ reason: 'error', error })
      }
    }
  }

  /** Hands a chunk to the client in parts, and counts them. */
  *#parts(chunk: Chunk, isLast: boolean = false): Generator<Uint8Array<ArrayBuffer>> {
    for (let at = 0; at < chunk.length && !this.hasEnded;) {
      const end = typeof chunk === 'string' ? partEnd(chunk, at) : chunk.length
      const bytes = typeof chunk === 'string' ? encoder.encode(chunk.slice(at, end)) : chunk
      at = end
      this.#counts.frames += 1
      this.#counts.bytes += bytes.byteLength
      this.#handedAt = this.#deadlines.lastSentAt = now()
      this.#nextFrameAt = this.#handedAt + this.#options.frameMs()
      if (isLast && at === chunk.length) this.#close(this.#outcome!)
      yield bytes
      if (this.hasEnded) return
      this.#handedAt = undefined
      if (this.#counts.bytes >= this.#options.limits.maxOutputBytes) this.stop('limit')
    }
  }

  /** What still waits, and how the stream ends, all in one. */
  async #lastChunks(): Promise<Chunk[]> {
    const buffer = this.#buffer
    const chunks: Chunk[] = []
    const add = (chunk: Chunk): void => {
      const before = chunks.at(-1)
      if (typeof before === 'string' && typeof chunk === 'string')
        chunks.push(chunks.pop()! + chunk)
      else chunks.push(chunk)
    }
    if (this.hasEnded) return chunks
    try {
      // A failure of the buffer itself leaves it empty.
      while (!buffer.isEmpty) add(await buffer.flush(this.#report))
      if (buffer.failure && this.#outcome!.reason === 'done')
        this.#outcome = { ...this.#outcome, ...buffer.failure, reason: 'error' }
    } catch (error) {
      if (this.#outcome!.reason === 'error') this.#report(error)
      else this.#outcome = { reason: 'error', error }
    }
    add(await this.#endChunk())
    return chunks
  }

  /** The end event. Throws when this encoding has none, or it cannot be made. */
  async #endChunk(): Promise<Chunk> {
    const { reason, error, final, publicError } = this.#outcome!
    const failure =
      reason === 'error' ? (publicError ?? reportFailure(error, this.#options)) : undefined
    let chunk: Chunk | undefined
    try {
      chunk = await this.#buffer.end({ reason, final, error: failure })
    } catch (cause) {
      // The failure of an end event is one more end event, and the last try.
      const second = reportFailure(cause, this.#options)
      this.#outcome = { reason: 'error', error: cause }
      if (reason !== 'error')
        chunk = await Promise.resolve(this.#buffer.end({ reason: 'error', error: second })).catch(
          () => undefined,
        )
    }
    if (chunk !== undefined) return chunk
    this.#close(this.#outcome!)
    throw new Error(`The stream was cut: ${this.#outcome!.reason}.`)
  }

  #check(): void {
    if (this.#deadlines.isClientStalled) return this.#dropClient()
    if (this.#deadlines.isDurationExceeded) this.stop('limit')
    if (this.#deadlines.isSourceIdle) this.stop('timeout')
    if (this.#deadlines.isHeartbeatDue) this.#changed.notify()
  }

  #dropClient(): void {
    const { log, route, client } = this.#options
    log.warn({ route }, 'a client stood still for too long and was dropped')
    this.#cut = new Error('The client stood still for too long.')
    this.#close({ reason: 'timeout' })
    // A connection whose body was replaced may serve another answer.
    if (this.#reads !== 'first') client.destroy?.()
  }

  /** Decides how the stream ends; the source is told at once. */
  #finish(outcome: Outcome): void {
    if (this.#outcome !== undefined) return
    this.#outcome = outcome
    void this.#source.close()
    this.#changed.notify()
    this.#drained.notify()
  }

  /** Nothing more is sent: counts the stream, and says how it ended. */
  #close(outcome: Outcome): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.#finish(outcome)
    const { reason, error, final } = outcome
    const { onEnd, slot, route, log } = this.#options
    this.#forgetClient?.()
    this.#deadlines.stop()
    void this.#source.close().then(() => slot?.release())
    const { startedAt } = this.#deadlines
    const end: StreamEnd = {
      reason,
      ...(error === undefined ? {} : { error }),
      ...(final === undefined ? {} : { final }),
      ...(this.#failures === 0 ? {} : { failed: this.#failures }),
      ...this.#counts,
      durationMs: now() - startedAt,
    }
    slot?.ended(end)
    callHook(
      () => {
        log.info({ route, reason, ...this.#counts, ms: end.durationMs }, 'stream ended')
        return onEnd?.(end)
      },
      (failure) => log.error({ route, err: failure }, 'onEnd of a stream failed'),
    )
  }
}

function outcomeOf(returned: unknown): Outcome {
  if (!(returned instanceof EndMarker)) return { reason: 'done', final: returned }
  const { reason, error, final, publicError } = returned
  return { reason, error, final, publicError, isReplayed: true }
}

/** Where a part of a text ends: not between the halves of a character pair. */
function partEnd(text: string, from: number): number {
  const end = from + MAX_PART_CHARS
  if (end >= text.length) return text.length
  const last = text.charCodeAt(end - 1)
  return last >= 0xd800 && last < 0xdc00 ? end - 1 : end
}
