import { once } from 'node:events'
import { createServer } from 'node:http'
import { ask, read } from '../task/ask.ts'
import { MARKS, token } from '../task/tokens.ts'
import type { Listen } from '../rivals.ts'

// Encoded before the first request: what is left is the socket's own work.
const events = Array.from({ length: MARKS }, (_, at) => event(at, at + 1))

/** Deltas and nothing else. */
const listen: Listen = (ready) => {
  const server = createServer(async (request, response) => {
    const asked = read(request.url!)
    const left = new AbortController()
    response.on('close', () => left.abort())
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
    })
    if (asked.heartbeatMs > 0) {
      const heartbeat = setInterval(() => response.write(': ping\n\n'), asked.heartbeatMs)
      response.on('close', () => clearInterval(heartbeat))
    }
    let at = 0
    for await (const _ of ask(asked, left.signal)) {
      const isHead = at < asked.head
      const next = isHead ? event(0, asked.head) : events[at % MARKS]!
      at = isHead ? asked.head : at + 1
      if (!response.write(next) && !left.signal.aborted)
        await once(response, 'drain', { signal: left.signal }).catch(() => {})
    }
    response.end('event: done\ndata: {}\n\n')
  })
  server.listen(0, '127.0.0.1', () => ready((server.address() as { port: number }).port))
}

function event(from: number, to: number): Buffer {
  const text = Array.from({ length: to - from }, (_, at) => token(from + at)).join('')
  return Buffer.from(`data: ${text.replaceAll('&', '&amp;')}\n\n`)
}

export default listen
