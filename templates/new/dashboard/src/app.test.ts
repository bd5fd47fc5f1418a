import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FramedPage, openStream } from 'swapstream/testing'
import { createApp } from './app.ts'
import { memoryStore } from './store.ts'

const setGoal = (goal: string): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams({ goal }),
  headers: { 'hx-request': 'true', 'sec-fetch-site': 'same-origin' },
})

test('an open page shows a number as soon as it changes', async () => {
  const { app, board } = await createApp(memoryStore())
  const page = new FramedPage(await (await app.request('/')).text())
  const stream = await openStream(app, '/live')
  const show = async (text: string) => {
    const events = await stream.until(({ data }) => data.includes(text))
    for (const { data } of events) page.apply(data)
  }
  await show('not reached')
  board.set({ orders: 7, revenue: 2_000 })
  await show('is reached')
  await stream.disconnect()
  assert.match(String(page.dom('#status')), /The goal is reached/)
})

test('the form changes the goal, also for a server that starts again', async () => {
  const store = memoryStore()
  const { app, board } = await createApp(store)
  assert.equal((await app.request('/goal', setGoal('50'))).status, 200)
  assert.equal(board.values.goal, 50)
  assert.equal((await createApp(store)).board.values.goal, 50)
})

test('the form says what is wrong', async () => {
  const { app, board } = await createApp(memoryStore())
  const answer = await app.request('/goal', setGoal('-1'))
  assert.equal(answer.status, 422)
  assert.match(await answer.text(), /At least 1\./)
  assert.equal(board.values.goal, 1_000)
})
