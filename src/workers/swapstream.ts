import type { MiddlewareHandler } from 'hono'
import { ConfigError } from '../shared/errors.ts'
import { omitUndefined, tryOr } from '../shared/hooks.ts'
import { consoleLog } from '../shared/log.ts'
import type { NunjucksEngine } from '../templates/nunjucks/engine.ts'
import {
  type NunjucksEngineOptions,
  nunjucksEngineOn,
  type Platform,
  type SwapstreamOptions,
  swapstreamOn,
} from '../web/platform.ts'

/** A Worker has no files, and each isolate serves the requests of a few clients. */
const workers: Platform = {
  log: consoleLog,
  expose: false,
  connection: () => (c) => {
    // Cloudflare sets it itself: what a client sends under this name never arrives.
    const address = c.req.header('cf-connecting-ip')
    return omitUndefined({ address })
  },
  // An isolate that waits for nothing does not hear that its client has left.
  waitUntil(c) {
    const context = tryOr(() => c.executionCtx, undefined)
    return context && ((work) => context.waitUntil(work))
  },
  compile: undefined,
  folder(path) {
    const what = `A Worker has no folder "${path}".`
    const hint = `Write its templates into a module: npx swapstream bundle ${path} --out bundle.js. Then import it: templates: bundle.`
    throw new ConfigError('config/invalid', what, { hint })
  },
  kit: undefined,
  readAsset: () => undefined,
}

/**
 * The middleware of an app on Cloudflare Workers, where `swapstream` means this one.
 *
 * In      `templates`: what `npx swapstream bundle` has written, or a record of name → source where code may be made
 *         from text.
 * Throws  ConfigError `config/invalid` for a folder.
 *
 * @example app.use(swapstream({ templates: bundle }))
 */
export function swapstream(options: SwapstreamOptions = {}): MiddlewareHandler {
  return swapstreamOn(workers, options)
}

/**
 * The template engine of apps on Cloudflare Workers.
 *
 * Throws  ConfigError `config/invalid` for a folder.
 *
 * @example const engine = nunjucksEngine({ templates: bundle })
 */
export function nunjucksEngine(options: NunjucksEngineOptions): NunjucksEngine {
  return nunjucksEngineOn(workers, options)
}
