import { createServer } from 'node:http'
import { ask, read } from '../task/ask.ts'
import type { Listen } from '../rivals.ts'

/** What the model itself costs in all of these servers: everything it says in one piece, when it has said it. */
const listen: Listen = (ready) => {
  const server = createServer(async (request, response) => {
    const left = new AbortController()
    response.on('close', () => left.abort())
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
    })
    let text = ''
    for await (const token of ask(read(request.url!), left.signal)) text += token
    response.end(`data: ${text.replaceAll('&', '&amp;')}\n\nevent: done\ndata: {}\n\n`)
  })
  server.listen(0, '127.0.0.1', () => ready((server.address() as { port: number }).port))
}
export default listen
