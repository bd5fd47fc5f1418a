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
  { response: offered, live: { body, driver } }: Offered,
  outgoing: unknown,
): Response {
  if (!(outgoing instanceof ServerResponse) || outgoing.headersSent || body.locked) return response
  if (response !== offered && response.body !== body) return response
  outgoing.writeHead(response.status, headersOf(response.headers))
  // The headers leave by themselves, yet with the first frame: Node keeps them for ever, and so as one text.
  outgoing.cork()
  outgoing.flushHeaders()
  driver.wanted(new ResponseSink(outgoing, driver))
  outgoing.uncork()
  return RESPONSE_ALREADY_SENT
}

class ResponseSink implements Sink {
  readonly #outgoing: ServerResponse
  readonly #driver: Live['driver']

  constructor(outgoing: ServerResponse, driver: Live['driver']) {
    this.#outgoing = outgoing
    this.#driver = driver
  }

  write(bytes: Uint8Array): boolean {
    const more = this.#outgoing.write(bytes)
    if (!more) this.#outgoing.once('drain', () => this.#driver.wanted(this))
    return more
  }

  close(): void {
    this.#outgoing.end()
  }

  cut(): void {
    this.#outgoing.destroy()
  }
}

function headersOf(headers: Headers): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {}
  for (const [name, value] of headers) if (name !== 'set-cookie') record[name] = value
  const cookies = headers.getSetCookie()
  if (cookies.length > 0) record['set-cookie'] = cookies
  return record
}
