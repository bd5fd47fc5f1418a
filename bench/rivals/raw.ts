import { once } from 'node:events'
import { createServer } from 'node:http'
import { ask, read } from '../task/ask.ts'
import { MARKS, token } from '../task/tokens.ts'
import type { Listen } from '../rivals.ts'

/** Encoded before anybody asks: what is left is the socket's own work, the floor under everybody. */
const events = Array.from({ length: MARKS }, (_, at) =>
  Buffer.from(`data: ${token(at).replace('&', '&amp;')}\n\n`),
)

const listen: Listen = (ready) => {
  const server = createServer(async (request, response) => {
    const asked = read(request.url!)
    const left = new AbortController()
    response.on('close', () => left.abort())
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
    })
    if (asked.beatMs > 0) {
      const beat = setInterval(() => response.write(': ping\n\n'), asked.beatMs)
      response.on('close', () => clearInterval(beat))
    }
    let at = 0
    for await (const _ of ask(asked, left.signal)) {
      if (!response.write(events[at++ % MARKS]!) && !left.signal.aborted)
        await once(response, 'drain', { signal: left.signal }).catch(() => {})
    }
    response.end('event: done\ndata: {}\n\n')
  })
  server.listen(0, '127.0.0.1', () => ready((server.address() as { port: number }).port))
}
export default listen
