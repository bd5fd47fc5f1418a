import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Context } from 'hono'
import { HTMX_SCRIPTS } from '../htmx/request.ts'

const { resolve } = createRequire(import.meta.url)

interface Asset {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** Every file a page of ours needs, by its address. A closed list: no path of a request ever reaches the disk. */
const ASSETS: ReadonlyMap<string, () => Asset> = new Map([
  ...Object.entries(HTMX_SCRIPTS).map(([address, files]) => assetOf(address, files, resolve)),
  assetOf('/swapstream/swapstream.css', ['swapstream.css'], ownFile),
  assetOf('/swapstream/swapstream.js', ['swapstream.js'], ownFile),
])

/** The answer for `/swapstream/…`: htmx and its extension from the installed `htmx.org`, our style sheet and our script. */
export function asset(c: Context): Response | undefined {
  const load = ['GET', 'HEAD'].includes(c.req.method) ? ASSETS.get(c.req.path) : undefined
  if (load === undefined) return undefined
  const { body, headers } = load()
  return c.req.header('if-none-match') === headers['ETag']
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers })
}

/** An asset that is read when it is first asked for. */
function assetOf(
  address: string,
  files: readonly string[],
  pathOf: (file: string) => string,
): [string, () => Asset] {
  let loaded: Asset | undefined
  const load = (): Asset => {
    const body = files.map((file) => readFileSync(pathOf(file), 'utf8')).join('\n')
    const headers = {
      'Content-Type': `text/${address.endsWith('.css') ? 'css' : 'javascript'}; charset=utf-8`,
      ETag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`,
      'Cache-Control': 'public, max-age=3600',
      'X-Content-Type-Options': 'nosniff',
    }
    return { body, headers }
  }
  return [address, () => (loaded ??= load())]
}

function ownFile(name: string): string {
  return fileURLToPath(new URL(`../../public/${name}`, import.meta.url))
}
