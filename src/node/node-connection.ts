import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import type { Context } from 'hono'
import { useAsyncContext, type AsyncContext } from '../shared/async-context.ts'
import { after } from '../shared/clock.ts'
import { omitUndefined } from '../shared/hooks.ts'
import { UNKNOWN_ADDRESS, type Connection } from '../web/settings.ts'

/** The environment that an app is called with: by `@hono/node-server` and our `serve`, by Bun, Deno and AWS Lambda. */
interface NodeEnv extends BunServer {
  readonly incoming?: IncomingMessage
  readonly outgoing?: ServerResponse
  readonly host?: object
  /** As Hono's documentation has it for Bun. */
  readonly server?: BunServer
  readonly remoteAddr?: { readonly hostname?: string }
  readonly requestContext?: {
    readonly http?: { readonly sourceIp?: string }
    readonly identity?: { readonly sourceIp?: string }
  }
}

interface BunServer {
  requestIP?(request: Request): { readonly address: string } | null
}

/**
 * Sources run in the async context of their request: `AsyncLocalStorage` reads in them as it does in the handler. By
 * hand, because `AsyncLocalStorage.snapshot()` costs ten times as much on Node 20.
 */
class RequestContext extends AsyncResource implements AsyncContext {
  run<T>(run: () => T): T {
    return this.runInAsyncScope(run)
  }
}
useAsyncContext(() => new RequestContext('swapstream'))

/** Reads from Node what it knows about a request that came through so many proxies of ours. */
export function nodeConnection(proxies: number): (c: Context) => Connection {
  return (c) => {
    const env = (c.env ?? {}) as NodeEnv
    const { incoming, outgoing, host } = env
    const own = ownAddress(env, c.req.raw)
    const address = clientAddress(c.req.header('x-forwarded-for'), proxies, own)
    const secure = cameOverTls(c.req.header('x-forwarded-proto'), proxies)
    const known = { ...omitUndefined({ address, host }), secure }
    if (!incoming || !outgoing) return known
    // A response that waits behind another one of its connection has no socket yet, so Node does not tell it that the
    // client has left. The request has the socket from the start. On HTTP/2 each stream has a close of its own.
    const closing = (incoming.httpVersionMajor === 1 && incoming.socket) || outgoing
    return {
      ...known,
      destroy: () => outgoing.destroy(),
      onDisconnect(run) {
        if (closing.destroyed) run()
        // A client may send any number of requests ahead: many listeners are no leak here.
        closing.setMaxListeners(0)
        closing.on('close', run)
        return () => closing.off('close', run)
      },
    }
  }
}

/** The address at the other end of the connection; undefined where the runtime does not tell. */
function ownAddress(env: NodeEnv, request: Request): string | undefined {
  const { incoming, server = env, remoteAddr, requestContext } = env
  // A socket of a file system, or one that has closed, has no address.
  if (incoming) return incoming.socket?.remoteAddress ?? UNKNOWN_ADDRESS
  const { http, identity } = requestContext ?? {}
  return (
    server.requestIP?.(request)?.address ??
    remoteAddr?.hostname ??
    http?.sourceIp ??
    identity?.sourceIp
  )
}

/**
 * Finds the address of the client behind proxies of ours.
 *
 * Of X-Forwarded-For it believes as many entries at the end as there are proxies: each adds the address it was called
 * from, and everything before them is the client's own invention. A proxy's own address never stands for its clients.
 *
 * In      X-Forwarded-For with all its lines joined by commas; how many proxies; the address of the socket.
 * Out     an IP address without its port, or `UNKNOWN_ADDRESS` when the proxies did not give one.
 */
export function clientAddress(
  forwardedFor: string | undefined,
  proxies: number,
  own: string | undefined,
): string | undefined {
  if (!(proxies > 0)) return own
  const entry = forwardedFor?.split(',').at(-proxies)?.trim() ?? ''
  const [, v6, v4] = /^(?:\[(.+)\]|([\d.]+))(?::\d+)?$/.exec(entry) ?? []
  const address = v6 ?? v4 ?? entry
  return isIP(address) ? address : UNKNOWN_ADDRESS
}

/** True when the client came over TLS: the word of the first proxy, where each adds its own to X-Forwarded-Proto. */
function cameOverTls(forwardedProto: string | undefined, proxies: number): boolean {
  const words = proxies > 0 ? (forwardedProto?.split(',') ?? []) : []
  return (words.at(-proxies) ?? words[0])?.trim().toLowerCase() === 'https'
}

/** How long, and how much, a request is read that has its answer already. */
const LINGER_MS = 5_000
const LINGER_BYTES = 64 * 1024 * 1024

/**
 * Reads the rest of a request that is answered already, such as one that is too large. A connection that is closed at
 * once is reset, and its client never reads the answer.
 *
 * Ends    with the request; or closes the connection, after 5 s or 64 MiB.
 */
export function readOnAfter(incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.once('finish', () => {
    if (incoming.complete || incoming.destroyed) return
    let left = LINGER_BYTES
    const close = (): void => incoming.socket.destroySoon()
    const cancel = after(LINGER_MS, close)
    // Those of a body that nothing reads any more hold it back.
    for (const event of ['data', 'readable']) incoming.removeAllListeners(event)
    incoming.on('data', ({ length }: Buffer) => {
      left -= length
      if (left < 0) close()
    })
    for (const event of ['end', 'close']) incoming.once(event, cancel)
    incoming.resume()
  })
}
