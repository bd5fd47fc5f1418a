import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { ask, read } from '../task/ask.ts'
import { page } from '../task/page.ts'
import { Answer, draw } from '../task/template.ts'
import type { Listen } from '../rivals.ts'

const app = new Hono().route('/', page)
app.get('/answer', (c) =>
  streamSSE(c, async (stream) => {
    const asked = read(c.req.url)
    const left = new AbortController()
    // Without this the model writes on, and is paid for, when the client has disconnected.
    stream.onAbort(() => left.abort())
    if (asked.heartbeatMs > 0) void sendHeartbeats()
    const answer = new Answer(asked.template, asked.n)
    for await (const token of ask(asked, left.signal)) {
      answer.add(token)
      await stream.writeSSE({ data: draw(answer.context(true), asked.template) })
    }
    await stream.writeSSE({ data: draw(answer.context(false), asked.template) })
    await stream.writeSSE({ event: 'done', data: '{}' })

    async function sendHeartbeats(): Promise<void> {
      while (!stream.aborted && !stream.closed) {
        await stream.sleep(asked.heartbeatMs)
        await stream.write(': ping\n\n')
      }
    }
  }),
)

const listen: Listen = (ready) =>
  void serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => ready(port))
export default listen
