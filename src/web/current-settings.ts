import type { Context } from 'hono'
import { ConfigError } from '../shared/errors.ts'
import type { Settings } from './settings.ts'

const byRequest = new WeakMap<Context, Settings>()

/** Remembers for one request with which settings it is served. */
export function holdSettings(c: Context, settings: Settings): void {
  byRequest.set(c, settings)
}

const byMiddleware = new WeakMap<object, Settings>()

/** Remembers what a middleware works with, for those who look at an app from outside. */
export function rememberSettings(middleware: object, settings: Settings): void {
  byMiddleware.set(middleware, settings)
}

/** The settings behind a middleware; nothing when it is none of ours. */
export function settingsBehind(middleware: object): Settings | undefined {
  return byMiddleware.get(middleware)
}

/**
 * The settings of the middleware before this route.
 *
 * Throws  ConfigError `config/middleware-missing`.
 */
export function settingsOf(c: Context): Settings {
  const settings = byRequest.get(c)
  if (settings) return settings
  throw new ConfigError(
    'config/middleware-missing',
    `${c.req.method} ${c.req.path} needs swapstream, and no such middleware stands before it.`,
    { hint: "Add app.use(swapstream({ templates: 'templates' })) before mount(app, …)." },
  )
}
