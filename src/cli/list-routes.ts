import { routesOf, type App, type AppRoute } from '../web/app-routes.ts'
import { codeTokens } from './code-tokens.ts'

/** A route of an app, as far as it can be known from outside. */
export interface ListedRoute {
  readonly method: string
  readonly path: string
  /** What it is: `declared`, or what its handler seems to return: `stream`, `page`, `form`; else `handler`. */
  readonly kind: 'declared' | 'stream' | 'page' | 'form' | 'handler'
  /** Of a declared route: how it is spelt, and whether a guard decides who may ask. */
  readonly details: string
}

/** What a handler that names one of these gives. */
const KINDS: Readonly<Record<string, ListedRoute['kind']>> = {
  EventStream: 'stream',
  NDJSON: 'stream',
  Bytes: 'stream',
  FormResult: 'form',
  Page: 'page',
}

/**
 * The routes of an app, each once, in its order. Middleware is left out.
 *
 * @example listRoutes(app).map(({ method, path }) => `${method} ${path}`) // → []
 */
export function listRoutes(app: App): ListedRoute[] {
  const listed = new Map<string, ListedRoute>()
  for (const route of routesOf(app)) {
    const { method, path, isMiddleware } = route
    // A guard stands at the same address as its route, and before it.
    if (!isMiddleware) listed.set(`${method} ${path}`, { method, path, ...kindOf(route) })
  }
  return [...listed.values()]
}

function kindOf({ declared, handler }: AppRoute): Pick<ListedRoute, 'kind' | 'details'> {
  if (declared) {
    const { encoding = { name: 'plain' } } = declared.definition
    // What events() gives is made anew for each route and has no name of its own.
    const name = typeof encoding === 'string' ? encoding : encoding.name || 'events'
    return {
      kind: 'declared',
      details: `encoding ${name}${declared.guards.length > 0 ? ', guarded' : ''}`,
    }
  }
  const names = new Set(codeTokens(String(handler)).map(({ value }) => value))
  const made = Object.keys(KINDS).find((name) => names.has(name))
  return { kind: made === undefined ? 'handler' : KINDS[made]!, details: '' }
}
