import { createServer } from 'node:http'
import { createSession } from 'better-sse'
import { ask, read } from '../task/ask.ts'
import { draw } from '../task/template.ts'
import type { Listen } from '../rivals.ts'

const listen: Listen = (ready) => {
  const server = createServer(async (request, response) => {
    const asked = read(request.url!)
    const left = new AbortController()
    const session = await createSession(request, response, {
      // By default data is a JSON string: HTML would arrive in quotes.
      serializer: String,
      ...(asked.heartbeatMs > 0 ? { keepAlive: asked.heartbeatMs } : {}),
    })
    session.on('disconnected', () => left.abort())
    let text = ''
    for await (const token of ask(asked, left.signal)) {
      text += token
      session.push(draw({ text, streaming: true }))
    }
    if (session.isConnected) session.push(draw({ text, streaming: false }))
    response.end()
  })
  server.listen(0, '127.0.0.1', () => ready((server.address() as { port: number }).port))
}
export default listen
