import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { swapstream } from 'swapstream'
import { openStream } from 'swapstream/testing'
import { routes } from './sample-name.ts'

const app = new Hono()
app.use(swapstream({ templates: 'templates' }))
app.route('/', routes)

const send = (prompt: string): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams({ prompt }),
  headers: { accept: 'text/html, text/event-stream', 'hx-request': 'true' },
})

test('sample-name has a page', async () => {
  const page = await app.request('/sample-name')
  assert.equal(page.status, 200)
  assert.match(await page.text(), /<form id="sample-name-form"/)
})

test('sample-name streams its answer into the page', async () => {
  const stream = await openStream(app, '/sample-name', send('Hi <you>'))
  const events = await stream.all()
  assert.deepEqual(events.at(-1), { event: 'done', data: '{"reason":"done"}' })
  assert.match(JSON.stringify(events), /You wrote: Hi &lt;you&gt;/)
})

test('sample-name returns the form when the prompt is empty', async () => {
  const answer = await app.request('/sample-name', send(' '))
  assert.equal(answer.status, 422)
  assert.match(await answer.text(), /Write something first\./)
})
