import { once } from 'node:events'
import { createServer } from 'node:http'
import { ask, read } from '../task/ask.ts'
import { MARKS, token } from '../task/tokens.ts'
import type { Listen } from '../rivals.ts'

/**
 * Deltas and nothing else.
 *
 * @param every So many tokens leave in one write; the first by itself.
 */
export function writing(every: number): Listen {
  // By their last token. Encoded before anybody asks: what is left is the socket's own work, the floor under everybody.
  const events = Array.from({ length: MARKS }, (_, last) =>
    event(Math.max(0, last + 1 - every), last + 1),
  )
  return (ready) => {
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
      let come = 0
      let written = 0
      for await (const _ of ask(asked, left.signal)) {
        const at = come++
        if (at % every !== 0) continue
        written = come
        if (!response.write(events[at % MARKS]!) && !left.signal.aborted)
          await once(response, 'drain', { signal: left.signal }).catch(() => {})
      }
      if (written < come) response.write(event(written, come))
      response.end('event: done\ndata: {}\n\n')
    })
    server.listen(0, '127.0.0.1', () => ready((server.address() as { port: number }).port))
  }
}

function event(from: number, to: number): Buffer {
  const text = Array.from({ length: to - from }, (_, at) => token(from + at)).join('')
  return Buffer.from(`data: ${text.replaceAll('&', '&amp;')}\n\n`)
}

export default writing(1)
