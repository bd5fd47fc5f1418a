import { Hono } from 'hono'
import { EventStream, FormResult, Fragment, Page, readForm, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { z } from 'zod'
import { createFeed } from './feed.ts'

const feed = createFeed()
const note = z.object({ text: z.string().trim().min(1, 'Write something.').max(200, 'Too long.') })

const app = new Hono()
const heartbeatMs = Number(process.env['HEARTBEAT_MS'] ?? 15_000)
app.use(swapstream({ templates: new URL('templates', import.meta.url), heartbeatMs }))

app.get('/', () => new Page('feed.html', { notes: feed.notes }))

app.get('/feed', () => {
  const lists = async function* ({ signal }: { signal: AbortSignal }): AsyncGenerator<Fragment> {
    for await (const notes of feed.states(signal))
      yield new Fragment('feed.html', 'list', { notes }, { target: '#feed' })
  }
  // A feed may be silent for days; heartbeats find clients that are gone.
  return new EventStream(lists, { retryMs: 1_000 })
})

app.post('/notes', async (c) => {
  const form = await readForm(c, note)
  if (!form.ok) {
    const context = { ...form, notes: feed.notes }
    return new Page('feed.html', context, { block: 'form', status: 422 })
  }
  feed.post(form.value.text)
  return new FormResult('/', { fragments: [new Fragment('feed.html', 'form')] })
})
serve(app)
