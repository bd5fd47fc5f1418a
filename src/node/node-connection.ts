import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context } from 'hono'
import { useAsyncContext, type AsyncContext } from '../shared/async-context.ts'
import { omitUndefined } from '../shared/hooks.ts'
import { UNKNOWN_ADDRESS, type Connection } from '../web/settings.ts'
import { cameOverTls, clientAddress } from './client-address.ts'

/** The environment that `@hono/node-server`, and our `serve`, call an app with; or Bun, with its server. */
interface NodeEnv {
  readonly incoming?: IncomingMessage
  readonly outgoing?: ServerResponse
  readonly host?: object
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
    // A socket of a file system, or one that has closed, has no address.
    const own = incoming
      ? (incoming.socket?.remoteAddress ?? UNKNOWN_ADDRESS)
      : env.requestIP?.(c.req.raw)?.address
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
