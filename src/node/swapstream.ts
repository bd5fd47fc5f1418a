import type { MiddlewareHandler } from 'hono'
import type { TemplateEngine } from '../templates/engine.ts'
import { createSwapstream } from '../web/middleware.ts'
import { settingsBy, type CoreOptions } from '../web/settings.ts'
import { asset } from './assets.ts'
import { brotli } from './brotli.ts'
import { nodeConnection } from './node-connection.ts'
import { nodeLog } from './node-log.ts'
import { nunjucksEngine, type NunjucksEngineOptions } from './nunjucks-engine.ts'

/** The settings of an app, with those of the nunjucks engine or with another engine. */
export type SwapstreamOptions = Omit<CoreOptions, 'engine'> &
  Partial<NunjucksEngineOptions> & {
    /** Another engine in place of nunjucks. */
    readonly engine?: TemplateEngine
    /** How many proxies of yours are in front of this server. Default 0: X-Forwarded-For is ignored. */
    readonly proxies?: number
    /**
     * Compress event streams, with one window for all frames of a stream, for clients that read brotli. Worth its CPU
     * with `updates: 'full'`, where every frame repeats the one before. Default false.
     */
    readonly compress?: boolean
  }

/**
 * The one middleware of an app: answers with what handlers return (`EventStream`, `Page`), guards requests, and serves
 * htmx under `/swapstream/`.
 *
 * In      `templates`: a folder, or a record of name → source. The rest has defaults that are safe.
 * Throws  ConfigError when the folder is missing, now and not at the first request.
 *
 * @example app.use(swapstream({ templates: 'templates' }))
 */
export function swapstream(options: SwapstreamOptions = {}): MiddlewareHandler {
  // The watcher does not keep the process alive.
  const isEdited = !['production', 'test'].includes(process.env['NODE_ENV'] ?? '')
  const answer = createSwapstream({
    log: nodeLog,
    expose: process.env['NODE_ENV'] === 'development',
    connection: nodeConnection(options.proxies ?? 0),
    ...(options.compress ? { contentCoding: { name: 'br', encode: brotli } } : {}),
    ...options,
    engine:
      options.engine ?? nunjucksEngine({ templates: 'templates', watch: isEdited, ...options }),
  })
  const middleware: MiddlewareHandler = async (c, next) => asset(c) ?? answer(c, next)
  settingsBy.set(middleware, settingsBy.get(answer)!)
  return middleware
}
