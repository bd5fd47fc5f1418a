import type { Context } from 'hono'
import { ConfigError, InputError } from '../shared/errors.ts'
import { errorMessage } from '../shared/hooks.ts'
import type { Limits } from '../shared/limits.ts'
import type { Log } from '../shared/log.ts'
import { completeTexts, english, type Texts } from '../shared/texts.ts'
import { withContext, type TemplateEngine } from '../templates/engine.ts'
import type { WaitUntil } from '../shared/async-context.ts'
import type { Updates, Backpressure } from '../streams/event-stream.ts'
import type { Client } from '../streams/options.ts'

/** The address of all clients whose own is not known: they count as one, and are in no network. */
export const UNKNOWN_ADDRESS = 'unknown'

/** The knowledge of the server about a request and its connection. */
export interface Connection extends Partial<Client> {
  /** The client's address, by which its streams are counted. Without one they are not. */
  readonly address?: string
  /** True for a request that came over TLS to a proxy of ours. */
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

/** The settings of an app. Everything but the engine has a safe default. */
export interface CoreOptions {
  readonly engine: TemplateEngine
  /** Where to write what happened. Default: nowhere in `swapstream/core`, standard error in `swapstream`. */
  readonly log?: Log
  /** Show causes to clients: for development. Default false; `swapstream` reads `NODE_ENV=development`. */
  readonly expose?: boolean
  /** Other origins whose pages may send requests, such as `https://app.example.com`. Default none. */
  readonly allowedOrigins?: readonly string[]
  /** Content-Security-Policy of pages, `false` for none. Default: everything from this origin only. */
  readonly csp?: string | false
  /**
   * Silence after which a stream sends a heartbeat, `false` or null for never. Default 15,000; 5,000 on Bun, which cuts
   * after 10 s.
   */
  readonly heartbeatMs?: number | false | null
  /** The content of a frame: `diff` has changed in a block, `full` the whole block each time. Default `diff`. */
  readonly updates?: Updates
  /**
   * Time between two frames of a stream of fragments; the first one leaves at once, and what comes meanwhile leaves
   * together. 0 for a frame a value. Default: 50, and 100 for a run that more than 100 subscribers show.
   */
  readonly frameMs?: number
  /** The pace of the source while the client reads nothing. Default `latest`, and `pause` with `frameMs: 0`. */
  readonly backpressure?: Backpressure
  /** How event streams are compressed, for clients that can read it. Default not at all. */
  readonly contentCoding?: ContentCoding
  /** The only methods that an event stream may answer: `['GET']` suits EventSource. Default all. */
  readonly sseMethods?: readonly string[]
  /** Differences from the default limits. */
  readonly limits?: Partial<Limits>
  /**
   * Variables that every template of a request sees, in pages, fragments and streams: `(c) => ({ user: c.get('user') })`.
   * Called when the handler has returned. The context of a page or fragment wins. A run is then rendered for each
   * subscriber, not once for all.
   */
  readonly context?: (c: Context) => Readonly<Record<string, unknown>>
  /**
   * The person behind a request, in one place: `ownerOf(c)` gives it, and so do the routes of runs. Undefined for a guest,
   * who is known by a random cookie. Called when something asks for the owner: `(c) => c.get('user')?.id`.
   */
  readonly owner?: (c: Context) => string | undefined
  /**
   * Other texts in place of the English ones, in part or all: a table such as `german`, or a function that chooses one for
   * a request, `(c) => (c.get('language') === 'de' ? german : {})`. Each client of a run sees its own. Let the function give
   * the same object for the same language, so that what is rendered can be shared.
   */
  readonly texts?: Partial<Texts> | ((c: Context) => Partial<Texts> | undefined)
  /** Gives the connection of a request. Default nothing; `swapstream` reads Node's socket. */
  readonly connection?: (c: Context) => Connection
  /** Keeps an isolate alive for the stream and the runs of a request. Default nothing; on Workers their own `waitUntil`. */
  readonly waitUntil?: (c: Context) => WaitUntil | undefined
}

/** The options that have a default. */
type Defaults =
  | 'log'
  | 'expose'
  | 'allowedOrigins'
  | 'csp'
  | 'heartbeatMs'
  | 'updates'
  | 'connection'

/** The options with their defaults filled in. */
export type Settings = CoreOptions &
  Required<Pick<CoreOptions, Defaults>> & {
    readonly limits: Limits
    /** The whole table of texts for a request. */
    readonly textsOf: (c: Context) => Texts
  }

/** The settings of each request, and of each middleware. */
export const settingsBy: WeakMap<object, Settings> = new WeakMap()

/** The settings of the middleware before this route. Throws  ConfigError `config/middleware-missing`. */
export function settingsOf(c: Context): Settings {
  const settings = settingsBy.get(c)
  if (settings) return settings
  const what = `${c.req.method} ${c.req.path} needs swapstream, but no such middleware runs before it.`
  const hint = "Add app.use(swapstream({ templates: 'templates' })) before the route."
  throw new ConfigError('config/middleware-missing', what, { hint })
}

/** The engine for one request, with the texts and variables that all its templates see. */
export function engineFor(c: Context, settings: Settings): TemplateEngine {
  const { engine: base, context, texts } = settings
  const engine = (texts && base.withTexts?.(settings.textsOf(c))) ?? base
  return context ? withContext(engine, context(c)) : engine
}

/** The texts for a request, also where no such middleware runs. */
export function textsFor(c: Context): Texts {
  return settingsBy.get(c)?.textsOf(c) ?? english
}

/**
 * Makes the `texts` of an app a function of the request. One that fails is no reason to lose an answer: the log has it,
 * and the texts are English.
 *
 * Throws  ConfigError `config/invalid` for a table with an unknown key.
 */
export function textsOf({ texts }: CoreOptions, log: Log): Settings['textsOf'] {
  const failed = (err: Error): void => {
    log.error({ err }, `A text failed, so it is English: ${errorMessage(err)}`)
  }
  if (typeof texts !== 'function') {
    const table = completeTexts(texts ?? english, failed)
    return () => table
  }
  return (c) => {
    try {
      const table = texts(c) ?? english
      // What it rejects with would end Node.
      if (table instanceof Promise) table.catch(() => {})
      return completeTexts(table, failed)
    } catch (err) {
      log.error(
        { err, path: c.req.path },
        `texts() failed, so they are English: ${errorMessage(err)}`,
      )
      return english
    }
  }
}

/** Keeps event streams to the methods that the app allows, with a 405. HEAD counts as GET. */
export function checkSseMethod(c: Context, { sseMethods }: Settings): void {
  const method = c.req.method === 'HEAD' ? 'GET' : c.req.method
  if (sseMethods === undefined || sseMethods.includes(method)) return
  const what = `${method} ${c.req.path} would answer an event stream.`
  const hint = `Event streams answer to ${sseMethods.join(' and ')} only here (sseMethods).`
  throw new InputError('input/method', what, { hint, allow: sseMethods })
}
