import { AsyncResource } from 'node:async_hooks'
import type { Context } from 'hono'
import { useAsyncContext } from '../base/async-context.ts'
import { useTextEncoder } from '../base/encode-text.ts'
import type { Connection } from '../web/settings.ts'
import type { Offered } from './write-live.ts'

useTextEncoder((text) => Buffer.from(text))

interface NodeSocket {
  readonly remoteAddress?: string
  readonly destroyed?: boolean
  on(event: 'close', run: () => void): unknown
  off(event: 'close', run: () => void): unknown
  setMaxListeners(most: number): unknown
}

/** What `@hono/node-server`, and our `serve`, hand to an app beside the request. */
interface NodeEnv {
  readonly incoming?: { readonly httpVersionMajor?: number; readonly socket?: NodeSocket }
  readonly outgoing?: { destroy(): void }
  readonly host?: object
  /** Where our `serve` looks for a stream that it can write by itself. */
  offered?: Offered | undefined
}

/**
 * Sources keep the async context of their request: `AsyncLocalStorage` reads in them as it does in the handler. By hand,
 * because `AsyncLocalStorage.snapshot()` costs ten times as much on Node 20.
 */
useAsyncContext(() => {
  const request = new AsyncResource('swapstream')
  return (run) => request.runInAsyncScope(run)
})

/**
 * What Node knows about a request.
 *
 * @param proxies How many proxies of our own stand in front: that many addresses at the end of X-Forwarded-For can be
 *        believed, everything before them is the client's own invention.
 */
export function nodeConnection(proxies: number): (c: Context) => Connection {
  return (c) => {
    const env = (c.env ?? {}) as NodeEnv
    const { incoming, outgoing, host } = env
    const socket = incoming?.socket
    const address = forwarded(c.req.header('x-forwarded-for'), proxies) ?? socket?.remoteAddress
    return {
      secure: forwarded(c.req.header('x-forwarded-proto'), Math.min(proxies, 1)) === 'https',
      ...(address === undefined ? {} : { address }),
      ...(host === undefined
        ? {}
        : { host, offer: (response, live) => void (env.offered = { response, live }) }),
      ...(outgoing === undefined ? {} : { drop: () => outgoing.destroy() }),
      // On HTTP/2 every stream has a close of its own.
      ...(incoming?.httpVersionMajor === 1 && socket
        ? { onLeave: (run) => onClose(socket, run) }
        : {}),
    }
  }
}

function forwarded(header: string | undefined, proxies: number): string | undefined {
  return proxies > 0 ? header?.split(',').at(-proxies)?.trim() : undefined
}

/**
 * A response that waits behind another one of the same connection has no socket yet, so Node does not tell it that the
 * client has gone. The request knows the socket from the start.
 */
function onClose(socket: NodeSocket, run: () => void): () => void {
  if (socket.destroyed) {
    run()
    return () => {}
  }
  // A client may send any number of requests ahead: many listeners are no leak here.
  socket.setMaxListeners(0)
  socket.on('close', run)
  return () => socket.off('close', run)
}
