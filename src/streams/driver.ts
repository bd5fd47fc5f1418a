import type { AsyncContext } from '../shared/async-context.ts'
import { callHook } from '../shared/call-hook.ts'
import { after, now, turn } from '../shared/clock.ts'
import type { Limits } from '../shared/limits.ts'
import type { Log } from '../shared/log.ts'
import { Deadlines } from './deadlines.ts'
import { Ended } from './ended.ts'
import { reportFailure, unfinished } from './failure.ts'
import { Identified } from './identified.ts'
import type { Outbox } from './outbox.ts'
import { Pace } from './pace.ts'
import { Pieces } from './pieces.ts'
import type { Source } from './source.ts'
import { SourceReader, type Answer, type Listener } from './source-reader.ts'
import { BodySink, type Sink, type Writer } from './sink.ts'
import type { EndReason, StreamEnd } from './stream-end.ts'
import type { Chunk, PublicError } from './wire.ts'

/** How long the first value may decide about the status before the headers go out without it. */
const FIRST_VALUE_MS = 250

/** The other end of the connection that a stream is sent over. */
export interface Client {
  /** Calls back, perhaps at once, when the client leaves: also while nobody reads yet. Gives a function that forgets it. */
  onLeave(run: () => void): () => void
  /** Cuts the connection of a reader who stands still; a body alone cannot do that. */
  drop?(): void
}

/** What the stream takes up among all streams of the process. */
export interface Seat {
  left(end: StreamEnd): void
  /** The teardown of its source has run, too, or was given up. */
  free(): void
}

export interface DriverOptions {
  readonly asyncContext: AsyncContext
  readonly client: Client
  readonly seat?: Seat | undefined
  readonly lastEventId: string | undefined
  /** What the log calls this stream. */
  readonly route: string
  readonly log: Log
  readonly expose: boolean
  readonly heartbeatMs: number | false
  /** Time between two frames: 0 for a frame a value, nothing for as the process and the reader can. */
  readonly frameMs?: number | undefined
  /**
   * When the source is asked: also while the reader stands still (`ahead`); only when he wants more, the default; only
   * when a frame may leave, because it answers with the newest state and keeps nothing for anybody (`on time`).
   */
  readonly asks?: 'ahead' | 'on time' | undefined
  /** How many are shown the same stream. */
  readonly viewers?: (() => number) | undefined
  readonly limits: Limits
  readonly onError: ((error: unknown) => void) | undefined
  readonly onEnd?: ((end: StreamEnd) => unknown) | undefined
}

/** How the stream ends, as soon as that is known. */
interface Outcome {
  readonly reason: EndReason
  readonly error?: unknown
  /** What clients may know of it, when somebody has told the log already. */
  readonly seen?: PublicError | undefined
  /** What the source returned. */
  readonly final?: unknown
}

/**
 * Owns one stream from its first value to its teardown. Two ends meet here: what the source says goes into the outbox,
 * what the reader takes comes out of it, at most one frame at a time and no sooner than the pace allows. A reader who is
 * slow finds the newest state when he comes, or holds the source, as the stream wants it; never a queue of both.
 *
 * Ends    exactly once: by itself, by a failure, a limit or a deadline, when the client leaves or when it is stopped.
 *         The source is told at once and never waited for: a generator that hangs cannot be interrupted, only left.
 * Cost    one alarm for its frames, its heartbeats and its deadlines; a promise a value, none where the source is ours.
 */
export class Driver<T> implements Listener<T>, Writer {
  readonly #options: DriverOptions
  readonly #abort = new AbortController()
  readonly #reader: SourceReader<T>
  readonly #deadlines: Deadlines
  readonly #pace: Pace
  #forgetClient: (() => void) | undefined
  /** Nothing while the stream is prepared. */
  #outbox!: Outbox<T>
  /** Nothing before the reader has come. */
  #sink: Sink | undefined
  /** Told instead of the reader, while somebody waits for a value and not for bytes. */
  #wake: (() => void) | undefined
  /** The reader waits for bytes. */
  #wanted = false
  /** A piece is being made that is not ready yet. */
  #drawing = false
  readonly #pieces = new Pieces()
  #outcome: Outcome | undefined
  /** It is the end of another stream, which this one tells of. */
  #told = false
  /** Everything that will be sent is made. */
  #closing = false
  #over = false
  /** What follows the newest value is there already, and belongs into the same frame. */
  #more = false
  /** The first frame was followed by a turn for everybody else. */
  #gaveWay = false
  /** The source was asked for what nobody may be shown yet. */
  #ahead = false
  #values = 0
  #valuesSent = 0
  #failures = 0
  #frames = 0
  #bytes = 0
  readonly #report = (error: unknown): PublicError => {
    this.#failures += 1
    return reportFailure(error, this.#options)
  }

  constructor(source: Source<T>, options: DriverOptions) {
    const { asyncContext, lastEventId, client } = options
    this.#options = options
    this.#deadlines = new Deadlines(options.limits, () => this.#rung())
    this.#pace = new Pace(options.frameMs, options.viewers)
    const context = { signal: this.#abort.signal, lastEventId }
    this.#reader = new SourceReader(source, context, asyncContext, this)
    this.#forgetClient = client.onLeave(() => this.#end('disconnected'))
    // He had left already.
    if (this.#over) this.#forgetClient()
  }

  /**
   * Opens the source, and makes something of what it gives before it is asked for a value. Nothing when the stream ends
   * before that is made.
   *
   * Throws  what the source's function throws, or `make`, so that it can still become an HTTP status.
   */
  async prepare<R>(make: (values: object) => Promise<R>): Promise<R | undefined> {
    if (this.#over) return undefined
    const over = new Promise<undefined>((resolve) => (this.#wake = () => resolve(undefined)))
    this.#deadlines.askedAt = now()
    this.#watch()
    try {
      return await Promise.race([this.#reader.opened().then(make), over])
    } catch (error) {
      this.#end('error', error)
      throw error
    } finally {
      this.#wake = undefined
      this.#deadlines.askedAt = undefined
    }
  }

  /**
   * Starts the source and waits for its first value, 250 ms at most; the value is spelt here too.
   *
   * Throws  what the source throws until then, or the outbox over that value, so that it can still become an HTTP status.
   *
   * @param patient False to wait for nothing: then the status goes out at once.
   */
  async start(outbox: Outbox<T>, patient: boolean = true): Promise<void> {
    this.#outbox = outbox
    try {
      if (outbox.start) this.#pieces.add(outbox.start())
      if (patient) {
        // Exactly then, so no alarm: tests move the time by as much.
        const cancel = after(FIRST_VALUE_MS, () => this.#wake?.())
        do await this.#answered()
        while (this.#more)
        cancel()
        if (this.#outcome?.reason === 'error' && this.#values === 0) throw this.#outcome.error
        if (!outbox.empty) {
          this.#pieces.add(await outbox.next(this.#report), true)
          this.#pace.sent(now(), 1)
        }
      }
      // A body that somebody replaced on its way is never read, and nobody says so.
      this.#deadlines.handedAt = now()
      this.#watch()
    } catch (error) {
      this.#end('error', error)
      throw error
    }
  }

  /**
   * The values themselves, for an answer that is sent whole; ends early at a limit. Gives back how it ended: not by
   * itself only when it tells of a stream that was cut before. Throws what the source throws.
   */
  async *values(): AsyncGenerator<T, EndReason, undefined> {
    const taken: T[] = []
    this.#outbox = {
      get empty() {
        return taken.length === 0
      },
      full: false,
      take: (value) => taken.push(value),
      next: () => '',
      terminal: () => undefined,
    }
    this.#watch()
    try {
      while (!this.#over) {
        await this.#answered()
        if (taken.length > 0) yield taken.shift()!
        else if (this.#outcome !== undefined) break
      }
      const { reason = 'disconnected', error } = this.#outcome ?? {}
      if (reason === 'error') throw error
      if (reason !== 'done' && !this.#told && !this.#over) throw unfinished(reason)
      this.#end(reason)
      return reason
    } catch (error) {
      this.#end('error', error)
      throw error
    } finally {
      this.#end('disconnected')
    }
  }

  /** The stream as bytes. What goes wrong is said in the terminal; only a wire that cannot say it has its body cut. */
  body(): ReadableStream<Uint8Array> {
    return new BodySink(this).body
  }

  /** Its reader wants more. Over already: the client left before anybody read. */
  wanted(sink: Sink): void {
    if (this.#over) return sink.close()
    this.#sink = sink
    this.#wanted = true
    this.#deadlines.handedAt = undefined
    const at = now()
    this.#pace.wanted(at, this.#outbox.empty)
    this.#react(at)
  }

  /** Ends the stream from outside: the reader gets what is there, and the terminal with this reason. */
  stop(reason: EndReason): void {
    if (this.#over) return
    this.#catchUp()
    this.#outcome ??= { reason }
    this.#react(now())
  }

  /** Ends the stream without another word: its reader has another one. */
  leave(): void {
    this.#end('disconnected')
  }

  /** Waits until the source has answered, somebody wakes us, or the stream ends. */
  async #answered(): Promise<void> {
    if (this.#over || this.#outcome !== undefined) return
    if (!this.#outbox.empty && !this.#more) return
    await new Promise<void>((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
      this.#askNow(now())
    })
  }

  heard(answer: Answer<T>, values: number): void {
    if (this.#over) return
    this.#ahead = false
    this.#deadlines.askedAt = undefined
    this.#more = false
    // What comes after the end was decided comes too late.
    if (this.#outcome === undefined) {
      if ('error' in answer) this.#outcome = { reason: 'error', error: answer.error }
      else if (answer.done) this.#outcome = this.#endOf(answer.value)
      else this.#take(answer.value, values)
    }
    this.#react(now(), true)
  }

  #endOf(value: unknown): Outcome {
    if (!(value instanceof Ended)) return { reason: 'done', final: value }
    this.#told = true
    return value
  }

  #take(value: T, values: number): void {
    this.#values += values
    try {
      if (value instanceof Identified) {
        this.#outbox.take(value.value as T, value.id)
        this.#more = value.more && !this.#outbox.full
      } else this.#outbox.take(value)
    } catch (error) {
      this.#outcome = { reason: 'error', error }
    }
  }

  /**
   * One of the two ends has moved: does what can be done now.
   *
   * @param isNews The source has said something: what is due soon is shown with it.
   */
  #react(at: number, isNews: boolean = false): void {
    if (this.#wake) return this.#wake()
    if (this.#ahead && this.#wanted) this.#approach(at)
    while (this.#wanted && !this.#drawing && !this.#over && this.#served(at, isNews));
    if (this.#mayAsk(at)) this.#ask(at)
  }

  /** The moment comes near when somebody may be shown what the source has read ahead. */
  #approach(at: number): void {
    if (at >= this.#pace.latestAt) return this.#catchUp()
    this.#reader.want(this.#pace.earlyAt)
    this.#deadlines.ring(this.#pace.latestAt)
  }

  /** Takes what the source has read ahead; with nothing, the next value is told at once. */
  #catchUp(): void {
    if (!this.#ahead) return
    this.#ahead = false
    this.#reader.want()
  }

  /** The next thing for a reader who wants one; false when there is none now. */
  #served(at: number, isNews: boolean): boolean {
    if (!this.#pieces.empty) this.#send(at)
    else if (this.#outcome !== undefined) void this.#finish()
    else if (this.#outbox.empty || this.#more) return false
    else if (!this.#outbox.full && at < (isNews ? this.#pace.earlyAt : this.#pace.latestAt)) {
      this.#deadlines.ring(this.#pace.latestAt)
      return false
    } else this.#draw(at)
    return true
  }

  #draw(at: number): void {
    try {
      const piece = this.#outbox.next(this.#report)
      if (typeof piece === 'string' || piece instanceof Uint8Array) return this.#drawn(piece, at)
      this.#drawing = true
      piece.then(
        (made) => {
          this.#drawing = false
          if (this.#over) return
          const madeAt = now()
          this.#drawn(made, madeAt)
          this.#react(madeAt)
        },
        (error: unknown) => this.#failed(error),
      )
    } catch (error) {
      this.#failed(error)
    }
  }

  /** @param at When the drawing began, as far as it kept anybody waiting. */
  #drawn(piece: Chunk, at: number): void {
    this.#pace.sent(at, this.#values - this.#valuesSent)
    this.#valuesSent = this.#values
    this.#pieces.add(piece)
    if (!this.#pieces.empty) this.#send(at)
  }

  #failed(error: unknown): void {
    if (this.#over) return
    this.#outcome = { reason: 'error', error }
    void this.#finish()
  }

  /** Says what still waits, and how the stream ends, all in one. */
  async #finish(): Promise<void> {
    this.#drawing = true
    const outbox = this.#outbox
    try {
      // A failure of the outbox itself leaves it empty.
      while (!outbox.empty) this.#pieces.add(await outbox.next(this.#report))
      const { failure } = outbox
      if (failure && this.#outcome!.reason === 'done')
        this.#outcome = { ...this.#outcome!, ...failure, reason: 'error' }
    } catch (error) {
      if (this.#outcome!.reason === 'error') reportFailure(error, this.#options)
      else this.#outcome = { reason: 'error', error }
    }
    const last = this.#over ? undefined : await this.#terminal(this.#outcome!)
    this.#drawing = false
    if (this.#over) return
    const { reason, error } = this.#outcome!
    if (last === undefined) {
      this.#sink!.cut(new Error(`The stream was cut: ${reason}.`))
      return this.#end(reason, error)
    }
    this.#pieces.add(last)
    this.#closing = true
    if (!this.#pieces.empty) this.#send(now())
    else this.#end(reason, error)
  }

  /** The last piece; nothing when this wire has none, or it cannot be made. */
  async #terminal({ reason, error, final, seen }: Outcome): Promise<Chunk | undefined> {
    const told = reason === 'error' ? (seen ?? reportFailure(error, this.#options)) : undefined
    try {
      return await this.#outbox.terminal({ reason, final, error: told })
    } catch (failure) {
      // The failure of a terminal is one more terminal, and the last try.
      const second = reportFailure(failure, this.#options)
      if (reason === 'error') return undefined
      this.#outcome = { reason: 'error', error: failure }
      try {
        return await this.#outbox.terminal({ reason: 'error', error: second })
      } catch {
        return undefined
      }
    }
  }

  #send(at: number): void {
    this.#deadlines.spokeAt = at
    do {
      const piece = this.#pieces.take()
      this.#bytes += this.#sink!.write(piece, this.#closing && this.#pieces.empty)
      this.#frames += 1
      this.#wanted = this.#sink!.ready
    } while (this.#wanted && !this.#pieces.empty)
    if (this.#wanted) this.#pace.wanted(at, true)
    else this.#deadlines.handedAt = at
    if (this.#closing && this.#pieces.empty) {
      this.#end(this.#outcome!.reason, this.#outcome!.error)
    } else if (this.#bytes >= this.#options.limits.maxOutputBytes) {
      this.#outcome ??= { reason: 'limit' }
    }
  }

  /** Before the reader has come once nothing is read ahead: he may never come. */
  #mayAsk(at: number): boolean {
    if (this.#over || this.#outcome !== undefined || this.#sink === undefined) return false
    const { empty, full } = this.#outbox
    if (this.#reader.asked || full) return false
    const { asks, frameMs } = this.#options
    if (asks === 'ahead' || this.#more) return true
    if (!this.#wanted || asks !== 'on time') return this.#wanted && (empty || frameMs !== 0)
    if (!empty) return false
    if (this.#pace.latestAt <= at) return true
    this.#deadlines.ring(this.#pace.latestAt)
    return false
  }

  #ask(at: number): void {
    // The first frame must reach the socket before a source that never waits goes on.
    const others = turn(this.#frames > 0 && !this.#gaveWay)
    this.#gaveWay = this.#frames > 0
    if (others === undefined) this.#askNow(at)
    else void others.then(() => this.#mayAsk(now()) && this.#askNow(now()))
  }

  #askNow(at: number): void {
    this.#deadlines.askedAt = at
    const { earlyAt } = this.#pace
    const isSoon = this.#wanted && at >= earlyAt
    const { asks } = this.#options
    this.#ahead = asks === 'ahead' && !isSoon && this.#frames > 0 && this.#outbox.states === true
    if (!this.#ahead) return this.#reader.ask()
    if (this.#wanted) this.#deadlines.ring(this.#pace.latestAt)
    this.#reader.ask(this.#wanted ? earlyAt : Infinity)
  }

  #rung(): void {
    const at = now()
    const deadlines = this.#deadlines
    if (deadlines.isStalled(at)) return this.#dropReader()
    const isOver = deadlines.isOver(at)
    // What was read ahead is a sign of life, too, and belongs to what is shown at the end.
    if (isOver || deadlines.isSilent(at)) this.#catchUp()
    if (isOver) this.#outcome ??= { reason: 'limit' }
    if (deadlines.isSilent(at)) this.#outcome ??= { reason: 'timeout' }
    // The reader waits while we do, so a heartbeat never queues behind a stalled write.
    const idle = this.#wanted && !this.#drawing && this.#outcome === undefined && this.#outbox.empty
    if (idle && at >= deadlines.spokeAt + this.#beatMs) this.#beat()
    this.#react(at)
    this.#watch()
  }

  #beat(): void {
    try {
      const piece = this.#outbox.heartbeat?.()
      if (piece !== undefined) this.#pieces.add(piece)
    } catch (error) {
      this.#outcome = { reason: 'error', error }
    }
  }

  /** Time between two signs of life. */
  get #beatMs(): number {
    const { heartbeatMs } = this.#options
    return heartbeatMs !== false && this.#outbox?.heartbeat ? heartbeatMs : Infinity
  }

  #watch(): void {
    if (!this.#over) this.#deadlines.watch(this.#beatMs, this.#outcome !== undefined)
  }

  /** Nobody waits for ever for a reader who does not come back. */
  #dropReader(): void {
    const { log, route, client } = this.#options
    log.warn({ route }, 'a reader stood still for too long and was dropped')
    if (!client.drop) this.#sink?.cut(new Error('The reader stood still for too long.'))
    this.#end('timeout')
    if (this.#sink) client.drop?.()
  }

  #end(reason: EndReason, error?: unknown): void {
    if (this.#over) return
    this.#over = true
    const { onEnd, seat, route, log } = this.#options
    const final = this.#outcome?.final
    this.#forgetClient?.()
    this.#deadlines.clear()
    this.#pieces.clear()
    // First the signal, which reaches into a waiting model call; then the generator, which may never hear it.
    if (!this.#reader.exhausted) this.#abort.abort()
    this.#wake?.()
    this.#sink?.close()
    void this.#reader
      .close(
        () =>
          log.warn(
            { route },
            'a source was told to stop 5 s ago and still runs: pass its signal to what it waits for',
          ),
        (failure) => log.error({ route, err: failure }, 'a source failed while it was closed'),
      )
      .then(() => seat?.free())
    const end: StreamEnd = {
      reason,
      ...(error === undefined ? {} : { error }),
      ...(final === undefined ? {} : { final }),
      ...(this.#failures === 0 ? {} : { failed: this.#failures }),
      values: this.#values,
      frames: this.#frames,
      bytes: this.#bytes,
      durationMs: Math.round(now() - this.#deadlines.startedAt),
    }
    seat?.left(end)
    const { values, frames, bytes, durationMs: ms } = end
    callHook(
      () => {
        log.info({ route, reason, values, frames, bytes, ms }, 'stream ended')
        return onEnd?.(end)
      },
      (failure) => log.error({ route, err: failure }, 'onEnd of a stream failed'),
    )
  }
}
