import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { serve as listen } from '@hono/node-server'
import { after } from '../shared/clock.ts'
import { ConfigError } from '../shared/errors.ts'
import { stopStreams } from '../streams/registry.ts'
import { writeStream } from './write-stream.ts'

/** How often connections that have become idle are closed while the server stops. */
const SWEEP_MS = 20

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
  /** Told the address when the server is ready. Default: one line on standard output. */
  readonly onListen?: (url: string) => void
  /**
   * Called at shutdown when the streams have said farewell, for what else has to end: `() => runs.close(5_000)`. Waited
   * for within the grace.
   */
  readonly onClose?: () => unknown
  /** Told why the server cannot listen. Default: one line on standard error, and the process ends with 1. */
  readonly onError?: (error: ConfigError) => void
}

/** A server that runs. */
export interface Serving {
  /** The address, when the server is ready. Never settles when it cannot listen: that is `onError`'s. */
  readonly ready: Promise<string>
  /**
   * Stops as a deploy wants it: nothing new is accepted, every stream says farewell and ends cleanly, its source is torn
   * down; what is left after the grace is cut.
   *
   * @param graceMs Another grace than the server's; 0 cuts at once.
   */
  close(graceMs?: number): Promise<void>
}

/** Anything with Hono's `fetch`. */
interface App {
  fetch(request: Request, env?: never): Response | Promise<Response>
}

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
export function serve(app: App, options: ServeOptions = {}): Serving {
  if (looker) {
    looker(app)
    return NOT_SERVING
  }
  const {
    onListen = announce,
    onError = giveUp,
    graceMs = 10_000,
    headersTimeoutMs = 10_000,
    signals = true,
    onClose = () => {},
  } = options
  const hostname = options.hostname ?? process.env['HOST'] ?? '127.0.0.1'
  const port = options.port ?? portFrom(process.env['PORT'])
  if (port instanceof ConfigError) {
    onError(port)
    return NOT_SERVING
  }

  // The streams of this server know it by this object, so that they are stopped with it and with no other.
  const host = {}
  const fetch = (request: Request, env: { outgoing: object }): Response | Promise<Response> => {
    // The same object, which is this request's own: a copy would be kept beside it for as long as its stream lasts.
    const response = app.fetch(request, Object.assign(env, { host }) as never)
    const write = (made: Response): Response => writeStream(made, env.outgoing)
    return 'then' in response ? response.then(write) : write(response)
  }

  let listening: (url: string) => void
  const ready = new Promise<string>((resolve) => (listening = resolve))
  const serverOptions = {
    headersTimeout: headersTimeoutMs,
    // Half a request is noticed within this time after its deadline; Node looks each 30 s by default.
    connectionsCheckingInterval: Math.min(2_000, headersTimeoutMs),
  }
  const server = listen({ fetch, port, hostname, serverOptions }, (address) => {
    const url = `http://${shownHost(hostname)}:${address.port}`
    onListen(url)
    listening(url)
  }) as Server
  server.on('error', (error: NodeJS.ErrnoException) => onError(cannotListen(error, hostname, port)))

  const idle = watchIdle(server)
  const close = (grace: number = graceMs): Promise<void> => {
    forgetSignals()
    return stop(server, idle, host, grace, onClose)
  }
  const forgetSignals = signals
    ? stopOnSignals((grace = graceMs) => stop(server, idle, host, grace, onClose))
    : () => {}
  return { ready, close }
}

const NOT_SERVING: Serving = { ready: new Promise(() => {}), close: async () => {} }

let looker: ((app: object) => void) | undefined

/**
 * Has apps shown instead of served, so that a program can be looked at: `serve` hands its app to `look` and opens no
 * port, until `look` is nothing again.
 */
export function lookAtApps(look: ((app: object) => void) | undefined): void {
  looker = look
}

/** The first signal asks, the second insists. Gives a function that no longer listens. */
function stopOnSignals(close: (graceMs?: number) => Promise<void>): () => void {
  let asked = false
  const onSignal = (): void => {
    const stopped = asked ? close(0) : close()
    asked = true
    void stopped.then(() => process.exit(0))
  }
  const names = ['SIGTERM', 'SIGINT'] as const
  for (const name of names) process.on(name, onSignal)
  return () => {
    for (const name of names) process.off(name, onSignal)
  }
}

/**
 * The connections on which nothing is being answered: kept alive after an answer, opened in advance, or half asked. Node
 * itself counts only the first kind as idle.
 */
function watchIdle(server: Server): () => Socket[] {
  const answers = new Map<Socket, number>()
  const add = (socket: Socket, by: number): void => {
    const now = answers.get(socket)
    if (now !== undefined) answers.set(socket, now + by)
  }
  // One function for all of them: a connection may stay for hours.
  function closed(this: Socket): void {
    answers.delete(this)
  }
  function answered(this: ServerResponse): void {
    add(this.req.socket, -1)
  }
  server.on('connection', (socket) => {
    answers.set(socket, 0)
    socket.on('close', closed)
  })
  server.on('request', ({ socket }, response) => {
    add(socket, 1)
    response.on('close', answered)
  })
  return () => [...answers].filter(([, count]) => count === 0).map(([socket]) => socket)
}

async function stop(
  server: Server,
  idle: () => Socket[],
  host: object,
  graceMs: number,
  onClose: () => unknown,
): Promise<void> {
  let closed = false
  const closing = new Promise<void>((resolve) => server.close(() => resolve())).then(
    () => (closed = true),
  )
  // Again and again: a connection that carried a stream is idle when the stream has ended.
  const sweep = (): void => {
    for (const socket of idle()) socket.destroy()
    if (!closed) after(SWEEP_MS, sweep)
  }
  sweep()
  let cancel: () => void
  const graceOver = new Promise<void>((resolve) => (cancel = after(graceMs, resolve)))
  try {
    await Promise.race([Promise.all([closing, stopStreams(host).then(onClose)]), graceOver])
  } finally {
    cancel!()
    server.closeAllConnections()
    await closing
  }
}

function shownHost(hostname: string): string {
  if (['127.0.0.1', '0.0.0.0', '::', '::1'].includes(hostname)) return 'localhost'
  return hostname.includes(':') ? `[${hostname}]` : hostname
}

function portFrom(text: string | undefined): number | ConfigError {
  if (text === undefined || text === '') return 3000
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  return new ConfigError('config/invalid', `PORT is ${JSON.stringify(text)}, which is no port.`, {
    hint: 'Use a number from 0 to 65535.',
  })
}

function cannotListen(error: NodeJS.ErrnoException, hostname: string, port: number): ConfigError {
  if (error.code === 'EADDRINUSE') {
    return new ConfigError(
      'config/port-taken',
      `Port ${port} of ${hostname} is taken by another program.`,
      {
        hint: `Choose another one: PORT=${port + 1}.`,
        cause: error,
      },
    )
  }
  return new ConfigError(
    'config/invalid',
    `Cannot listen on ${hostname}:${port}: ${error.message}.`,
    {
      cause: error,
    },
  )
}

function announce(url: string): void {
  process.stdout.write(`Listening on ${url}\n`)
}

function giveUp(error: ConfigError): void {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
