import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { ConfigError } from '../shared/errors.ts'
import { tryOr } from '../shared/hooks.ts'
import { settingsBy } from './settings.ts'

/** The address of the assets in pages of an app that stands at the root of its host. */
export const ASSETS = '/swapstream'

/** The text of each file that a page of ours needs, by its name; undefined where it cannot be had. */
export type ReadAsset = (name: AssetName) => string | undefined

/** A closed list: no path of a request ever reaches the disk. */
export const ASSET_NAMES = ['htmx.js', 'swapstream.css', 'swapstream.js'] as const
export type AssetName = (typeof ASSET_NAMES)[number]

interface Asset {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The same middleware, which also answers for `/swapstream/…`: htmx with its extension, our style sheet, our script. Below
 * any path: an app may stand below one. When the first page is sent, the log hears if its assets cannot be found.
 *
 * @param address Where pages look for them, from `readAssets`.
 */
export function withAssets(
  answer: MiddlewareHandler,
  address: string,
  read: ReadAsset,
): MiddlewareHandler {
  const settings = settingsBy.get(answer)!
  const loaded = new Map<AssetName, Promise<Asset> | undefined>()
  const load = (name: AssetName): Promise<Asset> | undefined => {
    const body = loaded.has(name) ? undefined : read(name)
    if (!loaded.has(name)) loaded.set(name, body === undefined ? undefined : assetOf(name, body))
    return loaded.get(name)
  }
  let isChecked = false
  const middleware: MiddlewareHandler = async (c, next) => {
    const name = assetIn(c, address)
    const asset = name && (await load(name))
    if (asset) return send(c, asset)
    if (isChecked) return answer(c, next)
    // An app of another copy of Hono keeps its routes where this one cannot see them.
    const path = tryOr(() => routePath(c), undefined)
    await answer(c, next)
    const isPage = c.res.headers.get('content-type')?.startsWith('text/html')
    if (isChecked || path === undefined || !isPage) return
    isChecked = true
    const fault = faultOfAssets(path, address, c.req.header('x-forwarded-prefix'))
    if (fault !== undefined) settings.log.warn({}, fault)
  }
  settingsBy.set(middleware, settings)
  return middleware
}

function assetIn({ req: { method, path } }: Context, address: string): AssetName | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const isAsset = path.endsWith(`${ASSETS}/${name}`) || path === `${address}/${name}`
  if (!isAsset || !['GET', 'HEAD'].includes(method)) return undefined
  return ASSET_NAMES.find((each) => each === name)
}

function send(c: Context, { body, headers }: Asset): Response {
  return c.req.header('if-none-match') === headers['ETag']
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers })
}

async function assetOf(name: AssetName, body: string): Promise<Asset> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body))
  const tag = Array.from(new Uint8Array(hash, 0, 12), (byte) => byte.toString(16).padStart(2, '0'))
  return {
    body,
    headers: {
      'Content-Type': `text/${name.endsWith('.css') ? 'css' : 'javascript'}; charset=utf-8`,
      ETag: `"${tag.join('')}"`,
      'Cache-Control': 'public, max-age=3600',
      'X-Content-Type-Options': 'nosniff',
    },
  }
}

/** True for an address of another host, such as a CDN. */
const isElsewhere = (address: string): boolean => /^(?:https?:)?\/\//.test(address)

/**
 * Reads the option that says where pages find the assets. A slash at its end, and an empty text, make no difference.
 *
 * Throws  ConfigError `config/invalid` for what is no path from the root of the host, and no address of another one.
 */
export function readAssets(written: string | null | undefined): string {
  const address = (written ?? '').replace(/\/+$/, '')
  if (address === '') return ASSETS
  if (/^\/[^\s?#"'<>]*$/.test(address) || isElsewhere(address)) return address
  const path = JSON.stringify(written)
  const hint = `Begin it with a slash, such as swapstream({ assets: '/bot${ASSETS}' }).`
  throw new ConfigError('config/invalid', `assets is no path: ${path}.`, { hint })
}

/**
 * Says why the pages below a route do not find their assets; undefined when they do.
 *
 * @param path The route of the middleware that serves them, as Hono has it.
 * @param prefix The path that a proxy has taken away, when it says so.
 */
function faultOfAssets(path: string, address: string, prefix: string = ''): string | undefined {
  if (isElsewhere(address)) return undefined
  const base = path.replace(/\/?\*$/, '')
  const isForAll = base !== path
  const segments = base
    .split('/')
    .map((each) => (/^:|\*/.test(each) ? '[^/]+' : escapeRegExp(each)))
  const isServed = isForAll && new RegExp(`^${segments.join('/')}(?:/|$)`).test(address)
  const named = /^(?:\/[\w.~-]+)+/.exec(prefix)?.[0] ?? ''
  // A proxy may name a path and leave it where it is.
  const stripped = base.startsWith(named) ? '' : named
  if (isServed && address.startsWith(stripped)) return undefined
  const where = stripped
    ? `a proxy shows this app below ${stripped} (X-Forwarded-Prefix)`
    : `the swapstream middleware runs for ${path} only`
  const what = `Pages load ${address}/htmx.js, but ${where}, so it is not found.`
  return !isForAll || /[:{*]/.test(base)
    ? `${what} Add it for all addresses: app.use(swapstream({ … })).`
    : `${what} Say where they are: swapstream({ assets: '${stripped}${base}${ASSETS}' }).`
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
