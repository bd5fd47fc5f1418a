import { routesOf, type App, type AppRoute } from '../web/app-routes.ts'
import { namesIn } from './code-tokens.ts'

/** A route of an app, as far as it can be known from outside. */
export interface ListedRoute {
  readonly method: string
  readonly path: string
  /** `declared`, or what its handler seems to return: `stream`, `page`, `form`; else `handler`. */
  readonly kind: 'declared' | 'stream' | 'page' | 'form' | 'handler'
  /** Of a declared route: its encoding, and if a guard decides who may ask. */
  readonly details: string
}

/** The results of handlers, by a name in their code. */
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
    // The encoding of events() has no name of its own.
    const name = typeof encoding === 'string' ? encoding : encoding.name || 'events'
    const guarded = declared.guards.length > 0 ? ', guarded' : ''
    return { kind: 'declared', details: `encoding ${name}${guarded}` }
  }
  const names = namesIn(handler)
  const [, kind = 'handler'] = Object.entries(KINDS).find(([name]) => names.has(name)) ?? []
  return { kind, details: '' }
}
