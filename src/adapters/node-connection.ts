import { AsyncLocalStorage } from 'node:async_hooks'
import type { Context } from 'hono'
import { useAsyncContext } from '../base/async-context.ts'
import type { Connection } from '../web/settings.ts'

/** What `@hono/node-server`, and our `serve`, hand to an app beside the request. */
interface NodeEnv {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } }
  readonly outgoing?: { destroy(): void }
  readonly host?: object
}

/** Sources keep the async context of their request: `AsyncLocalStorage` reads in them as it does in the handler. */
useAsyncContext(() => AsyncLocalStorage.snapshot())

/**
 * What Node knows about a request.
 *
 * @param proxies How many proxies of our own stand in front: that many addresses at the end of X-Forwarded-For can be
 *        believed, everything before them is the client's own invention.
 */
export function nodeConnection(proxies: number): (c: Context) => Connection {
  return (c) => {
    const { incoming, outgoing, host } = (c.env ?? {}) as NodeEnv
    const address =
      forwarded(c.req.header('x-forwarded-for'), proxies) ?? incoming?.socket?.remoteAddress
    return {
      ...(address === undefined ? {} : { address }),
      ...(host === undefined ? {} : { host }),
      ...(outgoing === undefined ? {} : { drop: () => outgoing.destroy() }),
    }
  }
}

function forwarded(header: string | undefined, proxies: number): string | undefined {
  return proxies > 0 ? header?.split(',').at(-proxies)?.trim() : undefined
}
