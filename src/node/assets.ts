import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Context } from 'hono'
import { HTMX_SCRIPTS } from '../htmx/request.ts'

const { resolve } = createRequire(import.meta.url)

interface AssetFile {
  readonly type: string
  readonly paths: () => readonly string[]
}

/** Every file a page of ours needs, by its address. A closed list: no path of a request ever reaches the disk. */
const FILES: ReadonlyMap<string, AssetFile> = new Map([
  ...Object.entries(HTMX_SCRIPTS).map(
    ([address, files]) =>
      [
        address,
        { type: 'text/javascript; charset=utf-8', paths: () => files.map((file) => resolve(file)) },
      ] as const,
  ),
  own('swapstream.css', 'text/css'),
  own('swapstream.js', 'text/javascript'),
])

function own(name: string, type: string): [string, AssetFile] {
  const path = fileURLToPath(new URL(`../../public/${name}`, import.meta.url))
  return [`/swapstream/${name}`, { type: `${type}; charset=utf-8`, paths: () => [path] }]
}

interface Asset {
  readonly body: string
  readonly etag: string
}
const loaded = new Map<string, Asset>()

/** The answer for `/swapstream/…`: htmx and its extension from the installed `htmx.org`, our style sheet and our script. */
export function asset(c: Context): Response | undefined {
  const file = c.req.method === 'GET' || c.req.method === 'HEAD' ? FILES.get(c.req.path) : undefined
  if (file === undefined) return undefined
  const { body, etag } = load(c.req.path, file.paths)
  const headers = {
    'Content-Type': file.type,
    ETag: etag,
    'Cache-Control': 'public, max-age=3600',
    'X-Content-Type-Options': 'nosniff',
  }
  if (c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers })
  return new Response(body, { headers })
}

function load(name: string, paths: () => readonly string[]): Asset {
  let found = loaded.get(name)
  if (found === undefined) {
    const body = paths()
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n')
    found = {
      body,
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`,
    }
    loaded.set(name, found)
  }
  return found
}
