import { Hono } from 'hono'
import { EventStream, Page, streamToFragments, swapstream } from 'swapstream'
import { write } from './model.ts'

export const app = new Hono()
app.use(swapstream({ templates: 'templates' }))

app.get('/', () => new Page('index.html'))

app.post('/ask', async (c) => {
  const { prompt } = await c.req.parseBody()
  const scripted = `You asked: ${prompt} A real model answers here.`
  return new EventStream(({ signal }) =>
    streamToFragments(write(String(prompt), scripted, signal), 'index.html', 'answer'),
  )
})

app.get('/health', (c) => c.text('ok'))
