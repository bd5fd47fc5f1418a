/**
 * Two nodes and a Redis on this machine, behind a small proxy that passes each request to a node that runs.
 * The page can kill a node; it comes back after a while. `REDIS_URL` names a Redis, otherwise one is started.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

const NAMES = ['A', 'B']
const BACK_AFTER_MS = 3_000
const REDIS_PORT = 6390
const url = process.env['REDIS_URL'] ?? `redis://127.0.0.1:${REDIS_PORT}`

/** The port of each node that runs. */
const ports = new Map<string, number>()
const children = new Map<string, ChildProcess>()
let stopping = false

if (!process.env['REDIS_URL']) {
  const args = `--port ${REDIS_PORT} --bind 127.0.0.1 --appendonly no --save`.split(' ')
  const redis = spawn('redis-server', [...args, ''], { stdio: 'ignore' })
  redis.on('error', () => {
    console.error('There is no redis-server here: install one, or set REDIS_URL.')
    process.exit(1)
  })
  children.set('Redis', redis)
}
for (const name of NAMES) start(name)

function start(name: string): void {
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv,
      fileURLToPath(new URL(`node${extname(import.meta.url)}`, import.meta.url)),
    ],
    {
      env: { ...process.env, NODE: name, NODES: NAMES.join(','), REDIS_URL: url, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  children.set(name, child)
  child.stdout!.on('data', (output) => {
    const port = /localhost:(\d+)/.exec(String(output))?.[1]
    if (port) ports.set(name, Number(port))
  })
  child.on('exit', () => {
    ports.delete(name)
    if (!stopping) setTimeout(() => stopping || start(name), BACK_AFTER_MS)
  })
}

const proxy = createServer((incoming, outgoing) => {
  const name = /^\/kill\/(\w+)$/.exec(incoming.url ?? '')?.[1]
  if (incoming.method === 'POST' && name !== undefined && ports.has(name)) {
    children.get(name)!.kill('SIGKILL')
    outgoing.writeHead(204).end()
    return
  }
  const living = [...ports.values()]
  if (incoming.url === '/nodes') {
    outgoing.end(JSON.stringify({ nodes: living.length }))
    return
  }
  const port = living[Math.floor(Math.random() * living.length)]
  if (port === undefined) outgoing.writeHead(503, { 'Retry-After': '1' }).end('No node lives.')
  else hand(incoming, outgoing, port)
})

function hand(incoming: IncomingMessage, outgoing: ServerResponse, port: number): void {
  const { method, url: path, headers } = incoming
  const onward = request({ port, host: '127.0.0.1', method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers)
    answer.pipe(outgoing)
    answer.on('error', () => outgoing.destroy())
  })
  onward.on('error', () => outgoing.destroy())
  outgoing.on('close', () => onward.destroy())
  incoming.pipe(onward)
}

proxy.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = proxy.address() as { port: number }
  console.log(`Listening on http://localhost:${address.port}`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopping = true
    for (const child of children.values()) child.kill('SIGKILL')
    process.exit(0)
  })
}
