import type { Context, MiddlewareHandler } from 'hono'
import { guardOrigin } from '../origin-guard.ts'
import { toHttpError } from '../problem.ts'
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

/** What `mount` needs of an app. */
export interface MountTarget {
  on(method: string, path: string, ...handlers: MiddlewareHandler[]): unknown
}

interface Route {
  readonly declared: Declared
  readonly guards: readonly Guard[]
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
  app: MountTarget,
  ...hosts: readonly [MountOptions | object, ...(readonly object[])]
): void {
  const [options, ...rest]: readonly [MountOptions, ...object[]] = isOptions(hosts[0])
    ? (hosts as never)
    : [{}, ...hosts]
  const { guards: shared = [] } = options
  const routes = rest.flatMap(routesOf).map(({ declared, guards }) => ({
    declared,
    guards: [...shared, ...guards],
  }))
  // All are checked before one is served: an app is set up whole, or not at all.
  const taken = new Map(mounted.get(app))
  for (const route of routes) check(route, options, taken)
  mounted.set(app, taken)
  for (const route of routes) serve(app, route)
}

function isOptions(host: MountOptions | object): host is MountOptions {
  const isRecord = Object.getPrototypeOf(host) === Object.prototype
  return isRecord && Object.keys(host).every((name) => name === 'guards' || name === 'sseMethods')
}

function routesOf(host: object): readonly Route[] {
  const declared = declaredBy(host)
  return declared
    ? [{ declared, guards: declared.definition.guards ?? [] }]
    : decoratedStreams(host)
}

function check({ declared, guards }: Route, options: MountOptions, taken: Map<string, Declared>) {
  const { definition, label, method } = declared
  if (definition.auth && guards.length === 0) {
    const hint =
      'Add one: guards: [bearer({ env: … })], on the route or as mount(app, { guards }, …).'
    const what = 'auth: true, but no guard decides who may ask.'
    refuseRoute('stream/guard-missing', label, what, hint)
  }
  if (options.sseMethods && !options.sseMethods.includes(method)) {
    const hint = `Here streams answer to ${options.sseMethods.join(' and ')} only (sseMethods).`
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

function serve(app: MountTarget, { declared, guards }: Route): void {
  const first: MiddlewareHandler = async (c, next) => {
    try {
      // The middleware checks the origin of a GET only with its answer, and before that hooks may cost something.
      guardOrigin(c.req.raw.headers, c.req.url, settingsOf(c).allowedOrigins)
    } catch (error) {
      throw toHttpError(c, error)
    }
    await next()
  }
  const last = async (c: Context): Promise<Response> => {
    try {
      // The middleware knows the answer by its body, whatever its class.
      return (await answerDeclared(declared, c)) as Response
    } catch (error) {
      throw toHttpError(c, error)
    }
  }
  routesByHandler.set(last, { declared, guarded: guards.length > 0 })
  app.on(declared.method, declared.definition.path, first, ...guards.map(toMiddleware), last)
}
