import { serve as listen } from '@hono/node-server'
import { ConfigError } from '../base/errors.ts'

export interface ServeOptions {
  /** Default: `PORT`, else 3000. 0 takes a free one. */
  readonly port?: number
  /** Default: `HOST`, else this machine only (127.0.0.1). */
  readonly hostname?: string
  /** Told the address when the server is ready. Default: one line on standard output. */
  readonly onListen?: (url: string) => void
  /** Told why the server cannot listen. Default: one line on standard error, and the process ends with 1. */
  readonly onError?: (error: ConfigError) => void
}

export interface Serving {
  /** The address, when the server is ready. Never settles when it cannot listen: that is `onError`'s. */
  readonly ready: Promise<string>
  /** Stops: nothing new is accepted, open connections are closed, their sources told. */
  close(): Promise<void>
}

/**
 * Serves an app on Node, as the program's main thing.
 *
 * In      anything with Hono's `fetch`.
 * Out     at once; `ready` gives the address.
 *
 * @example serve(app)
 * @example const server = serve(app, { port: 0 }); const url = await server.ready
 */
export function serve(
  app: { fetch: (request: Request, env?: never) => Response | Promise<Response> },
  options: ServeOptions = {},
): Serving {
  const { onListen = announce, onError = giveUp } = options
  const hostname = options.hostname ?? process.env['HOST'] ?? '127.0.0.1'
  const port = options.port ?? portFrom(process.env['PORT'], onError)
  if (port === undefined) return { ready: new Promise(() => {}), close: async () => {} }

  let listening: (url: string) => void
  const ready = new Promise<string>((resolve) => (listening = resolve))
  const server = listen({ fetch: app.fetch as never, port, hostname }, (address) => {
    const shown =
      hostname === '127.0.0.1' || hostname === '0.0.0.0' || hostname === '::'
        ? 'localhost'
        : hostname
    const url = `http://${shown.includes(':') ? `[${shown}]` : shown}:${address.port}`
    onListen(url)
    listening(url)
  })
  server.on('error', (error: NodeJS.ErrnoException) => onError(cannotListen(error, hostname, port)))
  return {
    ready,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

function portFrom(
  text: string | undefined,
  onError: (error: ConfigError) => void,
): number | undefined {
  if (text === undefined || text === '') return 3000
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  onError(
    new ConfigError('config/invalid', `PORT is ${JSON.stringify(text)}, which is no port.`, {
      hint: 'Use a number from 0 to 65535.',
    }),
  )
  return undefined
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
    { cause: error },
  )
}

function announce(url: string): void {
  process.stdout.write(`Listening on ${url}\n`)
}

function giveUp(error: ConfigError): void {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
