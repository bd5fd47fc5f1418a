import type { Hono, MiddlewareHandler } from 'hono'
import { every } from 'hono/combine'
import { guardOrigin } from '../origin-guard.ts'
import { withHttpErrors } from '../problem.ts'
import { settingsOf } from '../settings.ts'
import { answerDeclared } from './answer.ts'
import { decoratedStreams } from './decorators.ts'
import { declarations, refuseRoute, type Declared } from './definition.ts'
import { toMiddleware, type Guard } from './guards.ts'

/** The options that the streams of one mount share. */
export interface MountOptions {
  /** Before the guards of each route, one after the other. */
  readonly guards?: readonly Guard[]
  /** The only methods that a stream may have here: `['GET']` suits EventSource. Default both. */
  readonly sseMethods?: readonly ('GET' | 'POST')[]
}

/** The routes of each app, by method and path. */
const mounted = new WeakMap<object, Map<string, Declared>>()

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
    .flatMap((host) => declarations.get(host) ?? decoratedStreams(host))
    .map((route) => ({ ...route, guards: [...(options.guards ?? []), ...route.guards] }))
  // All are checked before one is served: an app is set up whole, or not at all.
  const taken = new Map(mounted.get(app))
  for (const route of routes) check(route, options, taken)
  mounted.set(app, taken)
  for (const route of routes) {
    const handler = handlerOf(route)
    declarations.set(handler, route)
    app.on(route.method, route.definition.path, handler)
  }
}

function isOptions(host: MountOptions | object): host is MountOptions {
  const isRecord = Object.getPrototypeOf(host) === Object.prototype
  return isRecord && Object.keys(host).every((name) => name === 'guards' || name === 'sseMethods')
}

function check(route: Declared, { sseMethods }: MountOptions, taken: Map<string, Declared>): void {
  const { definition, guards, label, method } = route
  if (definition.auth && guards.length === 0) {
    const message =
      'auth: true, but no guard decides who may ask. Add one, such as guards: [bearer({ env: … })].'
    refuseRoute('stream/guard-missing', label, message)
  }
  if (sseMethods && !sseMethods.includes(method)) {
    const message = `${method} is left out: streams answer to ${sseMethods.join(' and ')} only here (sseMethods).`
    refuseRoute('stream/method', label, message)
  }
  // The name of a parameter makes no difference: both routes would match the same requests.
  const key = `${method} ${definition.path.replace(/\/:[^/{?]+/g, '/:')}`
  const other = taken.get(key)
  if (other)
    refuseRoute('stream/duplicate', label, `the method and path are taken by ${other.label}.`)
  taken.set(key, route)
}

/** The guards one after the other, then the answer. The origin of a GET is checked first: hooks may cost something. */
function handlerOf(route: Declared): MiddlewareHandler {
  // The middleware knows the answer by its body, whatever its class.
  const last: MiddlewareHandler = (c) => answerDeclared(route, c) as Promise<Response>
  const answer = every(...route.guards.map(toMiddleware), last)
  return (c) =>
    withHttpErrors(c, () => {
      guardOrigin(c.req.raw.headers, c.req.url, settingsOf(c).allowedOrigins)
      return answer(c, async () => {})
    })
}
