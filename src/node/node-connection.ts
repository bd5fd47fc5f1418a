import { AsyncResource } from 'node:async_hooks'
import type { Context } from 'hono'
import { useAsyncContext, type AsyncContext } from '../shared/async-context.ts'
import { useTextEncoder } from '../shared/encode-text.ts'
import { given } from '../shared/given.ts'
import type { Connection, Live } from '../web/settings.ts'
import { liveResponse, type LiveResponse } from './live-response.ts'

useTextEncoder((text) => Buffer.from(text))

interface Closing {
  readonly destroyed?: boolean
  on(event: 'close', run: () => void): unknown
  off(event: 'close', run: () => void): unknown
  setMaxListeners(most: number): unknown
}

/** What `@hono/node-server`, and our `serve`, hand to an app beside the request. */
interface NodeEnv {
  readonly incoming?: {
    readonly httpVersionMajor?: number
    readonly socket?: Closing & { readonly remoteAddress?: string }
  }
  readonly outgoing?: Closing & { destroy(): void }
  readonly host?: object
  /** Where our `serve` looks for a stream that it can write by itself. */
  offered?: LiveResponse | undefined
}

/**
 * Sources keep the async context of their request: `AsyncLocalStorage` reads in them as it does in the handler. By hand,
 * because `AsyncLocalStorage.snapshot()` costs ten times as much on Node 20.
 */
class RequestContext extends AsyncResource implements AsyncContext {
  run<T>(run: () => T): T {
    return this.runInAsyncScope(run)
  }
}
useAsyncContext(() => new RequestContext('swapstream'))

/**
 * What Node knows about a request.
 *
 * @param proxies How many proxies of our own stand in front: that many addresses at the end of X-Forwarded-For can be
 *        believed, everything before them is the client's own invention.
 */
export function nodeConnection(proxies: number): (c: Context) => Connection {
  return (c) => {
    const env = (c.env ?? {}) as NodeEnv
    const address = forwarded(c.req.header('x-forwarded-for'), proxies)
    const secure = forwarded(c.req.header('x-forwarded-proto'), Math.min(proxies, 1)) === 'https'
    if (!env.incoming || !env.outgoing) {
      const own = address ?? env.incoming?.socket?.remoteAddress
      return { ...given({ address: own, host: env.host }), secure }
    }
    return new NodeConnection(env as Served, address, secure)
  }
}

type Served = NodeEnv & Required<Pick<NodeEnv, 'incoming' | 'outgoing'>>

class NodeConnection implements Connection {
  readonly secure: boolean
  readonly address?: string
  readonly #env: Served

  constructor(env: Served, address: string | undefined, secure: boolean) {
    const own = address ?? env.incoming.socket?.remoteAddress
    if (own !== undefined) this.address = own
    this.secure = secure
    this.#env = env
  }

  get host(): object | undefined {
    return this.#env.host
  }

  /** Nobody but our `serve` would write it. */
  respond(stream: Live, init: ResponseInit): Response | undefined {
    return this.host && (this.#env.offered = liveResponse(stream, init))
  }

  drop(): void {
    this.#env.outgoing.destroy()
  }

  /**
   * A response that waits behind another one of the same connection has no socket yet, so Node does not tell it that the
   * client has gone. The request knows the socket from the start. On HTTP/2 every stream has a close of its own.
   */
  onLeave(run: () => void): () => void {
    const { incoming, outgoing } = this.#env
    const closing = (incoming.httpVersionMajor === 1 && incoming.socket) || outgoing
    if (closing.destroyed) run()
    // A client may send any number of requests ahead: many listeners are no leak here.
    closing.setMaxListeners(0)
    closing.on('close', run)
    return () => closing.off('close', run)
  }
}

function forwarded(header: string | undefined, proxies: number): string | undefined {
  return proxies > 0 ? header?.split(',').at(-proxies)?.trim() : undefined
}
