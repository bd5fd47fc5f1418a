import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Sink } from '../streams/sink.ts'
import type { Chunk } from '../streams/wire.ts'
import type { Live } from '../web/settings.ts'
import type { LiveResponse } from './live-response.ts'

/**
 * Writes a stream to the response of Node without a web stream in between.
 *
 * Only a stream that left the app as it is: every middleware has had its say, the status and the headers are the
 * response's own. Whose body somebody wraps, reads or replaces, and what comes over HTTP/2, goes the ordinary way.
 *
 * In      what the app gave back, and what it was given for a stream.
 * Out     what to give back to @hono/node-server.
 */
export function writeLive(response: Response, live: LiveResponse, outgoing: unknown): Response {
  const { stream, seen } = live
  if (response !== live && (seen === undefined || response.body !== seen)) return response
  if (!(outgoing instanceof ServerResponse) || outgoing.headersSent || seen?.locked)
    return response === live ? new Response(live.body, live) : response
  outgoing.writeHead(response.status, headersOf(response.headers))
  // The headers leave by themselves, yet with the first frame: Node keeps them for ever, and so as one text.
  outgoing.cork()
  outgoing.flushHeaders()
  stream.wanted(new ResponseSink(outgoing, stream))
  outgoing.uncork()
  return RESPONSE_ALREADY_SENT
}

/**
 * Frames as they go over the wire. A response would write one in four parts, and hold them back until the turn is over.
 * So where nothing stands between, each is written to the socket with its length around it, as HTTP/1.1 has it.
 */
class ResponseSink implements Sink {
  readonly #outgoing: ServerResponse
  readonly #stream: Live
  /** Nothing while an earlier answer of the connection has it, and where the body is not chunked. */
  readonly #socket: Socket | null

  constructor(outgoing: ServerResponse, stream: Live) {
    this.#outgoing = outgoing
    this.#stream = stream
    this.#socket = outgoing.chunkedEncoding ? outgoing.socket : null
  }

  get ready(): boolean {
    return !this.#to.writableNeedDrain
  }

  write(piece: Chunk, isLast: boolean): number {
    const socket = this.#socket
    const bytes = Buffer.byteLength(piece)
    // Until the response ends, which lets go of it: the last piece and the mark of the end leave as one.
    if (isLast) socket?.cork()
    if (!socket) this.#outgoing.write(piece)
    else if (typeof piece === 'string') socket.write(`${bytes.toString(16)}\r\n${piece}\r\n`)
    else {
      socket.cork()
      socket.write(`${bytes.toString(16)}\r\n`)
      socket.write(piece)
      socket.write('\r\n')
      socket.uncork()
    }
    if (!this.ready) this.#to.once('drain', () => this.#stream.wanted(this))
    return bytes
  }

  close(): void {
    this.#outgoing.end()
  }

  cut(): void {
    this.#outgoing.destroy()
  }

  get #to(): ServerResponse | Socket {
    return this.#socket ?? this.#outgoing
  }
}

function headersOf(headers: Headers): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {}
  for (const [name, value] of headers) if (name !== 'set-cookie') record[name] = value
  const cookies = headers.getSetCookie()
  if (cookies.length > 0) record['set-cookie'] = cookies
  return record
}
