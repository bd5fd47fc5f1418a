import type { Enter } from '../base/async-context.ts'
import { callHook } from '../base/call-hook.ts'
import { after, now, turn } from '../base/clock.ts'
import type { Limits } from '../base/limits.ts'
import type { Log } from '../base/log.ts'
import { reportFailure, unfinished } from './failure.ts'
import type { Source } from './source.ts'
import { SourceReader } from './source-reader.ts'
import type { EndReason, StreamEnd } from './stream-end.ts'
import type { Piece, Wire } from './wire.ts'

/** How long the first value may decide about the status before the headers go out without it. */
const FIRST_VALUE_MS = 250

const encoder = new TextEncoder()

export interface DriverOptions<T> {
  readonly source: Source<T>
  readonly enter: Enter
  /** Aborts when the client leaves: seen also while there is no body to cancel yet. */
  readonly client: AbortSignal
  /** Calls back when the connection is gone, for those who leave before their answer has its turn. */
  readonly onLeave: ((run: () => void) => () => void) | undefined
  /** Cuts the connection of a reader who stands still; a body alone cannot do that. */
  readonly drop: (() => void) | undefined
  readonly lastEventId: string | undefined
  /** What the log calls this stream. */
  readonly route: string
  readonly log: Log
  readonly expose: boolean
  readonly heartbeatMs: number | false
  readonly limits: Limits
  readonly onError: ((error: unknown) => void) | undefined
  readonly onEnd: (end: StreamEnd) => unknown
}

/**
 * Owns one stream from its first value to its teardown. It pulls: nothing is asked of the source before the reader
 * wants it, and one value is in flight at most, so a slow reader holds the source and never a queue.
 *
 * Ends    exactly once: by itself, by a failure, a limit or a deadline, when the client leaves or when it is stopped.
 *         The source is told at once and never waited for: a generator that hangs cannot be interrupted, only left.
 * Cost    a timer while it waits for the source, one while it waits for the reader, one for its longest life.
 */
export class Driver<T> {
  readonly #options: DriverOptions<T>
  readonly #abort = new AbortController()
  readonly #reader: SourceReader<T>
  readonly #startedAt = now()
  #forgetClient: (() => void) | undefined
  #cancelLife: (() => void) | undefined
  #cancelSend: (() => void) | undefined
  #wake: (() => void) | undefined
  #askedAt: number | undefined
  /** Spelt already, before anybody read. */
  readonly #prepared: Piece[] = []
  #final: unknown
  #stopped: EndReason | undefined
  #over = false
  #values = 0
  #frames = 0
  #bytes = 0
  #settle!: () => void
  /** Resolves when the teardown of the source has run, or was given up. */
  readonly settled: Promise<void> = new Promise((resolve) => (this.#settle = resolve))
  readonly #clientLeft = (): void => this.#end('cancel')

  constructor(options: DriverOptions<T>) {
    const { source, enter, lastEventId, client } = options
    this.#options = options
    this.#reader = new SourceReader({
      source,
      enter,
      context: { signal: this.#abort.signal, lastEventId },
      onAnswer: () => this.#wake?.(),
    })
    if (client.aborted) this.#end('cancel')
    else {
      client.addEventListener('abort', this.#clientLeft)
      this.#forgetClient = options.onLeave?.(this.#clientLeft)
    }
  }

  /**
   * Starts the source and waits for its first value, 250 ms at most; the value is spelt here too.
   *
   * Throws  what the source throws until then, or the wire over that value, so that it can still become an HTTP status.
   *
   * @param patient False to wait for nothing: then the status goes out at once.
   */
  async start(wire: Wire<T>, patient: boolean = true): Promise<void> {
    this.#live()
    try {
      if (wire.start) this.#prepared.push(wire.start())
      if (patient) {
        const cancel = after(FIRST_VALUE_MS, () => this.#wake?.())
        await this.#answered(false)
        cancel()
        const first = await this.#spelt(wire)
        if (first) this.#prepared.push(first)
      }
      // A body that somebody replaced on its way is never read, and nobody says so.
      this.#expectReader(() => {})
    } catch (error) {
      this.#end('error', error)
      throw error
    }
  }

  /** The values themselves, for an answer that is sent whole; ends early at a limit. Throws what the source throws. */
  async *values(): AsyncGenerator<T, void, undefined> {
    this.#live()
    try {
      while (!this.#over && this.#stopped === undefined) {
        await this.#answered(false)
        const answer = this.#reader.take()
        if (answer === undefined) continue
        if ('error' in answer) throw answer.error
        if (answer.done) return this.#end('stop')
        this.#values += 1
        yield answer.value
      }
      if (this.#stopped !== undefined) throw unfinished(this.#stopped)
    } catch (error) {
      this.#end('error', error)
      throw error
    } finally {
      this.#end(this.#stopped ?? 'cancel')
    }
  }

  /** The stream as bytes. What goes wrong is said in the terminal; only a wire that cannot say it has its body cut. */
  body(wire: Wire<T>): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          this.#cancelSend?.()
          await turn()
          let reason: EndReason = 'stop'
          let failure: unknown
          let last: Piece | undefined
          try {
            const piece = await this.#next(wire)
            if (piece !== undefined && !this.#over) return this.#send(controller, piece)
            reason = this.#stopped ?? 'stop'
            // Over already means that the reader has left: nobody is there to be told.
            if (!this.#over) last = await wire.terminal({ reason, final: this.#final })
          } catch (error) {
            reason = 'error'
            failure = error
            if (!this.#over) last = await this.#failed(wire, error)
          }
          this.#close(controller, last, reason)
          this.#end(reason, failure)
        },
        cancel: () => this.#end('cancel'),
      },
      // With the default of 1 the source would start before anybody reads, and would never hear that nobody did.
      { highWaterMark: 0 },
    )
  }

  /** Ends the stream from outside: the reader gets the terminal with this reason. */
  stop(reason: EndReason): void {
    this.#stopped ??= reason
    this.#wake?.()
  }

  /**
   * Waits until the source has answered or the stream is stopped; false when it was silent for long enough that a
   * reader should see a sign of life. A source that is silent for too long stops the stream.
   */
  async #answered(heartbeatMs: number | false): Promise<boolean> {
    if (this.#reader.ready || this.#over || this.#stopped !== undefined) return true
    this.#askedAt ??= now()
    const silence = this.#options.limits.idleSourceMs - (now() - this.#askedAt)
    const beat = heartbeatMs === false ? Infinity : heartbeatMs
    let late = false
    await new Promise<void>((resolve) => {
      const cancel = after(Math.max(0, Math.min(silence, beat)), () => {
        if (silence <= beat) return this.stop('timeout')
        late = true
        this.#wake?.()
      })
      this.#wake = () => {
        cancel()
        this.#wake = undefined
        resolve()
      }
      this.#reader.ask()
    })
    return !late
  }

  /** The next piece of the body; nothing at its end. A heartbeat when the source is silent for a while. */
  async #next(wire: Wire<T>): Promise<Piece | undefined> {
    const { limits } = this.#options
    const heartbeatMs = wire.heartbeat ? this.#options.heartbeatMs : false
    const prepared = this.#prepared.shift()
    if (prepared !== undefined) return prepared
    while (!this.#over && !this.#reader.exhausted && this.#stopped === undefined) {
      if (this.#bytes >= limits.maxOutputBytes) {
        this.stop('limit')
        continue
      }
      // The reader waits while we do, so a heartbeat never queues behind a stalled write.
      if (!(await this.#answered(heartbeatMs))) return wire.heartbeat!()
      const piece = await this.#spelt(wire)
      if (piece) return piece
    }
    return undefined
  }

  /** What the source has answered as a piece of the body; nothing when it has not answered, or has ended. */
  #spelt(wire: Wire<T>): Piece | Promise<Piece> | undefined {
    const answer = this.#reader.take()
    if (answer === undefined) return undefined
    this.#askedAt = undefined
    if ('error' in answer) throw answer.error
    if (answer.done) {
      this.#final = answer.value
      return undefined
    }
    this.#values += 1
    return wire.value(answer.value)
  }

  #send(controller: ReadableStreamDefaultController<Uint8Array>, piece: Piece): void {
    const bytes = typeof piece === 'string' ? encoder.encode(piece) : piece
    this.#bytes += bytes.byteLength
    this.#frames += 1
    controller.enqueue(bytes)
    this.#expectReader(() => {
      const { drop } = this.#options
      if (drop) drop()
      else controller.error(new Error('The reader stood still for too long.'))
    })
  }

  /** The reader has to come back in time for what it was given, or for the body itself. */
  #expectReader(drop: () => void): void {
    if (this.#over) return
    const { log, route, limits } = this.#options
    this.#cancelSend = after(limits.sendTimeoutMs, () => {
      log.warn({ route }, 'a reader stood still for too long and was dropped')
      this.#end('timeout')
      drop()
    })
  }

  #live(): void {
    if (!this.#over)
      this.#cancelLife = after(this.#options.limits.maxDurationMs, () => this.stop('limit'))
  }

  /** The terminal of a failure; nothing when even that cannot be spelt. */
  async #failed(wire: Wire<T>, error: unknown): Promise<Piece | undefined> {
    const seen = reportFailure(error, this.#options)
    try {
      return await wire.terminal({ reason: 'error', error: seen })
    } catch (second) {
      reportFailure(second, this.#options)
      return undefined
    }
  }

  #close(
    controller: ReadableStreamDefaultController<Uint8Array>,
    last: Piece | undefined,
    reason: EndReason,
  ): void {
    if (!this.#over) {
      if (last === undefined) return controller.error(new Error(`The stream was cut: ${reason}.`))
      if (last !== '') this.#send(controller, last)
      // The body closes behind it, and is not pulled again.
      this.#cancelSend?.()
    }
    try {
      controller.close()
    } catch {
      // Cancelled by its reader: closed already.
    }
  }

  #end(reason: EndReason, error?: unknown): void {
    if (this.#over) return
    this.#over = true
    const { client, onEnd, route, log } = this.#options
    client.removeEventListener('abort', this.#clientLeft)
    this.#forgetClient?.()
    this.#cancelLife?.()
    this.#cancelSend?.()
    // First the signal, which reaches into a waiting model call; then the generator, which may never hear it.
    if (!this.#reader.exhausted) this.#abort.abort()
    this.#wake?.()
    void this.#reader
      .close(
        () =>
          log.warn(
            { route },
            'a source was told to stop 5 s ago and still runs: pass its signal to what it waits for',
          ),
        (failure) => log.error({ route, err: failure }, 'a source failed while it was closed'),
      )
      .then(this.#settle)
    const end: StreamEnd = {
      reason,
      ...(error === undefined ? {} : { error }),
      values: this.#values,
      frames: this.#frames,
      bytes: this.#bytes,
      durationMs: Math.round(now() - this.#startedAt),
    }
    callHook(
      () => onEnd(end),
      (failure) => log.error({ route, err: failure }, 'onEnd of a stream failed'),
    )
  }
}
