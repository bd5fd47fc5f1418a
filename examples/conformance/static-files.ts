import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Handler } from 'hono'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/**
 * The files of a folder, read once: a closed list by address.
 *
 * No path of a request ever reaches the disk, so `..`, its encodings, NUL and what is linked or hidden in the folder
 * are not refused one by one; they are simply not in the list.
 */
export function staticFiles(folder: string, address: string): Handler {
  const files = new Map<string, { body: Buffer<ArrayBuffer>; type: string }>()
  for (const file of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(file.parentPath, file.name)
    const name = path.slice(folder.length).replaceAll('\\', '/').replace(/^\//, '')
    if (!file.isFile() || /(^|\/)\./.test(name)) continue
    const type = TYPES[extname(name)] ?? 'application/octet-stream'
    files.set(`${address}/${name}`, { body: readFileSync(path), type })
  }
  return (c) => {
    const file = files.get(c.req.path)
    if (file === undefined) return c.notFound()
    return c.body(file.body, 200, { 'Content-Type': file.type, 'Cache-Control': 'no-cache' })
  }
}
