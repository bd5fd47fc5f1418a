import { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { framesOf, streamBehind } from '../streams/returned.ts'

/**
 * Writes a stream to Node's response, frame by frame, without a web stream in between. A body that a middleware has
 * wrapped, read or replaced, and one over HTTP/2, is sent by @hono/node-server. Out: what to give back to that.
 */
export function writeStream(response: Response, outgoing: unknown): Response {
  const { body } = response
  const stream = body && streamBehind(body)
  if (!stream || body.locked || response.bodyUsed) return response
  if (!(outgoing instanceof ServerResponse) || outgoing.headersSent) return response
  outgoing.writeHead(response.status, headersOf(response.headers))
  outgoing.flushHeaders()
  void write(framesOf(stream), outgoing)
  return RESPONSE_ALREADY_SENT
}

async function write(frames: AsyncIterable<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  try {
    for await (const frame of frames)
      if (!outgoing.write(frame) && !outgoing.destroyed) await drained(outgoing)
    outgoing.end()
  } catch {
    // An answer that was cut must not look whole.
    outgoing.destroy()
  }
}

/** Resolves when the response takes more, or is closed. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done).off('close', done)
      resolve()
    }
    outgoing.on('drain', done).on('close', done)
  })
}

function headersOf(headers: Headers): Record<string, string | string[]> {
  const cookies = headers.getSetCookie()
  return { ...Object.fromEntries(headers), ...(cookies.length > 0 && { 'set-cookie': cookies }) }
}
