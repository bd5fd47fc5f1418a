import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStream } from 'swapstream/testing'
import { createApp } from './app.ts'
import { memoryStore } from './store.ts'

const app = createApp(memoryStore())
const ask = (prompt: string, cookie = '') =>
  openStream(app, '/chat', {
    method: 'POST',
    body: new URLSearchParams({ prompt }),
    headers: { cookie },
  })

test('the page asks, and begins without an answer', async () => {
  const page = await app.request('/')
  const html = await page.text()
  assert.equal(page.status, 200)
  assert.match(html, /<form class="composer"/)
  assert.doesNotMatch(html, /<article/)
})

test('an answer streams, and is there when the page loads again', async () => {
  const stream = await ask('Is this <b>safe</b>?')
  const cookie = stream.response.headers.get('set-cookie')!
  const events = await stream.all()
  assert.equal(events.at(-1)!.data, '{"reason":"done"}')
  const html = await (await app.request('/', { headers: { cookie } })).text()
  assert.match(html, /Is this &lt;b&gt;safe/)
  assert.match(html, /I am a script/)
})

test('Stop ends an answer, and the text so far stays', async () => {
  const stream = await ask('Why?')
  const cookie = stream.response.headers.get('set-cookie')!
  const first = await stream.until(({ data }) => data.includes('/stop'))
  const stop = /action="([^"]+\/stop)"/.exec(first.at(-1)!.data)![1]!
  await app.request(stop, { method: 'POST', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
  assert.equal((await stream.all()).at(-1)!.data, '{"reason":"stopped"}')
  const html = await (await app.request('/', { headers: { cookie } })).text()
  assert.match(html, /name="retry"/)
})
