import type { Context, MiddlewareHandler } from 'hono'
import { guardOrigin } from '../origin-guard.ts'
import { settingsOf } from '../current-settings.ts'
import { answerDeclared } from './answer-declared.ts'
import { declaredBehind, refuseRoute, type Declared } from './declared.ts'
import { toMiddleware, type Guard } from './guard.ts'
import { streamsOf } from './host.ts'
import { told } from './told.ts'

/** What the streams of one mount have in common. */
export interface MountOptions {
  /** Before the guards of each route, one after the other. */
  readonly guards?: readonly Guard[]
  /** The only methods that a stream may have here: `['GET']` keeps to what EventSource can ask. Default both. */
  readonly sseMethods?: readonly ('GET' | 'POST')[]
}

/** What `mount` needs of an app. */
export interface MountTarget {
  on(method: string, path: string, ...handlers: MiddlewareHandler[]): unknown
}

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
  app: MountTarget,
  ...hosts: readonly [MountOptions | object, ...(readonly object[])]
): void {
  const options = isOptions(hosts[0]) ? hosts[0] : {}
  const routes = hosts.slice(options === hosts[0] ? 1 : 0).flatMap(routesOf)
  // All are looked at before one is served: an app is set up whole, or not at all.
  const taken = new Map(mounted.get(app))
  for (const { declared, guards } of routes) check(declared, guards, options, taken)
  mounted.set(app, taken)
  for (const { declared, guards } of routes)
    serve(app, declared, [...(options.guards ?? []), ...guards])
}

interface Route {
  readonly declared: Declared
  readonly guards: readonly Guard[]
}

function routesOf(host: object): readonly Route[] {
  const declared = declaredBehind(host)
  if (declared) return [{ declared, guards: declared.definition.guards ?? [] }]
  return streamsOf(host)
}

function isOptions(host: MountOptions | object): host is MountOptions {
  const plain = Object.getPrototypeOf(host) === Object.prototype
  return plain && Object.keys(host).every((name) => name === 'guards' || name === 'sseMethods')
}

function check(
  declared: Declared,
  guards: readonly Guard[],
  options: MountOptions,
  taken: Map<string, Declared>,
): void {
  const { definition, label, method } = declared
  if (definition.auth && guards.length + (options.guards?.length ?? 0) === 0) {
    const hint =
      'Add one: guards: [bearer({ env: … })], on the route or as mount(app, { guards }, …).'
    refuseRoute(
      'stream/guard-missing',
      label,
      'auth: true, but no guard decides who may ask.',
      hint,
    )
  }
  if (options.sseMethods && !options.sseMethods.includes(method)) {
    const hint = `Here streams answer to ${options.sseMethods.join(' and ')} only (sseMethods).`
    refuseRoute('stream/method', label, `${method} is left out.`, hint)
  }
  // The name of a parameter is no difference: both routes would match the same requests.
  const key = `${method} ${definition.path.replace(/\/:[^/{?]+/g, '/:')}`
  const other = taken.get(key)
  if (other) {
    const hint = 'Give one of them another path or method.'
    refuseRoute('stream/duplicate', label, `the route is taken by ${other.label}.`, hint)
  }
  taken.set(key, declared)
}

const serving = new WeakMap<object, { declared: Declared; guarded: boolean }>()

/** The declared route that a handler of an app serves; nothing when it serves none. */
export function servedBy(handler: object): { declared: Declared; guarded: boolean } | undefined {
  return serving.get(handler)
}

function serve(app: MountTarget, declared: Declared, guards: readonly Guard[]): void {
  const first: MiddlewareHandler = async (c, next) => {
    // A GET reaches our own guard only with its answer, and before that there are hooks that may cost something.
    await told(c, () => guardOrigin(c.req.raw.headers, c.req.url, settingsOf(c).allowedOrigins))
    await next()
  }
  const last = async (c: Context): Promise<Response> =>
    // The middleware knows the answer by its body, whatever its class.
    (await told(c, () => answerDeclared(declared, c))) as Response
  serving.set(last, { declared, guarded: guards.length > 0 })
  app.on(declared.method, declared.definition.path, first, ...guards.map(toMiddleware), last)
}
