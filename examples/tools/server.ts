import { Hono } from 'hono'
import { EventStream, Page, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { answer } from './answer.ts'

const app = new Hono()
app.use(swapstream({ templates: new URL('templates', import.meta.url) }))

app.get('/', () => new Page('tools.html'))
app.post('/ask', async (c) => {
  const { names } = await c.req.parseBody()
  return new EventStream(answer(String(names)))
})
serve(app)
