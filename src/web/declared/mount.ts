import type { Context, Hono, MiddlewareHandler } from 'hono'
import { every } from 'hono/combine'
import { guardOrigin } from '../origin-guard.ts'
import { withHttpErrors } from '../problem.ts'
import { settingsOf } from '../settings.ts'
import { answerDeclared } from './answer.ts'
import { decoratedStreams } from './decorators.ts'
import { refuseRoute, type Declared } from './definition.ts'
import { toMiddleware, type Guard } from './guards.ts'
import { declaredBy } from './stream.ts'

/** What the streams of one mount have in common. */
export interface MountOptions {
  /** Before the guards of each route, one after the other. */
  readonly guards?: readonly Guard[]
  /** The only methods that a stream may have here: `['GET']` suits EventSource. Default both. */
  readonly sseMethods?: readonly ('GET' | 'POST')[]
}

/** The routes of each app, by method and path. */
const mounted = new WeakMap<object, Map<string, Declared>>()
/** The routes behind the handlers of all apps. */
const routesByHandler = new WeakMap<object, { declared: Declared; guarded: boolean }>()

/** The declared route that a handler of an app serves, if any. */
export function servedBy(handler: object): { declared: Declared; guarded: boolean } | undefined {
  return routesByHandler.get(handler)
}

/**
 * Serves declared routes: those of `stream()`, and the decorated methods of classes and of instances.
 *
 * In      an app with the swapstream middleware before this; options, if any; then routes, classes without constructor
 *         arguments, instances.
 * Throws  ConfigError: `stream/guard-missing` for `auth: true` without a guard, `stream/duplicate` for a method and path
 *         that is taken, `stream/host` for what holds no streams, `stream/method` for one that `sseMethods` leaves out.
 *
 * @example
 * const hello = stream({ path: '/hello', method: 'GET' }, async function* () { yield 'Hello' })
 * app.use(swapstream({ templates: 'templates' }))
 * mount(app, hello)
 * const response = await app.request('/hello')
 * await response.text() // → 'data: Hello\n\n'
 */
export function mount(
  app: Hono<any, any, any>,
  ...hosts: readonly [MountOptions | object, ...(readonly object[])]
): void {
  const options = isOptions(hosts[0]) ? hosts[0] : {}
  const routes = hosts
    .filter((host) => host !== options)
    .flatMap((host) => routesOf(host, options.guards ?? []))
  // All are checked before one is served: an app is set up whole, or not at all.
  const taken = new Map(mounted.get(app))
  for (const { declared, guards } of routes) check(declared, guards.length > 0, options, taken)
  mounted.set(app, taken)
  for (const { declared, guards } of routes) {
    const handler = handlerOf(declared, guards)
    routesByHandler.set(handler, { declared, guarded: guards.length > 0 })
    app.on(declared.method, declared.definition.path, handler as MiddlewareHandler)
  }
}

function isOptions(host: MountOptions | object): host is MountOptions {
  const isRecord = Object.getPrototypeOf(host) === Object.prototype
  return isRecord && Object.keys(host).every((name) => name === 'guards' || name === 'sseMethods')
}

function routesOf(
  host: object,
  shared: readonly Guard[],
): { declared: Declared; guards: readonly Guard[] }[] {
  const declared = declaredBy(host)
  const routes = declared ? [{ declared, guards: [] }] : decoratedStreams(host)
  return routes.map(({ declared: each, guards }) => {
    const own = each.definition.guards ?? []
    return { declared: each, guards: [...shared, ...guards, ...own] }
  })
}

function check(
  declared: Declared,
  isGuarded: boolean,
  { sseMethods }: MountOptions,
  taken: Map<string, Declared>,
): void {
  const { definition, label, method } = declared
  if (definition.auth && !isGuarded) {
    const hint = 'Add guards: [bearer({ env: … })] to the route, or use mount(app, { guards }, …).'
    const what = 'auth: true, but no guard decides who may ask.'
    refuseRoute('stream/guard-missing', label, what, hint)
  }
  if (sseMethods && !sseMethods.includes(method)) {
    const hint = `Streams answer to ${sseMethods.join(' and ')} only here (sseMethods).`
    refuseRoute('stream/method', label, `${method} is left out.`, hint)
  }
  // The name of a parameter makes no difference: both routes would match the same requests.
  const key = `${method} ${definition.path.replace(/\/:[^/{?]+/g, '/:')}`
  const other = taken.get(key)
  if (other) {
    const hint = 'Give one of them another path or method.'
    refuseRoute('stream/duplicate', label, `the route is taken by ${other.label}.`, hint)
  }
  taken.set(key, declared)
}

/** The guards one after the other, then the answer. The origin of a GET is checked first: hooks may cost something. */
function handlerOf(declared: Declared, guards: readonly Guard[]): (c: Context) => Promise<void> {
  // The middleware knows the answer by its body, whatever its class.
  const last = (c: Context): Promise<Response> => answerDeclared(declared, c) as Promise<Response>
  const answer = every(...guards.map(toMiddleware), last)
  return (c) =>
    withHttpErrors(c, () => {
      guardOrigin(c.req.raw.headers, c.req.url, settingsOf(c).allowedOrigins)
      return answer(c, async () => {}) as Promise<void>
    })
}
