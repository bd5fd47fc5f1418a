import { withId } from '../sse/sse.ts'
import type { EndEvent, PublicError } from './end.ts'
import type { Chunk, Encoder } from './encoder.ts'

/** Writes a failure to the log, and gives what the client may know of it. */
export type Report = (error: unknown) => PublicError

/**
 * What lies between a source and a client: values are pushed as they come, frames are flushed when the client takes one.
 * A buffer decides what of the values the client still has to get.
 */
export interface StreamBuffer<T> {
  /** Nothing waits to be sent. */
  readonly isEmpty: boolean
  /** So much waits that the source has to wait, too. */
  readonly isFull: boolean
  /** What comes before the first value. */
  start?(): Chunk
  /** @param id Where a client that has this value goes on when it comes back. */
  push(value: T, id?: string): void
  /**
   * All that waits, or the next part of it.
   *
   * @param report For a failure that does not end the stream.
   */
  flush(report: Report): Chunk | Promise<Chunk>
  /** What the client does not see because it failed: a stream that ends with that has failed. */
  readonly failure?: { readonly error: unknown; readonly publicError: PublicError } | undefined
  /** The last chunk; `undefined` when the body has to be cut instead. */
  end(event: EndEvent): Chunk | undefined | Promise<Chunk | undefined>
  heartbeat?(): Chunk
}

/** Sends each value in its order, one a frame, as the encoder spells it. */
export class ValueBuffer<T> implements StreamBuffer<T> {
  readonly #encoder: Encoder<T>
  readonly #waiting: { readonly value: T; readonly id: string | undefined }[] = []
  /** Not said yet; it goes with data, because clients skip an event that holds nothing else. */
  #retryMs: number | undefined
  declare readonly start?: () => Chunk
  declare readonly heartbeat?: () => Chunk

  /** @param retryMs After how long a client that was cut off comes back. */
  constructor(encoder: Encoder<T>, retryMs?: number) {
    this.#encoder = encoder
    this.#retryMs = retryMs
    if (encoder.start) this.start = () => this.#withRetry(encoder.start!())
    if (encoder.heartbeat) this.heartbeat = () => encoder.heartbeat!()
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  get isFull(): boolean {
    return !this.isEmpty
  }

  push(value: T, id?: string): void {
    this.#waiting.push({ value, id })
  }

  async flush(): Promise<Chunk> {
    const { value, id } = this.#waiting.shift()!
    const chunk = this.#withRetry(await this.#encoder.value(value))
    return id === undefined || typeof chunk !== 'string' ? chunk : withId(chunk, id)
  }

  async end(event: EndEvent): Promise<Chunk | undefined> {
    const chunk = await this.#encoder.end(event)
    return chunk === undefined ? undefined : this.#withRetry(chunk)
  }

  #withRetry(chunk: Chunk): Chunk {
    const retryMs = this.#retryMs
    if (retryMs === undefined || typeof chunk !== 'string' || chunk === '') return chunk
    this.#retryMs = undefined
    return `retry: ${retryMs}\n${chunk}`
  }
}
