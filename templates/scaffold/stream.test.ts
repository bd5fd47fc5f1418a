import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { swapstream } from 'swapstream'
import { routes, sampleNameStream } from './sample-name.ts'

const app = new Hono()
app.use(swapstream({ templates: {} }))
app.route('/', routes)

const ask = (body: unknown, accept: string): Response | Promise<Response> =>
  app.request('/sample-name', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { accept, 'content-type': 'application/json' },
  })

test('sample-name gives its values without a request', async () => {
  let text = ''
  for await (const chunk of sampleNameStream({ json: { prompt: 'Hi' } })) text += chunk.text
  assert.equal(text, 'You wrote: Hi')
})

test('sample-name streams frames, and ends with what it returns', async () => {
  const frames = await (await ask({ prompt: 'Hi' }, 'text/event-stream')).text()
  assert.match(frames, /^event: start\n/)
  assert.match(frames, /event: complete\ndata: \{.*"final":\{"characters":13\}\}\n\n$/)
})

test('sample-name refuses what does not fit', async () => {
  assert.equal((await ask({ prompt: '' }, 'text/event-stream')).status, 422)
})
