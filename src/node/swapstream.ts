import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MiddlewareHandler } from 'hono'
import { jsonLog, type Log } from '../shared/log.ts'
import { compileTemplate } from '../templates/nunjucks/compiler.ts'
import type { NunjucksEngine } from '../templates/nunjucks/engine.ts'
import type { TemplateSource } from '../templates/source.ts'
import {
  type NunjucksEngineOptions,
  nunjucksEngineOn,
  type Platform,
  type SwapstreamOptions,
  swapstreamOn,
} from '../web/platform.ts'
import { brotli } from './brotli.ts'
import { nodeConnection } from './node-connection.ts'
import { packageFolder, readAsset } from './package-files.ts'
import { templateFolder } from './template-folder.ts'

/**
 * Writes one line of JSON to standard error for each message. `LOG_LEVEL` (debug, info, warn, error, silent) sets the
 * lowest level; default info.
 */
export const nodeLog: Log = jsonLog(
  (line) => process.stderr.write(`${line}\n`),
  () => process.env['LOG_LEVEL'] ?? 'info',
)

const node = (): Platform => ({
  log: nodeLog,
  expose: process.env['NODE_ENV'] === 'development',
  connection: nodeConnection,
  contentCoding: { name: 'br', encode: brotli },
  compile: compileTemplate,
  folder: (path) => templateFolder(path instanceof URL ? fileURLToPath(path) : path),
  kit: packageFolder === undefined ? undefined : kitIn(packageFolder),
  readAsset,
})

const kitIn = (folder: string): TemplateSource =>
  templateFolder(join(folder, 'templates/swapstream'))

/**
 * The one middleware of an app: answers with what handlers return (`EventStream`, `Page`), guards requests, and serves
 * htmx under `/swapstream/`.
 *
 * In      `templates`: a folder, or a record of name → source. The rest has defaults that are safe.
 * Throws  ConfigError when the folder is missing, now and not at the first request; and when templates use those of
 *         swapstream in a bundle that has left them behind.
 *
 * @example app.use(swapstream({ templates: 'templates' }))
 */
export function swapstream(options: SwapstreamOptions = {}): MiddlewareHandler {
  // The watcher does not keep the process alive.
  const isEdited = !['production', 'test'].includes(process.env['NODE_ENV'] ?? '')
  return swapstreamOn(node(), { watch: isEdited, ...options })
}

/**
 * The template engine of apps: the templates of a folder or a record, and the partials of swapstream under `swapstream/`.
 *
 * Throws  ConfigError `config/invalid` when the folder is missing.
 * Ends    with `watch`: `close()` ends the watcher.
 *
 * @example const engine = nunjucksEngine({ templates: 'templates', watch: true })
 */
export function nunjucksEngine(options: NunjucksEngineOptions): NunjucksEngine {
  return nunjucksEngineOn(node(), options)
}
