import type { IncomingMessage, ServerResponse } from 'node:http'
import { after } from '../shared/clock.ts'

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
