import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyFrames, openStream } from 'swapstream/testing'
import { app } from './app.ts'

test('the page asks', async () => {
  const page = await app.request('/')
  assert.equal(page.status, 200)
  assert.match(await page.text(), /<form action="\/ask"/)
})

test('an answer streams into the page, and ends', async () => {
  const body = new URLSearchParams({ prompt: 'Is 1 < 2?' })
  const events = await (await openStream(app, '/ask', { method: 'POST', body })).all()
  const frames = events.filter(({ event }) => event === undefined).map(({ data }) => data)
  const page = applyFrames('<div id="answer"></div>', frames, { target: '#answer' })
  assert.match(page, /You asked: Is 1 &lt; 2\?/)
  assert.equal(events.at(-1)!.data, '{"reason":"done"}')
})
