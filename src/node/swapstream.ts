import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { TemplateEngine } from '../templates/engine.ts'
import type { HeadOptions } from '../templates/nunjucks/filters.ts'
import { createSwapstream } from '../web/middleware.ts'
import { settingsBy, type CoreOptions } from '../web/settings.ts'
import { tryOr } from '../shared/hooks.ts'
import { asset, faultOfAssets, readAssets } from './assets.ts'
import { brotli } from './brotli.ts'
import { nodeConnection } from './node-connection.ts'
import { nodeLog } from './node-log.ts'
import { NO_PACKAGE_FILES, packageFolder } from './package-files.ts'
import { nunjucksEngine, type NunjucksEngineOptions } from './nunjucks-engine.ts'

/** The settings of an app, with those of the nunjucks engine or with another engine. */
export type SwapstreamOptions = Omit<CoreOptions, 'engine'> &
  Partial<NunjucksEngineOptions> & {
    /** Another engine in place of nunjucks. */
    readonly engine?: TemplateEngine
    /** How many proxies of yours are in front of this server. Default 0: X-Forwarded-For is ignored. */
    readonly proxies?: number
    /**
     * Where browsers find htmx and the style sheet: for an app below a path, such as `/bot/swapstream` with
     * `basePath('/bot')`, `mount`, or a proxy that strips the path; also an address of another host. Default
     * `/swapstream`.
     */
    readonly assets?: string
    /**
     * Options of `swapstream/head.html` in each page: `stylesheet`, `icon`, `colorScheme`, `viewport`. `false` leaves one
     * out. A page has its own with `{% set swapstreamHead = { icon: false } %}`.
     */
    readonly head?: HeadOptions
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
  const { head } = options
  const assets = readAssets(options.assets)
  const globals = { swapstreamAssets: assets, swapstreamHead: head, ...options.globals }
  const answer = createSwapstream({
    log: nodeLog,
    expose: process.env['NODE_ENV'] === 'development',
    connection: nodeConnection(options.proxies ?? 0),
    ...(options.compress ? { contentCoding: { name: 'br', encode: brotli } } : {}),
    ...options,
    engine:
      options.engine ??
      nunjucksEngine({ templates: 'templates', watch: isEdited, ...options, globals }),
  })
  const settings = settingsBy.get(answer)!
  if (packageFolder === undefined) settings.log.warn({}, NO_PACKAGE_FILES)
  let isChecked = false
  const middleware: MiddlewareHandler = async (c, next) => {
    const file = asset(c, assets)
    if (file || isChecked) return file ?? answer(c, next)
    // An app of another copy of Hono keeps its routes where this one cannot see them.
    const path = tryOr(() => routePath(c), undefined)
    await answer(c, next)
    if (
      isChecked ||
      path === undefined ||
      !c.res.headers.get('content-type')?.startsWith('text/html')
    )
      return
    isChecked = true
    const fault = faultOfAssets(path, assets, c.req.header('x-forwarded-prefix'))
    if (fault !== undefined) settings.log.warn({}, fault)
  }
  settingsBy.set(middleware, settings)
  return middleware
}
