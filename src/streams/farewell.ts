import { encodeEvent } from '../sse/sse.ts'

const SOONEST_MS = 500
const SPREAD_MS = 2_500

/**
 * What a stream says when its server stops: come back later. It is not `done`, because a client that closes on `done`
 * would not come back; and the times are spread, because all clients of a server hear it at once.
 */
export function farewell(): string {
  const retry = SOONEST_MS + Math.floor(Math.random() * SPREAD_MS)
  return encodeEvent({ event: 'shutdown', retry, data: JSON.stringify({ reason: 'shutdown' }) })
}
