import type { Hono } from 'hono'
import { TrieRouter } from 'hono/router/trie-router'
import { findTargetHandler } from 'hono/utils/handler'
import type { TemplateEngine } from '../templates/engine.ts'
import { declarations, type Declared } from './declared/definition.ts'
import { settingsBy } from './settings.ts'

/** An app as its author made it. */
export type App = Hono<any>

/** A handler of an app, at its address. */
export interface AppRoute {
  /** `ALL` for one that answers to every method. */
  readonly method: string
  readonly path: string
  readonly handler: (...args: never[]) => unknown
  /** True for a handler that takes `next`, so may hand the request on. */
  readonly isMiddleware: boolean
  /** The declared route that `mount` serves by it. */
  readonly declared?: Declared | undefined
}

/** All routes of an app in their order, middleware too. */
export function routesOf(app: App): AppRoute[] {
  return app.routes.map(({ method, path, handler }) => {
    const target = findTargetHandler(handler)
    const isMiddleware = target.length > 1
    const declared = declarations.get(target)
    return { method, path, handler: target as never, isMiddleware, declared }
  })
}

/** The engines that the swapstream middleware of an app renders with. */
export function enginesOf(app: App): TemplateEngine[] {
  const engines = routesOf(app).map(({ handler }) => settingsBy.get(handler)?.engine)
  return [...new Set(engines)].filter((engine) => engine !== undefined)
}

/** The content security policies that the swapstream middleware of an app sends. */
export function policiesOf(app: App): (string | false)[] {
  const settings = routesOf(app).map(({ handler }) => settingsBy.get(handler))
  return settings.flatMap((each) => (each ? [each.csp] : []))
}

/**
 * Finds the routes and middleware for an address, without the app's own router: after its first use that takes no routes.
 * The path has no query; where it has placeholders, all up to the first one has to fit.
 */
export function routesFor(
  routes: readonly AppRoute[],
  placeholder: string,
): (method: string, path: string) => AppRoute[] {
  const router = new TrieRouter<AppRoute>()
  for (const route of routes) router.add(route.method, route.path, route)
  return (method, path) => {
    const [start = '', ...rest] = path.split(placeholder)
    if (rest.length === 0) return router.match(method, path)[0].map(([route]) => route)
    return routes.filter(
      (each) => ['ALL', method].includes(each.method) && mayBegin(each.path, start),
    )
  }
}

/** An answer at an address: `yes`, `maybe` (middleware of that path may answer itself), or the methods that have one. */
export type Answer = 'yes' | 'maybe' | readonly string[]

/** Says whether an address has an answer. In: a path, as for `routesFor`. */
export function answersOf(
  routes: readonly AppRoute[],
  placeholder: string,
): (method: string, path: string) => Answer {
  const methods = [...new Set(routes.map(({ method }) => method))].filter((each) => each !== 'ALL')
  const find = routesFor(routes, placeholder)
  const isEverywhere = ({ path }: AppRoute): boolean => path === '*' || path === '/*'
  return (asked, path) => {
    // Hono answers HEAD where it answers GET.
    const found = find(asked === 'HEAD' ? 'GET' : asked, path)
    if (found.some(({ method, isMiddleware }) => method !== 'ALL' || !isMiddleware)) return 'yes'
    const others = methods.filter((method) =>
      find(method, path).some((route) => route.method === method && !isEverywhere(route)),
    )
    if (others.length > 0) return others
    return found.some((route) => !isEverywhere(route)) ? 'maybe' : []
  }
}

/** True when an address that begins with `start` may be one of a route's. Parameters take anything. */
function mayBegin(path: string, start: string): boolean {
  const known = start.split('/')
  const last = known.pop()!
  // A pattern in braces may reach over several segments.
  const wanted = path.replace(/\{.*/, '*').split('/')
  for (const [at, part] of known.entries()) {
    if (wanted[at] === undefined) return false
    if (wanted[at].endsWith('*')) return true
    if (!wanted[at].startsWith(':') && wanted[at] !== part) return false
  }
  const rest = wanted[known.length]
  return rest !== undefined && (/^:|\*$/.test(rest) || rest.startsWith(last))
}
