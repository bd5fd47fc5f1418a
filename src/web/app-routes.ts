import type { Hono } from 'hono'
import { TrieRouter } from 'hono/router/trie-router'
import { findTargetHandler } from 'hono/utils/handler'
import type { TemplateEngine } from '../templates/engine.ts'
import { settingsBehind } from './current-settings.ts'
import type { Declared } from './declared/declared.ts'
import { servedBy } from './declared/mount.ts'

/** An app as its author made it. */
export type App = Hono<any>

/** A handler of an app, at its address. */
export interface AppRoute {
  /** `ALL` for one that answers to every method. */
  readonly method: string
  readonly path: string
  readonly handler: (...given: never[]) => unknown
  /** It takes `next`, so it may hand the request on. */
  readonly isMiddleware: boolean
  /** The route that `mount` serves by it. */
  readonly declared?: Declared
  /** Whether a guard decides who may ask; known of declared routes only. */
  readonly guarded?: boolean
}

/** Everything that an app answers with, in its order: middleware, too. */
export function routesOf(app: App): AppRoute[] {
  return app.routes.map(({ method, path, handler }) => {
    const target = findTargetHandler(handler)
    const isMiddleware = target.length > 1
    return { method, path, handler: target as never, isMiddleware, ...servedBy(target) }
  })
}

/** The engines that the swapstream middleware of an app draws with. */
export function enginesOf(app: App): TemplateEngine[] {
  const behind = routesOf(app).map(({ handler }) => settingsBehind(handler)?.engine)
  return [...new Set(behind)].filter((engine) => engine !== undefined)
}

/**
 * Whether something of an app answers at an address: `yes`, `maybe` (only middleware of that place stands there, which
 * may answer by itself), or the methods that would be answered.
 */
export type Answer = 'yes' | 'maybe' | readonly string[]

/**
 * Finds what may answer, without asking the app's own router: asked once, that takes no more routes.
 *
 * In      an address that begins with `/`, without its query. Where it has holes, all up to the first one has to fit.
 * Out     middleware, too.
 */
export function routesFor(
  routes: readonly AppRoute[],
  hole: string,
): (method: string, path: string) => AppRoute[] {
  const router = new TrieRouter<AppRoute>()
  for (const route of routes) router.add(route.method, route.path, route)
  return (method, path) =>
    path.includes(hole)
      ? routes.filter((each) => isAt(each, method) && mayFit(each.path, path.split(hole)[0]!))
      : router.match(method, path)[0].map(([route]) => route)
}

/** Tells who would answer. In: an address, as for `routesFor`. */
export function answersOf(
  routes: readonly AppRoute[],
  hole: string,
): (method: string, path: string) => Answer {
  const methods = [...new Set(routes.map(({ method }) => method))].filter((each) => each !== 'ALL')
  const found = routesFor(routes, hole)
  return (asked, path) => {
    // Hono answers HEAD where it answers GET.
    const at = found(asked === 'HEAD' ? 'GET' : asked, path)
    if (at.some(({ method, isMiddleware }) => method !== 'ALL' || !isMiddleware)) return 'yes'
    const others = methods.filter((method) =>
      found(method, path).some((route) => route.method === method && !isEverywhere(route)),
    )
    if (others.length > 0) return others
    return at.some((route) => !isEverywhere(route)) ? 'maybe' : []
  }
}

function isEverywhere({ path }: AppRoute): boolean {
  return path === '*' || path === '/*'
}

function isAt(route: AppRoute, method: string): boolean {
  return route.method === method || route.method === 'ALL'
}

/** Whether an address that begins with `start` may be one of a route's: parameters take anything. */
function mayFit(path: string, start: string): boolean {
  const known = start.split('/')
  const last = known.pop()!
  // What a pattern in braces takes may reach over several folders.
  const wanted = path.replace(/\{.*/, '*').split('/')
  for (const [at, part] of known.entries()) {
    if (wanted[at] === undefined) return false
    if (wanted[at].endsWith('*')) return true
    if (!wanted[at].startsWith(':') && wanted[at] !== part) return false
  }
  const rest = wanted[known.length]
  return rest !== undefined && (/^:|\*$/.test(rest) || rest.startsWith(last))
}
