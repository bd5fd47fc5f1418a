import { callHook } from '../shared/hooks.ts'
import { now } from '../shared/clock.ts'
import type { Limits } from '../shared/limits.ts'
import { Notifier } from '../shared/notifier.ts'
import type { StreamBuffer } from './buffer.ts'
import { Deadlines } from './deadlines.ts'
import { encodeParts, type Chunk } from './encoder.ts'
import type { EndReason, PublicError, StreamEnd } from './end.ts'
import { lastChunks, outcomeOf, type Outcome } from './ending.ts'
import { reportFailure, unfinished, type FailureListeners } from './failure.ts'
import type { Slot } from './registry.ts'
import { SourceReader, WithId, type Source, type SourceReaderOptions } from './source.ts'

/** How long the first value may decide about the status before the headers go out without it. */
const FIRST_VALUE_MS = 250

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
  /** Undefined until `start`. */
  #buffer: StreamBuffer<T> | undefined
  /** Something waits to be sent, or the end is decided. */
  readonly #changed = new Notifier()
  /** The source may be read again. */
  readonly #drained = new Notifier()
  /** When the source is read now; `first` until the client comes, which it may never do. */
  #reads: StreamOptions['reads'] | 'first' = 'first'
  #isReading = false
  /** What follows the newest value is there already, and belongs into the same frame. */
  #hasMore = false
  #early: readonly Chunk[] = []
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
    const early: Chunk[] = []
    try {
      if (buffer.start) early.push(buffer.start())
      if (awaitFirstValue) {
        await this.#firstValue()
        if (!buffer.isEmpty) early.push(await buffer.flush(this.#report))
        this.#nextFrameAt = now() + this.#options.frameMs()
      }
    } catch (error) {
      this.#close({ reason: 'error', error })
      throw error
    }
    if (this.hasEnded) return
    this.#early = early.filter((chunk) => chunk.length > 0)
    // A body that is replaced on its way is never read, and no event says so.
    this.#handedAt = now()
    this.#deadlines.start()
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
        // What the source throws after the end is decided, it throws because of that.
        const next = this.#source.next().catch((error) => this.#finish({ reason: 'error', error }))
        const step = await Promise.race([next, this.#changed.wait()])
        if (!step || this.#outcome !== undefined) break
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
      for await (const chunk of this.#chunks()) if (!this.hasEnded) yield* this.#parts(chunk)
      if (!this.hasEnded) yield* this.#last()
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
    const buffer = this.#buffer!
    try {
      while (this.#outcome === undefined) {
        while (!this.#mayRead()) await this.#drained.wait()
        const { done, value } = await this.#source.next()
        // What comes after the end is decided comes too late; a closed source says `done` at once.
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
    const { isEmpty, isFull } = this.#buffer!
    if (this.#hasMore || this.#outcome !== undefined) return true
    if (isFull) return false
    if (this.#reads === 'first') return this.#counts.values === 0
    if (this.#reads === 'latest') return true
    if (this.#handedAt !== undefined) return false
    if (this.#reads === 'due') return isEmpty && now() >= this.#nextFrameAt
    return isEmpty || this.#options.frameMs() > 0
  }

  /** The second loop: from the buffer to the client, until the end is decided. */
  async *#chunks(): AsyncGenerator<Chunk, void, undefined> {
    const buffer = this.#buffer!
    yield* this.#early
    this.#early = []
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
    for (const { bytes, isEnd } of encodeParts(chunk)) {
      this.#counts.frames += 1
      this.#counts.bytes += bytes.byteLength
      this.#handedAt = this.#deadlines.lastSentAt = now()
      this.#nextFrameAt = this.#handedAt + this.#options.frameMs()
      if (isLast && isEnd) this.#close(this.#outcome!)
      yield bytes
      if (this.hasEnded) return
      this.#handedAt = undefined
      if (this.#counts.bytes >= this.#options.limits.maxOutputBytes) this.stop('limit')
    }
  }

  async *#last(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { chunks, outcome } = await lastChunks(
      this.#buffer!,
      this.#outcome!,
      this.#report,
      (error) => reportFailure(error, this.#options),
    )
    this.#outcome = outcome
    if (chunks === undefined) this.#cut = new Error(`The stream was cut: ${outcome.reason}.`)
    for (const [n, chunk] of chunks?.entries() ?? [])
      yield* this.#parts(chunk, n === chunks!.length - 1)
    this.#close(outcome)
  }

  #check(): void {
    if (this.#deadlines.isClientStalled) return this.#dropClient()
    if (this.#deadlines.isDurationExceeded) this.stop('limit')
    if (this.#deadlines.isSourceIdle) this.stop('timeout')
    if (this.#buffer && this.#deadlines.isHeartbeatDue) this.#changed.notify()
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
    this.#changed.notify()
    this.#drained.notify()
    void this.#source.close()
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
