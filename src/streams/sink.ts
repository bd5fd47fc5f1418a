import { encodeText } from '../shared/encode-text.ts'
import type { Chunk } from './wire.ts'

/**
 * Where the pieces of one stream go. Whoever cannot take more says so, and comes back when he can: nothing is sent to him
 * meanwhile, and what he gets then is the newest state.
 */
export interface Sink {
  /**
   * Takes a piece. Out: its size in bytes.
   *
   * @param isLast The body is closed right after it.
   */
  write(piece: Chunk, isLast: boolean): number
  /** It would take more now; else it calls back when it does. */
  readonly ready: boolean
  /** The end of the body. */
  close(): void
  /** The body ends here, and nobody may take it for whole. */
  cut(error: Error): void
}

/** Whose pieces go into a sink. */
export interface Writer {
  /** The sink would take more. */
  wanted(sink: Sink): void
  /** Nobody will read the rest. */
  leave(): void
}

/** A web stream as a sink: it wants more whenever it is pulled, and then one piece. */
export class BodySink implements Sink {
  readonly body: ReadableStream<Uint8Array>
  readonly ready = false
  #controller!: ReadableStreamDefaultController<Uint8Array>

  constructor(writer: Writer) {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => writer.wanted(this),
        cancel: () => writer.leave(),
      },
      // With the default of 1 the source would start before anybody reads, and would never hear that nobody did.
      { highWaterMark: 0 },
    )
  }

  write(piece: Chunk): number {
    const bytes = typeof piece === 'string' ? encodeText(piece) : piece
    this.#controller.enqueue(bytes)
    return bytes.byteLength
  }

  close(): void {
    try {
      this.#controller.close()
    } catch {
      // Cancelled by its reader, or cut: closed already.
    }
  }

  cut(error: Error): void {
    this.#controller.error(error)
  }
}
