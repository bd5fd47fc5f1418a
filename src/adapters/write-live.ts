import { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Sink } from '../streams/sink.ts'
import type { Live } from '../web/settings.ts'

/** A stream, and the response that it became. */
export interface Offered {
  readonly response: Response
  readonly live: Live
}

/**
 * Writes a stream to the response of Node without a web stream in between, which is half of what a small frame costs.
 *
 * Only a stream that left the app as it is: every middleware has had its say, the status and the headers are the
 * response's own. Whose body somebody wraps, reads or replaces, and what comes over HTTP/2, goes the ordinary way.
 *
 * Out     what to give back to @hono/node-server.
 */
export function writeLive(
  response: Response,
  { response: offered, live }: Offered,
  outgoing: unknown,
): Response {
  if (!(outgoing instanceof ServerResponse) || outgoing.headersSent || live.body.locked)
    return response
  if (response !== offered && response.body !== live.body) return response
  outgoing.writeHead(response.status, headersOf(response.headers))
  let silent = true
  const sink: Sink = {
    write(bytes) {
      silent = false
      return outgoing.write(bytes)
    },
    close: () => void outgoing.end(),
    cut: () => void outgoing.destroy(),
  }
  // A write after the end of the connection; whoever waits for that end hears of it elsewhere.
  outgoing.on('error', () => {})
  outgoing.on('drain', () => live.wanted(sink))
  live.wanted(sink)
  if (silent) outgoing.flushHeaders()
  return RESPONSE_ALREADY_SENT
}

function headersOf(headers: Headers): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {}
  for (const [name, value] of headers) if (name !== 'set-cookie') record[name] = value
  const cookies = headers.getSetCookie()
  if (cookies.length > 0) record['set-cookie'] = cookies
  return record
}
