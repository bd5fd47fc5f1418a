import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import {
  createRuns,
  EventStream,
  Fragment,
  mount,
  ownerOf,
  stream,
  streamToFragments,
  streamWithSources,
  swapstream,
  type EventStreamOptions,
} from 'swapstream'
import { openStream } from 'swapstream/testing'

const templates = {
  'chat.html':
    '<title>{{ title }}</title><form action="/c/{{ id }}"></form>{% for turn in turns %}<p>{{ turn }}</p>{% endfor %}{% block sources %}{{ sources }}{% endblock %}{% block response %}<b>{{ text }}</b>{% endblock %}',
}
const CONTEXT = { title: 'Chat', id: 7, turns: ['before'], text: 'old' }
const WHOLE = '<title>Chat</title><form action="/c/7"></form><p>before</p><b>Hello</b>'
const source = () => streamToFragments(['Hel', 'lo'], 'chat.html', 'response')

async function answerTo(
  init: RequestInit,
  options: EventStreamOptions = { pageContext: CONTEXT },
  from: () => AsyncIterable<Fragment> = source,
) {
  const app = new Hono()
  app.use(swapstream({ templates }))
  app.all('/x', () => new EventStream(from, options))
  const response = await app.request('/x', init)
  return { status: response.status, text: await response.text() }
}
const PLAIN = { headers: { accept: 'text/html' } }

describe('the page of a stream has the context of a page', () => {
  test.each<[string, EventStreamOptions]>([
    ['as values', {}],
    ['from a function', { pageContext: () => CONTEXT }],
    ['from a promise', { pageContext: async () => CONTEXT }],
    ['sent whole', { updates: 'full' }],
  ])('%s', async (_, options) => {
    const { text } = await answerTo(PLAIN, { pageContext: CONTEXT, ...options })
    expect(text).toBe(WHOLE)
  })

  test('for a boosted link and a page of the history', async () => {
    for (const name of ['hx-boosted', 'hx-history-restore-request']) {
      const headers = {
        accept: 'text/html, text/event-stream',
        'hx-request': 'true',
        [name]: 'true',
      }
      expect((await answerTo({ headers })).text, name).toBe(WHOLE)
    }
  })

  test('with every kind of source', async () => {
    const withSources = () => streamWithSources(['Hello'], 'chat.html', { sources: [] })
    expect((await answerTo(PLAIN, undefined, withSources)).text).toBe(WHOLE)
    async function* own() {
      yield new Fragment('chat.html', 'response', { text: 'Hello' })
    }
    expect((await answerTo(PLAIN, undefined, own)).text).toBe(WHOLE)
  })

  test('for a run', async () => {
    const app = new Hono()
    app.use(swapstream({ templates }))
    const runs = createRuns()
    app.post('/x', async (c) => {
      const run = await runs.start(source, { owner: ownerOf(c) })
      return new EventStream(run, { pageContext: CONTEXT })
    })
    expect(await (await app.request('/x', { method: 'POST', ...PLAIN })).text()).toBe(WHOLE)
  })

  test('in a declared route', async () => {
    const app = new Hono()
    app.use(swapstream({ templates }))
    const route = stream(
      { path: '/x', encoding: 'fragments', pageContext: () => CONTEXT },
      async function* () {
        yield new Fragment('chat.html', 'response', { text: 'Hello' })
      },
    )
    mount(app, route)
    expect(await (await app.request('/x', { method: 'POST', ...PLAIN })).text()).toBe(WHOLE)
  })
})

test('a context of the page is not asked for where a stream or a part of the page is wanted', async () => {
  let asked = 0
  const app = new Hono()
  app.use(swapstream({ templates }))
  app.all('/x', () => new EventStream(source, { pageContext: () => (asked++, CONTEXT) }))
  const events = await (await openStream(app, '/x', { method: 'POST' })).all()
  expect(events[0]!.data).toContain('<b>Hel')
  const part = await app.request('/x', { headers: { accept: 'text/html', 'hx-request': 'true' } })
  expect(await part.text()).toBe('<b>Hello</b>')
  expect(asked).toBe(0)
})

test('a context that fails is an HTTP error, and starts nothing', async () => {
  let started = 0
  const pageContext = (): never => {
    throw new Error('no database')
  }
  const from = () => (started++, source())
  expect((await answerTo(PLAIN, { pageContext }, from)).status).toBe(500)
  expect(started).toBe(0)
})
