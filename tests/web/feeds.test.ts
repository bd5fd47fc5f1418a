import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventStream, Fragment, liveState, nunjucksEngine, streamBlocks } from 'swapstream'
import { createSwapstream, type EventStreamOptions } from 'swapstream/core'
import { stopStreams } from '../../src/streams/registry.ts'
import { controlledClock, openStream, type ControlledClock } from 'swapstream/testing'

const MINUTE = 60_000
const engine = nunjucksEngine({
  templates: {
    'feed.html': '<ul id="list">{% block list %}<li>{{ notes }}</li>{% endblock %}</ul>',
  },
})

let clock: ControlledClock
beforeEach(() => void (clock = controlledClock()))
afterEach(() => clock.release())

function feedApp(options: EventStreamOptions = {}) {
  const host = {}
  const hono = new Hono()
  const board = liveState(engine, 'feed.html', { notes: 0 }, { blocks: ['list'] })
  hono.use(createSwapstream({ engine, connection: () => ({ host }) }))
  hono.get('/board', () => new EventStream(() => board.subscribe(), options))
  hono.all(
    '/own',
    () =>
      new EventStream(async function* ({ signal }) {
        const item = (text: string): Fragment =>
          new Fragment('feed.html', 'list', { notes: text }, { target: '#list', swap: 'beforeend' })
        yield item('first')
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      }, options),
  )
  hono.get('/none', () => new EventStream(() => new Promise<never>(() => {}), options))
  hono.get(
    '/parts',
    () => new EventStream(() => streamBlocks('feed.html', { list: { notes: 'whole' } })),
  )
  hono.all(
    '/answer',
    () =>
      new EventStream(async function* ({ signal }) {
        yield new Fragment('feed.html', 'list', { notes: 'Hel' }, { cut: { streaming: false } })
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      }, options),
  )
  return { app: hono, board, host }
}

/** What ends a stream: all its events that are not the first. */
async function endOf(path: string, options: EventStreamOptions = {}, init: RequestInit = {}) {
  const stream = await openStream(feedApp(options).app, path, init)
  const reading = stream.all()
  await clock.advance(11 * MINUTE)
  return (await reading).filter(({ event, data }) => event !== undefined || /cut|long/.test(data))
}

describe('a feed', () => {
  test.each([
    ['two quiet minutes', 3 * MINUTE],
    ['ten minutes', 11 * MINUTE],
    ['a quiet day', 24 * 60 * MINUTE],
  ])('is live after %s', async (_, ms) => {
    const { app, board } = feedApp()
    const stream = await openStream(app, '/board')
    await stream.until(({ data }) => data.includes('<li>0'))
    const reading = stream.until(({ data }) => data.includes('1'))
    await clock.advance(ms)
    board.set({ notes: 1 })
    await clock.advance(100)
    const [event, ...more] = await reading
    expect([event!.data, more]).toEqual([expect.stringContaining('1'), []])
    await stream.disconnect()
  })

  test('of pieces is live as long, and for a client that is no htmx', async () => {
    const { app } = feedApp()
    for (const headers of [{}, { 'hx-request': 'false', accept: 'text/event-stream' }]) {
      const stream = await openStream(app, '/own', { headers })
      await stream.until(({ data }) => data.includes('first'))
      let isOver = false
      void stream.all().then(() => (isOver = true))
      await clock.advance(30 * MINUTE)
      expect(isOver).toBe(false)
      await stream.disconnect()
    }
  })

  test('ends at a limit of its own without a word in the page, and is opened again', async () => {
    for (const limits of [{ maxDurationMs: MINUTE }, { idleSourceMs: MINUTE }]) {
      const end = await endOf('/board', { limits })
      expect(end).toEqual([expect.objectContaining({ event: 'shutdown' })])
    }
  })

  test('says nothing of a restart of the server', async () => {
    const { app, host } = feedApp()
    const stream = await openStream(app, '/board')
    await stream.until(({ data }) => data.includes('<li>0'))
    const reading = stream.all()
    void stopStreams(host)
    expect((await reading).map(({ event }) => event)).toEqual(['shutdown'])
  })

  test('that has sent nothing yet is opened again, too', async () => {
    const headers = { 'hx-source': 'div', 'hx-target': 'div' }
    const opening = openStream(feedApp().app, '/none', { headers })
    await clock.advance(300)
    const reading = (await opening).all()
    await clock.advance(3 * MINUTE)
    expect((await reading).map(({ event }) => event)).toEqual(['shutdown'])
  })
})

describe('no feed, so its page learns that it was cut, is', () => {
  const notice = expect.objectContaining({ data: expect.stringContaining('cut here') })
  const done = expect.objectContaining({ event: 'done' })

  test('silence that was asked for otherwise', async () => {
    const opening = openStream(feedApp().app, '/none')
    await clock.advance(300)
    const reading = (await opening).all()
    await clock.advance(3 * MINUTE)
    expect(await reading).toEqual([
      expect.objectContaining({ data: expect.stringContaining('took too long') }),
      done,
    ])
  })

  test('an answer', async () => {
    expect(await endOf('/answer')).toEqual([notice, done])
  })

  test('what a form has asked for', async () => {
    expect(await endOf('/own', {}, { method: 'POST' })).toEqual([notice, done])
  })

  test.each([
    ['a button', { 'hx-source': 'button#go', 'hx-target': 'button#go' }],
    ['an element for another one', { 'hx-source': 'div#a', 'hx-target': 'ul#list' }],
  ])('what %s has asked for', async (_, headers) => {
    expect(await endOf('/own', {}, { headers })).toEqual([notice, done])
  })
})

test('the slow parts of a page are an answer, with an end of their own', async () => {
  expect(await endOf('/parts')).toEqual([expect.objectContaining({ event: 'done' })])
})
