import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { serve as listen } from '@hono/node-server'
import { after } from '../shared/clock.ts'
import { ConfigError } from '../shared/errors.ts'
import { stopStreams } from '../streams/registry.ts'
import { inspectInstead } from './dry-run.ts'
import { readOnAfter } from './node-connection.ts'
import { writeStream } from './write-stream.ts'

/** How often connections that have become idle are closed while the server stops. */
const SWEEP_MS = 20
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** Where a server listens, and how it stops. */
export interface ServeOptions {
  /** Default: `PORT`, else 3000. 0 takes a free one. */
  readonly port?: number
  /** Default: `HOST`, else this machine only (127.0.0.1). */
  readonly hostname?: string
  /** How long open answers and their teardowns may take at shutdown before they are cut. Default 10,000. */
  readonly graceMs?: number
  /** How long a client may take for its request headers. Default 10,000. */
  readonly headersTimeoutMs?: number
  /** Stop on SIGTERM and SIGINT, and end the process. Default true. */
  readonly signals?: boolean
  /** Called with the address when the server is ready. Default: one line on standard output. */
  readonly onListen?: (url: string) => void
  /** Called at shutdown when the streams have ended, within the grace, for what else has to end: `() => runs.close(5_000)`. */
  readonly onClose?: () => unknown
  /** Called when the server cannot listen. Default: one line on standard error, and the process ends with 1. */
  readonly onError?: (error: ConfigError) => void
}

/** A server that runs. */
export interface Serving {
  /** The address, when the server is ready. Never settles when it cannot listen: that goes to `onError`. */
  readonly ready: Promise<string>
  /**
   * Stops as a deploy wants it: no request is accepted any more, every stream ends with its shutdown event, its source is
   * torn down; what is left after the grace is cut.
   *
   * @param graceMs Another grace than the server's; 0 cuts at once.
   */
  close(graceMs?: number): Promise<void>
}

/** The request and the response of @hono/node-server. */
interface NodeExchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

/** The result where nothing is served. */
const NOT_SERVING: Serving = { ready: new Promise(() => {}), close: async () => {} }

/**
 * Serves an app on Node, as the program's main thing: on SIGTERM or SIGINT it stops as `close` does and the process
 * ends with 0; a second signal cuts everything at once.
 *
 * In      anything with Hono's `fetch`.
 * Out     at once; `ready` gives the address.
 *
 * @example serve(app)
 * @example const server = serve(app, { port: 0 }); const url = await server.ready
 */
export function serve(
  app: { fetch(request: Request, env?: never): Response | Promise<Response> },
  options: ServeOptions = {},
): Serving {
  if (inspectInstead(app)) return NOT_SERVING
  const { onError = giveUp, onClose = () => {}, signals = true } = options
  const { onListen = (url) => process.stdout.write(`Listening on ${url}\n`) } = options
  const { graceMs = 10_000, headersTimeoutMs = 10_000 } = options
  const hostname = options.hostname ?? process.env['HOST'] ?? '127.0.0.1'
  const port = options.port ?? portFrom(process.env['PORT'])
  if (port instanceof ConfigError) {
    onError(port)
    return NOT_SERVING
  }

  // The streams of this server know it by this object, so that they are stopped with it and with no other.
  const host = {}
  // The same object, which is this request's own: a copy would live beside it for as long as its stream lasts.
  const fetch = async (request: Request, env: NodeExchange): Promise<Response> => {
    if (!['GET', 'HEAD'].includes(request.method)) readOnAfter(env.incoming, env.outgoing)
    return writeStream(
      await app.fetch(request, Object.assign(env, { host }) as never),
      env.outgoing,
    )
  }

  const serverOptions = {
    headersTimeout: headersTimeoutMs,
    // Half a request is noticed within this time after its deadline; Node looks each 30 s by default.
    connectionsCheckingInterval: Math.min(2_000, headersTimeoutMs),
  }
  let server!: Server
  const ready = new Promise<string>((resolve) => {
    const listening = { port, hostname, serverOptions, autoCleanupIncoming: false }
    server = listen({ fetch: fetch as never, ...listening }, (address) => {
      const url = `http://${shownHost(hostname)}:${address.port}`
      onListen(url)
      resolve(url)
    }) as Server
  })
  server.on('error', (error: NodeJS.ErrnoException) => onError(cannotListen(error, hostname, port)))

  const idle = watchIdle(server)
  const stopped = (grace: number = graceMs): Promise<void> =>
    stop(server, idle, grace, () => stopStreams(host).then(onClose))
  // The first signal asks, the second insists.
  let isClosing = false
  const onSignal = (): void => {
    const closed = stopped(isClosing ? 0 : undefined)
    isClosing = true
    void closed.then(() => process.exit(0))
  }
  if (signals) for (const name of SIGNALS) process.on(name, onSignal)
  const close = (grace?: number): Promise<void> => {
    for (const name of SIGNALS) process.off(name, onSignal)
    return stopped(grace)
  }
  return { ready, close }
}

/** Gives the connections without an open answer. Node itself does not count those opened in advance as idle. */
function watchIdle(server: Server): () => Socket[] {
  const sockets = new Set<Socket>()
  const answers = new Set<ServerResponse>()
  server.on('connection', (socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)))
  })
  server.on('request', (_, answer) => {
    answers.add(answer.on('close', () => answers.delete(answer)))
  })
  return () => {
    const busy = new Set(Array.from(answers, ({ req }) => req.socket))
    return [...sockets].filter((socket) => !busy.has(socket))
  }
}

/** Stops a server: what ends the answers may take the grace, then every connection is cut. */
async function stop(
  server: Server,
  idle: () => Socket[],
  graceMs: number,
  endAnswers: () => Promise<unknown>,
): Promise<void> {
  let isClosed = false
  const closed = new Promise((resolve) => server.close(resolve)).then(() => (isClosed = true))
  // Again and again: a connection that carried a stream is idle when the stream has ended.
  const sweep = (): void => {
    for (const socket of idle()) socket.destroy()
    if (!isClosed) after(SWEEP_MS, sweep)
  }
  sweep()
  let cancel: () => void
  const graceOver = new Promise<void>((resolve) => (cancel = after(graceMs, resolve)))
  try {
    await Promise.race([Promise.all([closed, endAnswers()]), graceOver])
  } finally {
    cancel!()
    server.closeAllConnections()
    await closed
  }
}

function shownHost(hostname: string): string {
  if (['127.0.0.1', '0.0.0.0', '::', '::1'].includes(hostname)) return 'localhost'
  return hostname.includes(':') ? `[${hostname}]` : hostname
}

function portFrom(text: string = ''): number | ConfigError {
  if (text === '') return 3000
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  const what = `PORT is ${JSON.stringify(text)}, which is no port.`
  return new ConfigError('config/invalid', what, { hint: 'Use a number from 0 to 65535.' })
}

function cannotListen(cause: NodeJS.ErrnoException, hostname: string, port: number): ConfigError {
  const what = `Cannot listen on ${hostname}:${port}: ${cause.message}.`
  if (cause.code !== 'EADDRINUSE') return new ConfigError('config/invalid', what, { cause })
  const hint = `Choose another one: PORT=${port + 1}.`
  const taken = `Port ${port} of ${hostname} is taken by another program.`
  return new ConfigError('config/port-taken', taken, { hint, cause })
}

function giveUp(error: ConfigError): void {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
