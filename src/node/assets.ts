import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from 'hono'
import { ConfigError } from '../shared/errors.ts'
import { HTMX_SCRIPTS } from '../htmx/request.ts'
import { packageFolder, resolve } from './package-files.ts'

/** The address of the assets in pages of an app that stands at the root of its host. */
export const ASSETS = '/swapstream'

interface Asset {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** Every file a page of ours needs, by its address. A closed list: no path of a request ever reaches the disk. */
const FILES = new Map<string, readonly string[]>(
  Object.entries({
    ...HTMX_SCRIPTS,
    [`${ASSETS}/swapstream.css`]: ['public/swapstream.css'],
    [`${ASSETS}/swapstream.js`]: ['public/swapstream.js'],
  }),
)
const loaded = new Map<string, Asset>()

/**
 * The answer for `/swapstream/…`: htmx and its extension from the installed `htmx.org`, our style sheet and our script.
 * Below any path: an app may stand below one.
 *
 * @param address Where pages look for them, when they say so.
 */
export function asset(c: Context, address: string = ASSETS): Response | undefined {
  const { method, path } = c.req
  const name = path.slice(path.lastIndexOf('/'))
  const isAsset = path.endsWith(`${ASSETS}${name}`) || path === `${address}${name}`
  const known = `${ASSETS}${name}`
  const files = isAsset && ['GET', 'HEAD'].includes(method) ? FILES.get(known) : undefined
  if (files === undefined) return undefined
  const own = files.some((file) => file.startsWith('public/'))
  if (own && packageFolder === undefined) return undefined
  const { body, headers } = loaded.get(known) ?? load(known, files)
  return c.req.header('if-none-match') === headers['ETag']
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers })
}

function load(path: string, files: readonly string[]): Asset {
  const texts = files.map((file) =>
    readFileSync(file.startsWith('public/') ? join(packageFolder!, file) : resolve(file), 'utf8'),
  )
  const body = texts.join('\n')
  const headers = {
    'Content-Type': `text/${path.endsWith('.css') ? 'css' : 'javascript'}; charset=utf-8`,
    ETag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`,
    'Cache-Control': 'public, max-age=3600',
    'X-Content-Type-Options': 'nosniff',
  }
  loaded.set(path, { body, headers })
  return { body, headers }
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
export function faultOfAssets(
  path: string,
  address: string,
  prefix: string = '',
): string | undefined {
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
