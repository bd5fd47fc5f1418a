import { AsyncLocalStorage } from 'node:async_hooks'
import { Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { afterEach, describe, expect, test } from 'vitest'
import {
  EventStream,
  Fragment,
  Page,
  ServerSentEvent,
  streamToFragments,
  streamWithSources,
  swapstream,
} from 'swapstream'
import { open } from 'swapstream/testing'
import { timersRunning } from '../../src/base/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

/**
 * What Chirp promises, row by row. Rows that are not here belong to work that is not done yet: its checks and its
 * scaffold, form results and redirects, deferred blocks, reactive updates, shells.
 */
const templates = {
  'base.html':
    '<title>{% block title %}base{% endblock %}</title><main>{% block body %}{% endblock %}</main>',
  'chat.html': `{% extends "base.html" %}{% from "macros.html" import shout %}
{% block body %}<ol id="sources">{% block sources %}{% for s in sources %}<li>{{ s }}</li>{% endfor %}{% endblock %}</ol><div id="answer">{% block response %}<p>{{ text }}</p>{% endblock %}</div>{% endblock %}
{% fragment toast %}<b>{{ shout(text) }}</b>{% endfragment %}`,
  'macros.html': '{% macro shout(words) %}{{ words | upper }}!{% endmacro %}',
  'lines.html': '{% block b %}<pre>{{ text }}</pre>{% endblock %}',
}

function setUp() {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates, log }))
  return { app, log }
}
const post = { method: 'POST' }
const bare = (html: string): string =>
  html.replace(/ id="s[0-9a-z]+"/g, '').replace(/#s(?!ources)[0-9a-z]+/g, '#S')

afterEach(() => expectNothingLeft(timersRunning))

describe('C1, C13: the answer', () => {
  test('is an event stream with the headers and cookies of its own request, open to no other origin', async () => {
    const { app } = setUp()
    app.post('/chat', (c) => {
      setCookie(c, 'seen', '1')
      return new EventStream(() => streamToFragments(['x'], 'chat.html', 'response'))
    })
    const { response, all } = await open(app, '/chat', post)
    await all()
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.getSetCookie()).toEqual(['seen=1; Path=/'])
    expect(response.headers.has('access-control-allow-origin')).toBe(false)
  })
})

describe('C2, C3: what a stream sends', () => {
  test('is the rendered block under one address, and nothing of it is trimmed', async () => {
    const { app } = setUp()
    app.post(
      '/',
      () =>
        new EventStream([new Fragment('lines.html', 'b', { text: ' a\nb ' }, { target: '#out' })]),
    )
    const events = await (await open(app, '/', post)).all()
    expect(events[0]).toEqual({
      data: '<div hx-swap-oob="innerMorph:#out"><pre> a\nb </pre></div>',
    })
  })

  test('keeps the order of fragments, text and events', async () => {
    const { app } = setUp()
    app.post(
      '/',
      () =>
        new EventStream([
          new Fragment('chat.html', 'response', { text: '1' }, { target: '#a' }),
          'two',
          new ServerSentEvent({ event: 'app:three', data: '3' }),
        ]),
    )
    const events = await (await open(app, '/', post)).all()
    expect(events.map(({ event, data }) => event ?? data)).toEqual([
      '<div hx-swap-oob="innerMorph:#a"><p>1</p></div>',
      'two',
      'app:three',
      'done',
    ])
  })
})

describe('C5, C6, C7: failures and ends', () => {
  test.each([
    [
      'the source',
      async function* () {
        yield new Fragment('chat.html', 'response', { text: 'kept' })
        throw new Error('SECRET')
      },
    ],
    [
      'a template',
      async function* () {
        yield new Fragment('chat.html', 'response', { text: 'kept' })
        yield new Fragment('chat.html', 'nobody', {})
      },
    ],
  ])(
    'when %s fails, what was shown stays, one notice follows, and the stream is over',
    async (_, source) => {
      const { app, log } = setUp()
      app.post('/', () => new EventStream(source))
      const events = await (await open(app, '/', post)).all()
      expect(bare(events[0]!.data)).toBe('<p>kept</p>')
      expect(events.filter(({ data }) => data.includes('role="alert"'))).toHaveLength(1)
      expect(events.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"error"}' })
      expect(JSON.stringify(events)).not.toMatch(/SECRET|chat\.html/)
      expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    },
  )
})

describe('C10: the context of the request', () => {
  test('is there until the last value', async () => {
    const user = new AsyncLocalStorage<string>()
    const { app } = setUp()
    app.use('/mine', (_, next) => user.run('Ada', next))
    app.post(
      '/mine',
      () =>
        new EventStream(async function* () {
          yield 'first'
          await new Promise((resolve) => setTimeout(resolve, 5))
          yield `hello ${user.getStore()}`
        }),
    )
    const events = await (await open(app, '/mine', post)).all()
    expect(events[1]!.data).toBe('hello Ada')
  })
})

describe('C11: streamToFragments', () => {
  test('sends the whole text so far for every token when that is asked for, and ends its streaming', async () => {
    const { app } = setUp()
    const extraContext = { text: 'no', streaming: 'no' }
    app.post(
      '/',
      () =>
        new EventStream(
          () => streamToFragments(['Hel', 'lo'], 'chat.html', 'response', { extraContext }),
          { delivery: 'full' },
        ),
    )
    const events = await (await open(app, '/', post)).all()
    expect(events.map(({ data }) => bare(data))).toEqual([
      '<p>Hel</p>',
      '<div hx-swap-oob="innerMorph:#S">Hello</div>',
      '<p hx-swap-oob="outerHTML:#S">Hello</p>',
      '{"reason":"stop"}',
    ])
  })
})

describe('C12: streamWithSources', () => {
  test.each([
    [['one'], ['<div hx-swap-oob="innerMorph:#sources"><li>one</li></div>', '<p>Hi</p>']],
    [null, ['<p>Hi</p>']],
  ])('shows the sources %j first and once, and always a last frame', async (sources, first) => {
    const { app } = setUp()
    app.post('/', () => new EventStream(() => streamWithSources(['Hi'], 'chat.html', { sources })))
    const frames = (await (await open(app, '/', post)).all()).map(({ data }) => bare(data))
    expect(frames.slice(0, first.length)).toEqual(first)
    expect(frames.at(-2)).toBe('<p hx-swap-oob="outerHTML:#S">Hi</p>')
  })
})

describe('C15, C16, C28: pages and fragments', () => {
  test('answer with the page, the block, or the fragment that no page shows', async () => {
    const { app } = setUp()
    app.get('/page', () => new Page('chat.html', { text: 'x' }, { block: 'response' }))
    app.get('/toast', () => new Page('chat.html', { text: 'saved' }, { block: 'toast' }))
    const ask = async (path: string, htmx: boolean): Promise<string> =>
      (await app.request(path, { headers: htmx ? { 'hx-request': 'true' } : {} })).text()
    expect(await ask('/page', true)).toBe('<p>x</p>')
    expect(await ask('/page', false)).toContain('<title>base</title>')
    expect(await ask('/page', false)).not.toContain('<b>')
    expect(await ask('/toast', true)).toBe('<b>SAVED!</b>')
    expect((await app.request('/page')).headers.get('vary')).toBe('Accept, HX-Request')
  })
})

describe('C27: an unknown block', () => {
  test('names those that exist and the one that was meant', async () => {
    const { app, log } = setUp()
    app.get('/', () => new Page('chat.html', {}, { block: 'resposne' }))
    const response = await app.request('/', { headers: { 'hx-request': 'true' } })
    expect(response.status).toBe(500)
    expect(log.lines.map(({ message }) => message).join()).toMatch(
      /body, response, sources, title, toast|did you mean "response"/,
    )
  })
})

describe('C31: tests', () => {
  test('read streams of any verb until an event, and leave', async () => {
    const { app } = setUp()
    let closed = 0
    app.put(
      '/feed',
      () =>
        new EventStream(async function* ({ signal }) {
          signal.addEventListener('abort', () => (closed += 1))
          for (let n = 0; ; n++) yield `${n}`
        }),
    )
    const stream = await open(app, '/feed', { method: 'PUT' })
    expect((await stream.until(({ data }) => data === '2')).map(({ data }) => data)).toEqual([
      '0',
      '1',
      '2',
    ])
    await stream.disconnect()
    expect(closed).toBe(1)
  })
})
