import type { Context } from 'hono'
import type { Limits } from '../shared/limits.ts'
import type { Log } from '../shared/log.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import type { Updates, Backpressure } from '../streams/event-stream.ts'
import type { Sink } from '../streams/sink.ts'

/** What only the server below knows about a request. */
export interface Connection {
  /** The client's address, by which its streams are counted. */
  readonly address?: string
  /** It came over TLS to a proxy of ours. */
  readonly secure?: boolean
  /** The server it arrived at: streams of one server are stopped together. */
  readonly host?: object | undefined
  /** Calls back when the connection is gone, at once when it was already; gives a function that no longer waits for that. */
  onLeave?(run: () => void): () => void
  /** Cuts the connection, for a reader who stands still. */
  drop?(): void
  /** The response of a stream, where the server below can send one without a web stream. */
  respond?(stream: Live, init: ResponseInit): Response | undefined
}

/** A stream that is ready to be sent, in one of two ways. */
export interface Live {
  /** Told of a sink that wants something, whenever it does. */
  wanted(sink: Sink): void
  /** A web stream that wants something whenever it is read. */
  body(): ReadableStream<Uint8Array>
}

/** A content coding for event streams. */
export interface ContentCoding {
  /** As in Accept-Encoding. */
  readonly name: string
  /** Each piece of the body has to leave at once. */
  readonly encode: (body: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>
}

/** What one middleware works with: its options with every default filled in. */
export interface Settings {
  readonly engine: TemplateEngine
  readonly log: Log
  readonly expose: boolean
  readonly allowedOrigins: readonly string[]
  readonly csp: string | false
  readonly heartbeatMs: number | false
  readonly updates: Updates
  readonly frameMs?: number | undefined
  readonly backpressure?: Backpressure | undefined
  readonly contentCoding?: ContentCoding | undefined
  readonly limits: Limits
  readonly sseMethods?: readonly string[]
  readonly context?: ((c: Context) => Readonly<Record<string, unknown>>) | undefined
  readonly connection: (c: Context) => Connection
}
