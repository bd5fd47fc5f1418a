import type { Context } from 'hono'
import type { Limits } from '../shared/limits.ts'
import type { Log } from '../shared/log.ts'
import type { Backpressure, Updates } from '../streams/event-stream.ts'
import type { Client } from '../streams/stream.ts'
import type { TemplateEngine } from '../templates/engine.ts'

/** What the server knows about a request and its connection. */
export interface Connection extends Partial<Client> {
  /** The client's address, by which its streams are counted. */
  readonly address?: string
  /** It came over TLS to a proxy of ours. */
  readonly secure?: boolean
  /** The server it arrived at: streams of one server are stopped together. */
  readonly host?: object | undefined
}

/** A content coding for event streams. */
export interface ContentCoding {
  /** As in Accept-Encoding. */
  readonly name: string
  /** Each chunk of the body has to leave at once. */
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
