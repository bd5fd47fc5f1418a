import type { Context } from 'hono'
import { ConfigError, InputError } from '../shared/errors.ts'
import type { Limits } from '../shared/limits.ts'
import type { Log } from '../shared/log.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { withContext } from '../templates/engine.ts'
import type { Updates, Backpressure } from '../streams/event-stream.ts'
import type { Client } from '../streams/stream.ts'

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

const settingsBy = new WeakMap<object, Settings>()

/** Stores what a request is served with, or what a middleware works with, under the object itself. */
export function storeSettings(owner: object, settings: Settings): void {
  settingsBy.set(owner, settings)
}

/** The settings stored for a request or a middleware, if any. */
export function storedSettings(owner: object): Settings | undefined {
  return settingsBy.get(owner)
}

/**
 * The settings of the middleware before this route.
 *
 * Throws  ConfigError `config/middleware-missing`.
 */
export function settingsOf(c: Context): Settings {
  const settings = settingsBy.get(c)
  if (settings) return settings
  throw new ConfigError(
    'config/middleware-missing',
    `${c.req.method} ${c.req.path} needs swapstream, but no such middleware runs before it.`,
    { hint: "Add app.use(swapstream({ templates: 'templates' })) before the route." },
  )
}

/** The engine for one request, with the variables that all its templates see. */
export function engineFor(c: Context, { engine, context }: Settings): TemplateEngine {
  return context ? withContext(engine, context(c)) : engine
}

/**
 * Keeps event streams to the methods that the app allows. HEAD counts as GET.
 *
 * Throws  InputError `input/method`: 405, with the methods that are allowed.
 */
export function checkSseMethod(c: Context, { sseMethods }: Settings): void {
  const method = c.req.method === 'HEAD' ? 'GET' : c.req.method
  if (sseMethods === undefined || sseMethods.includes(method)) return
  throw new InputError('input/method', `${method} ${c.req.path} would answer an event stream.`, {
    hint: `Event streams answer to ${sseMethods.join(' and ')} only here (sseMethods).`,
    allow: sseMethods,
  })
}
