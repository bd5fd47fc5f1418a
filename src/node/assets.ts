import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Context } from 'hono'
import { HTMX_SCRIPTS } from '../htmx/request.ts'

const { resolve } = createRequire(import.meta.url)
const folder = new URL('../../public/', import.meta.url)

interface Asset {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** Every file a page of ours needs, by its address. A closed list: no path of a request ever reaches the disk. */
const FILES = new Map<string, readonly (string | URL)[]>([
  ...Object.entries(HTMX_SCRIPTS),
  ['/swapstream/swapstream.css', [new URL('swapstream.css', folder)]],
  ['/swapstream/swapstream.js', [new URL('swapstream.js', folder)]],
])
const loaded = new Map<string, Asset>()

/** The answer for `/swapstream/…`: htmx and its extension from the installed `htmx.org`, our style sheet and our script. */
export function asset(c: Context): Response | undefined {
  const { method, path } = c.req
  const files = ['GET', 'HEAD'].includes(method) ? FILES.get(path) : undefined
  if (files === undefined) return undefined
  const { body, headers } = loaded.get(path) ?? load(path, files)
  return c.req.header('if-none-match') === headers['ETag']
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers })
}

function load(path: string, files: readonly (string | URL)[]): Asset {
  const texts = files.map((file) =>
    readFileSync(file instanceof URL ? file : resolve(file), 'utf8'),
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
