import { Hono } from 'hono'
import { EventStream, Page, streamToFragments, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { ask } from './ask.ts'

const app = new Hono()
app.use(swapstream({ templates: new URL('templates', import.meta.url) }))

app.get('/', () => new Page('chat.html'))
app.post('/chat', async (c) => {
  const { prompt } = await c.req.parseBody()
  return new EventStream(({ signal }) =>
    streamToFragments(ask(String(prompt), signal), 'chat.html', 'response'),
  )
})
serve(app)
