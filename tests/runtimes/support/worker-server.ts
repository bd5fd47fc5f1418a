/** Serves a bundle on the real workerd. Arguments: a folder of node_modules with miniflare, the bundle. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [modules = '', script = ''] = process.argv.slice(2)
const require = createRequire(join(modules, 'x.js'))
const { Miniflare } = require('miniflare') as {
  Miniflare: new (options: object) => { readonly ready: Promise<URL>; dispose(): Promise<void> }
}
const { version } = require('workerd/package.json') as { version: string }
const worker = new Miniflare({
  modules: true,
  script: readFileSync(script, 'utf8'),
  compatibilityDate: '2026-01-01',
  // Else a client that leaves a silent stream is noticed at the next heartbeat.
  compatibilityFlags: ['enable_request_signal'],
  host: '127.0.0.1',
  port: 0,
})
// It runs workerd as a process of its own.
process.on('SIGTERM', () => void worker.dispose().then(() => process.exit()))
const { port } = await worker.ready
console.log(`VERSION ${version}\nLISTEN ${port}`)
