import { omitUndefined } from '../shared/hooks.ts'
import type { AsyncContext } from '../shared/async-context.ts'
import { after, Notifier, now } from '../shared/clock.ts'
import { lastChunks, type Report, type StreamBuffer } from './buffer.ts'
import { toParts, type Chunk } from './encoder.ts'
import { EndMarker, type EndReason, type Outcome, type StreamEnd } from './end.ts'
import { reportEnd, reportFailure, unfinished } from './failure.ts'
import { SourceReader, WithId, type Source } from './source.ts'
import type { StreamOptions } from './options.ts'
import { Fragment } from '../fragments/fragment.ts'

/** Time in which the first value may decide about the status; then the headers go out without it. */
const FIRST_VALUE_MS = 250
const utf8 = new TextEncoder()

/**
 * One stream, from its first value to its teardown: a loop reads the source into a buffer, another flushes the buffer
 * into frames whenever the client takes one. A slow client finds the newest state, or makes the source wait.
 *
 * Ends    exactly once: by itself, by an error, a limit or a deadline, when the client leaves or when it is stopped. The
 *         signal of its source aborts at once; nothing waits for it.
 */
export class Stream<T> {
  readonly #options: StreamOptions
  readonly #source: SourceReader<T>
  /** The request: its frames are made there. */
  readonly asyncContext: AsyncContext
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
  /** The value after the newest one is there already, and belongs into the same frame. */
  #hasMore = false
  #early: Chunk[] = []
  #nextFrameAt = 0
  readonly #startedAt = now()
  #lastSentAt = this.#startedAt
  /** Time of the last frame, while the client has not asked for more. */
  #handedAt: number | undefined
  readonly #heartbeatMs: number
  #cancelWatch = (): void => {}
  #outcome: Outcome | undefined
  #cut: Error | undefined
  /** The client gets nothing more. */
  hasEnded: boolean = false
  #counts = { values: 0, frames: 0, bytes: 0 }
  #failures = 0
  /** The newest text of the answer. */
  #text: string | undefined
  readonly #report: Report = (error) => {
    this.#failures += 1
    return reportFailure(error, this.#options)
  }

  constructor(source: Source<T>, options: StreamOptions) {
    this.#options = options
    this.asyncContext = options.asyncContext
    this.#heartbeatMs = options.heartbeatMs || Infinity
    this.#source = new SourceReader(source, options)
    this.#forgetClient = options.client.onDisconnect(() => this.leave())
    if (this.hasEnded) this.#forgetClient()
  }

  /**
   * Opens the source, and makes something of it before it is asked for a value. Out: undefined when the stream ends before.
   *
   * Throws  what the source's function throws, or `make`, so that it can still become an HTTP status.
   */
  async prepare<R>(make: (values: object) => Promise<R>): Promise<R | undefined> {
    if (this.hasEnded) return undefined
    this.#watch()
    return this.#failing(() => Promise.race([this.#source.open().then(make), this.#changed.wait()]))
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
    await this.#failing(async () => {
      if (buffer.start) this.#early.push(buffer.start())
      if (!awaitFirstValue) return
      await this.#firstValue()
      if (!buffer.isEmpty) this.#early.push(await buffer.flush(this.#report))
      this.#nextFrameAt = now() + this.#options.frameMs()
    })
    if (this.hasEnded) return
    // A body that is replaced on its way is never read, and no event says so.
    this.#handedAt = now()
    this.#watch()
  }

  async #firstValue(): Promise<void> {
    const until = now() + FIRST_VALUE_MS
    this.#startReading()
    while (this.#outcome === undefined && (this.#counts.values === 0 || this.#hasMore)) {
      if (now() >= until) return
      await this.#changed.wait(until - now())
    }
    if (this.#outcome?.reason === 'error' && this.#counts.values === 0) throw this.#outcome.error
  }

  /** Runs a step whose failure ends the stream, and is an HTTP error. */
  #failing<R>(step: () => Promise<R>): Promise<R> {
    return step().catch((error) => {
      this.#close({ reason: 'error', error })
      throw error
    })
  }

  /**
   * The values themselves, for an answer that is sent whole. Returns how the stream ended: other than `done` only when it
   * replays a stream that was cut, or when the client has left.
   *
   * Throws  what the source throws; SourceError `source/stalled` or LimitError at a limit.
   */
  async *values(): AsyncGenerator<T, EndReason, undefined> {
    this.#watch()
    try {
      while (this.#outcome === undefined) {
        // What the source throws after the end is decided, it throws because of that.
        const next = this.asyncContext
          .run(() => this.#source.next())
          .catch((error) => this.#finish({ reason: 'error', error }))
        const step = await Promise.race([next, this.#changed.wait()])
        if (!step || this.#outcome !== undefined) break
        if (step.done) this.#finishWith(step.value)
        else {
          const value = step.value instanceof WithId ? step.value.value : step.value
          this.#count(value)
          yield value as T
        }
      }
      const outcome = this.#outcome!
      const { reason, error } = outcome
      if (reason === 'error') throw error
      const isWhole = reason === 'done' || outcome instanceof EndMarker
      if (!isWhole && !this.hasEnded) throw unfinished(reason)
      this.#close(outcome)
      return reason
    } catch (error) {
      this.#close({ reason: 'error', error })
      throw error
    } finally {
      this.leave()
    }
  }

  /**
   * The stream as frames of bytes, made one by one when the client takes them. Iterate it once.
   *
   * Ends    with a frame that says how the stream ended.
   * Throws  when the body has to be cut: its encoding has no word for such an end, or the client stood still.
   */
  async *frames(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    this.#handedAt = undefined
    this.#reads = this.#options.reads
    this.#drained.notify()
    try {
      for (const bytes of this.#send(this.#early.splice(0))) yield bytes
      this.#startReading()
      while (this.#outcome === undefined) {
        const chunk = await this.#nextChunk(this.#buffer!)
        if (chunk !== undefined) for (const bytes of this.#send([chunk])) yield bytes
      }
      if (!this.hasEnded) {
        const last = lastChunks(this.#buffer!, this.#outcome, this.#report, this.#options)
        const { chunks, outcome } = await last
        this.#outcome = outcome
        if (chunks) for (const bytes of this.#send(chunks, true)) yield bytes
        else this.#cut = new Error(`The stream was cut: ${outcome.reason}.`)
      }
      this.#close(this.#outcome)
      if (this.#cut) throw this.#cut
    } finally {
      this.leave()
    }
  }

  /** Ends the stream: the client gets what waits, and the end event with this reason. */
  stop(reason: EndReason): void {
    this.#finish({ reason })
  }

  /** Ends the stream without an end event: its client has left. */
  leave(): void {
    this.#close({ reason: 'disconnected' })
  }

  /** Starts the first loop, once, in the async context of the request. */
  #startReading(): void {
    if (!this.#isReading) void this.asyncContext.run(() => this.#read())
    this.#isReading = true
  }

  /** The first loop: from the source into the buffer. */
  async #read(): Promise<void> {
    const buffer = this.#buffer!
    try {
      while (this.#outcome === undefined) {
        while (!this.#mayRead()) await this.#drained.wait()
        const { done, value } = await this.#source.next()
        // What comes after the end is decided comes too late; a closed source says `done` at once.
        if (this.#outcome !== undefined) return
        if (done) return this.#finishWith(value)
        const isNews = buffer.isEmpty || this.#hasMore
        if (value instanceof WithId) buffer.push(value.value as T, value.id)
        else buffer.push(value)
        this.#count(value instanceof WithId ? value.value : value)
        this.#hasMore = value instanceof WithId && value.hasMore && !buffer.isFull
        if (isNews || buffer.isFull) this.#changed.notify()
      }
    } catch (error) {
      this.#finish({ reason: 'error', error })
    }
  }

  #count(value: unknown): void {
    this.#counts.values += 1
    if (value instanceof Fragment) this.#text = value.text ?? this.#text
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

  /** One turn of the second loop, from the buffer to the client. Out: undefined when it only waited. */
  async #nextChunk(buffer: StreamBuffer<T>): Promise<Chunk | undefined> {
    const isIdle = buffer.isEmpty || this.#hasMore
    const untilDue = buffer.isFull ? 0 : this.#nextFrameAt - now()
    try {
      if (isIdle && buffer.heartbeat && now() - this.#lastSentAt >= this.#heartbeatMs) {
        this.#lastSentAt = now()
        return buffer.heartbeat()
      }
      if (untilDue > 0 && (!isIdle || this.#reads === 'due'))
        return await this.#changed.wait(untilDue)
      if (!isIdle) return await buffer.flush(this.#report)
      this.#drained.notify()
      return await this.#changed.wait()
    } catch (error) {
      this.#finish({ reason: 'error', error })
      return undefined
    }
  }

  /** Hands chunks to the client in parts, and counts them. */
  *#send(chunks: readonly Chunk[], isLast: boolean = false): Generator<Uint8Array<ArrayBuffer>> {
    const parts = chunks.flatMap(toParts)
    for (const [n, part] of parts.entries()) {
      if (this.hasEnded) return
      const bytes = typeof part === 'string' ? utf8.encode(part) : part
      this.#counts.frames += 1
      this.#counts.bytes += bytes.byteLength
      this.#handedAt = this.#lastSentAt = now()
      this.#nextFrameAt = this.#handedAt + this.#options.frameMs()
      if (isLast && n === parts.length - 1) this.#close(this.#outcome!)
      yield bytes
      this.#handedAt = undefined
      if (this.#counts.bytes >= this.#options.limits.maxOutputBytes) this.stop('limit')
    }
  }

  /** Runs what is due, and sets the one timer of the stream for what is due next: sending a frame sets none. */
  #watch(): void {
    const { limits: usual, feedLimits = usual } = this.#options
    const limits = this.#buffer?.isFeed ? feedLimits : usual
    const at = now()
    const waits: [since: number | undefined, ms: number, run: () => void][] = [
      [this.#handedAt, limits.sendTimeoutMs, () => this.#dropClient()],
      [this.#startedAt, limits.maxDurationMs, () => this.stop('limit')],
      [this.#source.waitingSince, limits.idleSourceMs, () => this.stop('timeout')],
      [this.#lastSentAt, this.#heartbeatMs, () => this.#buffer && this.#changed.notify()],
    ]
    let delayMs = Infinity
    for (const [since = at, ms, run] of waits) {
      const leftMs = since + ms - at
      if (leftMs <= 0) run()
      delayMs = Math.min(delayMs, leftMs > 0 ? leftMs : ms)
    }
    this.#cancelWatch()
    if (!this.hasEnded) this.#cancelWatch = after(Math.max(1, delayMs), () => this.#watch())
  }

  #dropClient(): void {
    const { log, route, client } = this.#options
    log.warn({ route }, 'a client stood still for too long and was dropped')
    this.#cut = new Error('The client stood still for too long.')
    this.#close({ reason: 'timeout' })
    // A connection whose body was replaced may serve another answer.
    if (this.#reads !== 'first') client.destroy?.()
  }

  /** The source has returned. */
  #finishWith(final: unknown): void {
    this.#finish(final instanceof EndMarker ? final : { reason: 'done', final })
  }

  /** Decides how the stream ends; the signal of the source aborts at once. */
  #finish(outcome: Outcome): void {
    if (this.#outcome !== undefined) return
    this.#outcome = outcome
    this.#changed.notify()
    this.#drained.notify()
    void this.#source.close()
  }

  /** Sends nothing more, counts the stream, and reports how it ended. */
  #close(outcome: Outcome): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.#finish(outcome)
    const { reason, error, final } = outcome
    const { slot } = this.#options
    const counts = { ...this.#counts, ...(this.#failures > 0 && { failed: this.#failures }) }
    const durationMs = now() - this.#startedAt
    const details = omitUndefined({ error, final, text: this.#text })
    const end: StreamEnd = { reason, ...details, ...counts, durationMs }
    this.#forgetClient?.()
    this.#cancelWatch()
    void this.#source.close().then(() => slot?.release())
    slot?.ended(end)
    this.asyncContext.run(() => reportEnd(end, this.#options))
  }
}
