import { withId } from '../sse/sse.ts'
import type { PublicError } from '../shared/errors.ts'
import type { EndEvent, Outcome } from './end.ts'
import { reportFailure, type FailureListeners } from './failure.ts'
import { checkChunk, type Chunk, type Encoder } from './encoder.ts'

/** Writes a failure to the log, and returns what the client may know of it. */
export type Report = (error: unknown) => PublicError

/**
 * Decides what a client still has to get: values are pushed as they come, frames are flushed when the client takes one.
 */
export interface StreamBuffer<T> {
  /** True when nothing waits to be sent. */
  readonly isEmpty: boolean
  /** True when so much waits that the source has to wait, too. */
  readonly isFull: boolean
  /** Text before the first value. */
  start?(): Chunk
  /** @param id Where a client that has this value goes on when it comes back. */
  push(value: T, id?: string): void
  /**
   * All that waits, or the next part of it.
   *
   * @param report For a failure that does not end the stream.
   */
  flush(report: Report): Chunk | Promise<Chunk>
  /** True when it sends states of something that goes on, such as a feed. */
  readonly isFeed?: boolean
  /** Why the client does not see the newest value: a stream that ends with that has failed. */
  readonly failure?: { readonly error: unknown; readonly publicError: PublicError } | undefined
  /** The last chunk; `undefined` when the body has to be cut instead. */
  end(event: EndEvent): Chunk | undefined | Promise<Chunk | undefined>
  heartbeat?(): Chunk
}

/** Sends each value in its order, one a frame, as the encoder writes it. */
export class ValueBuffer<T> implements StreamBuffer<T> {
  readonly #encoder: Encoder<T>
  #waiting: { readonly value: T; readonly id: string | undefined } | undefined
  /** Undefined once it is sent; it goes with data, because clients skip an event that holds nothing else. */
  #retryMs: number | undefined
  declare readonly heartbeat?: () => Chunk

  /** @param retryMs After how long a client that was cut off comes back. */
  constructor(encoder: Encoder<T>, retryMs?: number) {
    this.#encoder = encoder
    this.#retryMs = retryMs
    if (encoder.heartbeat) this.heartbeat = () => checkChunk(encoder.heartbeat!(), 'heartbeat')
  }

  get isEmpty(): boolean {
    return this.#waiting === undefined
  }

  get isFull(): boolean {
    return !this.isEmpty
  }

  start(): Chunk {
    return this.#withRetry(checkChunk(this.#encoder.start?.() ?? '', 'start'))
  }

  push(value: T, id?: string): void {
    this.#waiting = { value, id }
  }

  async flush(): Promise<Chunk> {
    const { value, id } = this.#waiting!
    this.#waiting = undefined
    const chunk = this.#withRetry(checkChunk(await this.#encoder.value(value, id), 'value'))
    return id === undefined || typeof chunk !== 'string' ? chunk : withId(chunk, id)
  }

  async end(event: EndEvent): Promise<Chunk | undefined> {
    const chunk = await this.#encoder.end(event)
    return chunk === undefined ? undefined : this.#withRetry(checkChunk(chunk, 'end'))
  }

  #withRetry(chunk: Chunk): Chunk {
    const retryMs = this.#retryMs
    if (retryMs === undefined || typeof chunk !== 'string' || chunk === '') return chunk
    this.#retryMs = undefined
    return `retry: ${retryMs}\n${chunk}`
  }
}

/** Last chunks of a body, undefined when it has to be cut; and how the stream has ended after all. */
interface Last {
  readonly chunks: readonly Chunk[] | undefined
  readonly outcome: Outcome
}

/**
 * Makes the last chunks of a body: what still waits, and the end event, in one text where they are texts.
 *
 * @param reportPart For failures of a part, which does not end the stream.
 * @param listeners For the failure that does: what fails here fails the stream.
 */
export async function lastChunks<T>(
  buffer: StreamBuffer<T>,
  decided: Outcome,
  reportPart: Report,
  listeners: FailureListeners,
): Promise<Last> {
  const report: Report = (error) => reportFailure(error, listeners)
  const chunks: Chunk[] = []
  let outcome = decided
  try {
    // A failure of the buffer itself leaves it empty.
    while (!buffer.isEmpty) chunks.push(await buffer.flush(reportPart))
    // A failure that the client sees already is not reported again.
    const isSame = outcome.reason === 'error' && outcome.error === buffer.failure?.error
    if (buffer.failure && (isSame || outcome.reason === 'done'))
      outcome = { ...outcome, ...buffer.failure, reason: 'error' }
  } catch (error) {
    if (outcome.reason === 'error') report(error)
    else outcome = { reason: 'error', error }
  }
  return withEnd(chunks, buffer, outcome, report)
}

async function withEnd<T>(
  chunks: readonly Chunk[],
  buffer: StreamBuffer<T>,
  outcome: Outcome,
  report: Report,
): Promise<Last> {
  const { reason, final, publicError } = outcome
  const error = reason === 'error' ? (publicError ?? report(outcome.error)) : undefined
  try {
    const end = await buffer.end({ reason, final, error })
    if (end === undefined) return { chunks: undefined, outcome }
    const all = [...chunks, end]
    const isText = all.every((chunk) => typeof chunk === 'string')
    return { chunks: isText ? [all.join('')] : all, outcome }
  } catch (cause) {
    // The failure of an end event is one more end event, and the last try.
    if (reason !== 'error')
      return withEnd(chunks, buffer, { reason: 'error', error: cause }, report)
    report(cause)
    return { chunks: undefined, outcome }
  }
}
