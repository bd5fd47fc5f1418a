import { after } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { EndReason, StreamEnd } from './event-stream.ts'
import { toPublicError } from './failure.ts'
import { open, type Source } from './source.ts'
import type { PublicError, Wire } from './wire.ts'

/** How long the first value may decide about the status before the headers go out without it. */
const FIRST_VALUE_MS = 250
/** After this long, a source that was told to stop and did not is named in the log. */
const TEARDOWN_MS = 5_000

const encoder = new TextEncoder()

export interface DriverOptions<T> {
  readonly source: Source<T>
  /** Aborts when the client leaves: seen also while there is no body to cancel yet. */
  readonly client: AbortSignal
  readonly lastEventId: string | undefined
  /** What the log calls this stream. */
  readonly route: string
  readonly log: Log
  readonly expose: boolean
  readonly onEnd: ((end: StreamEnd) => void) | undefined
}

/**
 * Owns one stream from its first value to its teardown. It pulls: nothing is asked of the source before the reader
 * wants it, and one value is in flight at most.
 *
 * Ends    exactly once, by itself, by a failure, when the client leaves or when it is stopped; the source is told at
 *         once and never waited for: a generator that hangs in an `await` cannot be interrupted, only left.
 */
export class Driver<T> {
  readonly #options: DriverOptions<T>
  readonly #abort = new AbortController()
  readonly #startedAt = performance.now()
  #iterator: AsyncIterator<T> | Iterator<T> | undefined
  /** What the source has answered and nobody has taken yet. */
  #answer: IteratorResult<T, unknown> | { readonly error: unknown } | undefined
  #asked = false
  #exhausted = false
  #stopped: EndReason | undefined
  #over = false
  #wake: (() => void) | undefined
  #first: string | undefined
  #values = 0
  #bytes = 0
  readonly #clientLeft = (): void => this.#end('cancel')

  constructor(options: DriverOptions<T>) {
    this.#options = options
    if (options.client.aborted) this.#end('cancel')
    else options.client.addEventListener('abort', this.#clientLeft)
  }

  /**
   * Starts the source and waits for its first value, 250 ms at most; the value is spelt here too.
   *
   * Throws  what the source throws until then, or the wire over that value, so that it can still become an HTTP status.
   */
  async start(wire: Wire<T>): Promise<void> {
    let cancel: (() => void) | undefined
    const late = new Promise<void>((resolve) => {
      cancel = after(FIRST_VALUE_MS, resolve)
    })
    await Promise.race([this.#answered(), late])
    cancel!()
    try {
      this.#first = await this.#spelt(wire)
    } catch (error) {
      this.#end('error', error)
      throw error
    }
  }

  /** The values themselves, for an answer that is sent whole. Throws what the source throws. */
  async *values(): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        await this.#answered()
        if (this.#over) return
        const answer = this.#take()
        if (answer === undefined) continue
        if ('error' in answer) throw answer.error
        if (answer.done) return this.#end('stop')
        yield answer.value
      }
    } catch (error) {
      this.#end('error', error)
      throw error
    } finally {
      this.#end('cancel')
    }
  }

  /** The stream as bytes. Never errors: what goes wrong is said in the terminal. */
  body(wire: Wire<T>, heartbeatMs: number | false): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          let reason: EndReason = 'stop'
          let failure: unknown
          try {
            const text = await this.#next(wire, heartbeatMs)
            if (text !== undefined && !this.#over) return this.#send(controller, text)
            reason = this.#stopped ?? 'stop'
          } catch (error) {
            reason = 'error'
            failure = error
          }
          // Over already means that the reader has left: nobody is there to be told.
          if (!this.#over)
            this.#send(controller, wire.terminal(reason, this.#report(reason, failure)))
          closeQuietly(controller)
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

  /** Whether the source has answered; false when `patienceMs` passed first. Asks the source only once at a time. */
  async #answered(patienceMs: number | false = false): Promise<boolean> {
    if (this.#answer !== undefined || this.#over) return true
    if (!this.#asked) {
      this.#asked = true
      // No promise is kept and raced against for each value: the one waiter is woken.
      void this.#ask().then((answer) => {
        this.#answer = answer
        this.#wake?.()
      })
    }
    let late = false
    await new Promise<void>((resolve) => {
      const cancel =
        patienceMs === false
          ? undefined
          : after(patienceMs, () => {
              late = true
              this.#wake?.()
            })
      this.#wake = () => {
        cancel?.()
        this.#wake = undefined
        resolve()
      }
    })
    return !late
  }

  async #ask(): Promise<IteratorResult<T, unknown> | { readonly error: unknown }> {
    try {
      const { source, lastEventId } = this.#options
      this.#iterator ??= await open(source, { signal: this.#abort.signal, lastEventId })
      if (!this.#over) return await this.#iterator.next()
      // The client left while the source was being opened.
      this.#close(this.#iterator)
      return { done: true, value: undefined }
    } catch (error) {
      return { error }
    }
  }

  /** The next text of the body; nothing at its end. A heartbeat when the source is silent for too long. */
  async #next(wire: Wire<T>, heartbeatMs: number | false): Promise<string | undefined> {
    const first = this.#first
    this.#first = undefined
    if (first) return first
    while (!this.#over && !this.#exhausted && this.#stopped === undefined) {
      // The reader waits while we do, so a heartbeat never queues behind a stalled write.
      if (!(await this.#answered(heartbeatMs))) return wire.heartbeat()
      const text = await this.#spelt(wire)
      if (text) return text
    }
    return undefined
  }

  /** What the source has answered as text of the body; nothing when it has not answered, or has ended. */
  #spelt(wire: Wire<T>): string | Promise<string> | undefined {
    const answer = this.#take()
    if (answer === undefined) return undefined
    if ('error' in answer) throw answer.error
    return answer.done ? undefined : wire.value(answer.value)
  }

  #take(): IteratorResult<T, unknown> | { readonly error: unknown } | undefined {
    const answer = this.#answer
    if (answer === undefined) return undefined
    this.#answer = undefined
    this.#asked = false
    if ('error' in answer || answer.done) this.#exhausted = true
    else this.#values += 1
    return answer
  }

  #send(controller: ReadableStreamDefaultController<Uint8Array>, text: string): void {
    const bytes = encoder.encode(text)
    this.#bytes += bytes.byteLength
    controller.enqueue(bytes)
  }

  /** The cause goes into the log, what a client may know of it is returned. */
  #report(reason: EndReason, error: unknown): PublicError | undefined {
    if (reason !== 'error') return undefined
    const { route, log, expose } = this.#options
    const seen = toPublicError(error, expose)
    const message = error instanceof Error ? error.message : String(error)
    log.error({ route, id: seen.id, code: seen.code, err: error }, `stream failed: ${message}`)
    return seen
  }

  #end(reason: EndReason, error?: unknown): void {
    if (this.#over) return
    this.#over = true
    const { client, onEnd, route, log } = this.#options
    client.removeEventListener('abort', this.#clientLeft)
    if (!this.#exhausted) {
      // First the signal, which reaches into a waiting model call; then the generator, which may never hear it.
      this.#abort.abort()
      if (this.#iterator) this.#close(this.#iterator)
    }
    this.#wake?.()
    const durationMs = Math.round(performance.now() - this.#startedAt)
    const end: StreamEnd = {
      reason,
      ...(error === undefined ? {} : { error }),
      values: this.#values,
      bytes: this.#bytes,
      durationMs,
    }
    log.debug({ route, reason, values: end.values, bytes: end.bytes, durationMs }, 'stream ended')
    try {
      onEnd?.(end)
    } catch (failure) {
      log.error({ route, err: failure }, 'onEnd of a stream failed')
    }
  }

  #close(iterator: AsyncIterator<T> | Iterator<T>): void {
    const { route, log } = this.#options
    const cancel = after(TEARDOWN_MS, () => {
      log.warn(
        { route },
        'a source was told to stop 5 s ago and still runs: pass its signal to what it waits for',
      )
    })
    Promise.resolve()
      .then(() => iterator.return?.())
      .catch((error: unknown) =>
        log.error({ route, err: error }, 'a source failed while it was closed'),
      )
      .finally(cancel)
  }
}

function closeQuietly(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close()
  } catch {
    // Cancelled by its reader: closed already.
  }
}
