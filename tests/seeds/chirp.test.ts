import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { HTTPException } from 'hono/http-exception'
import { NONCE, secureHeaders } from 'hono/secure-headers'
import { afterEach, describe, expect, test } from 'vitest'
import * as v from 'valibot'
import { z } from 'zod'
import {
  errorPages,
  EventStream,
  FormResult,
  Fragment,
  htmxHeaders,
  liveState,
  events,
  NDJSON,
  nunjucksEngine,
  Page,
  plain,
  produce,
  readForm,
  htmxRequest,
  ServerSentEvent,
  STOP_POLLING,
  streamBlocks,
  streamToFragments,
  streamWithSources,
  swapstream,
  type StreamEnd,
} from 'swapstream'
import type { HtmxHeaders } from 'swapstream/core'
import { check } from 'swapstream/check'
import { llm } from 'swapstream/models'
import { openStream } from 'swapstream/testing'
import { timersRunning } from '../../src/shared/clock.ts'
import { applyFrames } from '../../src/testing/apply-frames.ts'
import { AI_SDK_PROJECT, installAiSdk } from '../support/ai-sdk.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'

const VARY = 'Accept, HX-Request, HX-Request-Type, HX-Boosted, HX-History-Restore-Request'

/**
 * What Chirp promises, row by row. Left to others, and to Hono: shells, Alpine, translations, caches, SQL, passwords, a
 * server of its own (C36); MCP (part of C35).
 */
const templates = {
  'base.html':
    '<title>{% block title %}base{% endblock %}</title><main>{% block body %}{% endblock %}</main>',
  'chat.html': `{% extends "base.html" %}{% from "macros.html" import shout %}
{% block body %}<ol id="sources">{% block sources %}{% for s in sources %}<li>{{ s }}</li>{% endfor %}{% endblock %}</ol><div id="answer">{% block response %}<p>{{ text }}</p>{% endblock %}</div>{% endblock %}
{% fragment toast %}<b>{{ shout(text) }}</b>{% endfragment %}`,
  'own.html':
    '<main>{% fragment toast %}<b>{{ text }}</b>{% endfragment %}<p>{{ text }}</p></main>',
  'macros.html': '{% macro shout(words) %}{{ words | upper }}!{% endmacro %}',
  'note.html': `<main>{% block page %}<form id="note">{% block form %}<input name="title" value="{{ values.title }}">{% for field, error in errors %}<p>{{ field }}: {{ error }}</p>{% endfor %}{% endblock %}</form><ul id="notes">{% block notes %}{% for note in notes %}<li>{{ note }}</li>{% endfor %}{% endblock %}</ul>{% block count %}<b id="count">{{ notes | length }}</b>{% endblock %}{% endblock %}</main>`,
  'error.html':
    '<h1>{{ status }} {{ title }}</h1>{% block error %}<p id="error">{{ message }}</p>{% endblock %}',
  'links.html':
    '{% block b %}<a href="{{ link | url }}">a</a><a href="{{ "/n?tag=a&page=1#top" | qs(page=2, tag=none, q="ü&") }}">b</a>{% endblock %}',
  'careful.html': '{% block b %}<p>{{ text | careful }}</p>{% endblock %}',
  'lines.html': '{% block b %}<pre>{{ text }}</pre>{% endblock %}',
}

const careful = (text: string): string => {
  if (text === '!') throw new Error('SECRET')
  return text
}

function setUp() {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates, log, filters: { careful } }))
  return { app, log }
}
const post = { method: 'POST' }
const HTMX = { 'HX-Request': 'true' }
const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: 'POST',
  body: new URLSearchParams(fields),
  headers,
})
afterEach(() => expectNothingLeft(timersRunning))

describe('C1: the answer', () => {
  test('is an event stream with the headers and cookies of its own request, open to no other origin', async () => {
    const { app } = setUp()
    app.post('/chat', (c) => {
      setCookie(c, 'seen', '1')
      return new EventStream(() => streamToFragments(['x'], 'chat.html', 'response'))
    })
    const { response, all } = await openStream(app, '/chat', post)
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
    const received = await (await openStream(app, '/', post)).all()
    expect(received[0]).toEqual({
      data: '<div hx-swap-oob="innerMorph transition:false target:#out"><pre> a\nb </pre></div>',
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
    const received = await (await openStream(app, '/', post)).all()
    expect(received.map(({ event, data }) => event ?? data)).toEqual([
      '<div hx-swap-oob="innerMorph transition:false target:#a"><p>1</p></div>',
      'two',
      'app:three',
      'done',
    ])
  })
})

describe('C4: heartbeats', () => {
  test('are comments while the source is silent; the value that is waited for is not lost', async () => {
    const { app } = setUp()
    const slow = async function* () {
      yield 'a'
      await new Promise((resolve) => setTimeout(resolve, 150))
      yield 'b'
    }
    app.get('/', () => new EventStream(slow, { heartbeatMs: 20, encoding: plain }))
    app.get('/off', () => new EventStream(slow, { heartbeatMs: false, encoding: plain }))
    expect(await (await app.request('/')).text()).toMatch(
      /^data: a\n\n(?:: ping\n\n){2,}data: b\n\n$/,
    )
    expect(await (await app.request('/off')).text()).toBe('data: a\n\ndata: b\n\n')
  })
})

describe('C8: the time to come back', () => {
  test('is sent once, with the first message, in every encoding', async () => {
    const { app } = setUp()
    const shown = async function* () {
      yield new Fragment('chat.html', 'response', { text: '1' }, { target: '#a' })
      yield 'two'
    }
    app.get('/htmx', () => new EventStream(shown, { retryMs: 1_500 }))
    app.get(
      '/named',
      () => new EventStream(['a'], { retryMs: 0, encoding: events({ event: 'x' }) }),
    )
    app.get('/empty', () => new EventStream([], { retryMs: 9, encoding: events() }))
    const text = async (path: string): Promise<string> =>
      (await app.request(path, { headers: { accept: 'text/event-stream' } })).text()
    expect(await text('/htmx')).toBe(
      'retry: 1500\ndata: <div hx-swap-oob="innerMorph:#a"><p>1</p></div>\n\ndata: two\n\nevent: done\ndata: {"reason":"done"}\n\n',
    )
    expect(await text('/named')).toMatch(/^retry: 0\nevent: x\ndata: a\n\nevent: done\n/)
    expect(await text('/empty')).toMatch(/^retry: 9\nevent: done\n/)
    expect(() => new EventStream([], { retryMs: 1.5 })).toThrow(/retryMs cannot be 1\.5/)
  })

  test('does not hide behind a heartbeat, where clients would pass it by', async () => {
    const { app } = setUp()
    const slow = async function* () {
      await new Promise((resolve) => setTimeout(resolve, 60))
      yield 'a'
    }
    const options = {
      retryMs: 5,
      heartbeatMs: 20,
      flushHeaders: 'immediately',
      encoding: plain,
    } as const
    app.get('/', () => new EventStream(slow, options))
    expect(await (await app.request('/')).text()).toMatch(/^(?:: ping\n\n)+retry: 5\ndata: a\n\n$/)
  })
})

describe('C9: a client that leaves', () => {
  test('closes the source, wherever it stands', async () => {
    const { app } = setUp()
    const closed: string[] = []
    app.get('/:where', (c) => {
      const where = c.req.param('where')
      return new EventStream(async function* ({ signal }) {
        try {
          yield 'first'
          if (where === 'yield') yield 'second'
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        } finally {
          closed.push(where)
        }
      })
    })
    for (const where of ['yield', 'await']) {
      const stream = await openStream(app, `/${where}`)
      await stream.until(({ data }) => data === 'first')
      await stream.disconnect()
    }
    await eventually(() => expect(closed).toEqual(['yield', 'await']))
  })
})

describe('C6, C7: failures and ends', () => {
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
      const received = await (await openStream(app, '/', post)).all()
      expect(shownAfterEach(received)[0]).toBe('<p>kept</p>')
      expect(shownAtEnd(received)).toMatch(/^<p>kept<\/p><p [^>]*role="alert">[^]*<\/p>$/)
      expect(received.filter(({ data }) => data.includes('role="alert"'))).toHaveLength(1)
      expect(received.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"error"}' })
      expect(JSON.stringify(received)).not.toMatch(/SECRET|chat\.html/)
      expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    },
  )
})

describe('C5: a frame that cannot be drawn', () => {
  test('is a notice beside what is shown, and counted; the next one that can be drawn takes it away', async () => {
    const { app, log } = setUp()
    let end: StreamEnd | undefined
    const fragment = (text: string): Fragment =>
      new Fragment('careful.html', 'b', { text }, { target: '#out' })
    const source = [fragment('one'), fragment('!'), fragment('!'), fragment('two')]
    app.post('/', () => new EventStream(source, { frameMs: 0, onEnd: (told) => void (end = told) }))
    const received = await (await openStream(app, '/', post)).all()
    const page = { page: '<i id="out"></i>', target: '#none', at: '#out' }
    const shown = shownAfterEach(received, page)
    expect(
      shown.map((html) => html.replace(/ id="\w+"/, '').replace(/failed \w+/, 'failed')),
    ).toEqual([
      '<p>one</p>',
      '<p>one</p><p class="swapstream-error" role="alert">Something went wrong. <small>(render/failed)</small></p>',
      '<p>one</p>',
      '<p>two</p>',
    ])
    expect(shownAtEnd(received, page)).toBe('<p>two</p>')
    expect(received.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"done"}' })
    expect(end).toMatchObject({ reason: 'done', values: 4, failed: 1 })
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  })
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
    const received = await (await openStream(app, '/mine', post)).all()
    expect(received[1]!.data).toBe('hello Ada')
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
          { frameMs: 0, updates: 'full' },
        ),
    )
    const received = await (await openStream(app, '/', post)).all()
    expect(received.map(({ data }) => data.replace(/s\d\w{3}/g, 'S'))).toEqual([
      '<template id="S"></template><p>Hel</p>',
      '<p hx-swap-oob="innerMorph transition:false target:#S+p">Hello',
      '<p hx-swap-oob="innerMorph transition:false target:#S+p">Hello',
      '<p hx-swap-oob="delete transition:false target:#S">',
      '{"reason":"done"}',
    ])
    expect(shownAtEnd(received)).toBe('<p>Hello</p>')
  })
})

describe('C13: a model by its name', () => {
  test('is asked over the AI SDK, one delta after the other', async () => {
    const said = ['Hel', 'lo ', 'you']
    let question: unknown
    let hungUp = false
    const provider = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      question = JSON.parse(body).messages
      response.on('close', () => (hungUp ||= !response.writableEnded))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const content of said) {
        const chunk = {
          id: '1',
          created: 0,
          model: 'm',
          choices: [{ index: 0, delta: { content } }],
        }
        response.write(`data: ${JSON.stringify(chunk)}\n\n`)
      }
      const last = {
        id: '1',
        created: 0,
        model: 'm',
        choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
      }
      if (body.includes('Think')) return
      response.end(`data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`)
    })
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    await installAiSdk()
    const env = { OLLAMA_HOST: `http://127.0.0.1:${(provider.address() as AddressInfo).port}` }
    const model = llm('ollama:m', { env, resolveFrom: AI_SDK_PROJECT, system: 'Be brief.' })
    const { app } = setUp()
    app.post(
      '/chat',
      () =>
        new EventStream(({ signal }) => model.stream('Hi', { signal }), {
          encoding: plain,
        }),
    )
    const received = await (await openStream(app, '/chat', post)).all()
    expect(received.map(({ data }) => data)).toEqual(said)
    expect(question).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ])
    const stop = new AbortController()
    const thinking = model.stream('Think', { signal: stop.signal })
    await thinking.next()
    stop.abort()
    await expect(thinking.return('')).resolves.toMatchObject({ done: true })
    await eventually(() => expect(hungUp).toBe(true))
    expect(() => llm('olama:m', { env })).toThrow(/did you mean "ollama"/)
    await new Promise((resolve) => provider.close(resolve))
  }, 120_000)
})

describe('C14: the filter markdown', () => {
  test('draws what grows, lets no HTML of the text through, and ends as one draw of the whole', async () => {
    const app = new Hono()
    const block = '{% block b %}<div>{{ text | markdown }}</div>{% endblock %}'
    app.use(swapstream({ templates: { 'md.html': block }, log: recordingLog() }))
    const tokens = ['# Hi\n\n**bo', 'ld** <b>x</b> [l](javascript:x)', ' [ok](https://a.example)']
    app.post(
      '/',
      () => new EventStream(() => streamToFragments(tokens, 'md.html', 'b'), { frameMs: 0 }),
    )
    const received = await (await openStream(app, '/', post)).all()
    const shown = shownAfterEach(received)
    // What is half written does not flash.
    expect(shown[0]).toContain('<strong>bo</strong>')
    expect([...shown, ...received.map(({ data }) => data)].join('')).not.toMatch(
      /<b>|href="javascript/,
    )
    const rel = 'rel="noopener noreferrer nofollow ugc"'
    expect(shownAtEnd(received)).toBe(shown.at(-1))
    expect(shown.at(-1)).toContain('<h1>Hi</h1>')
    expect(shown.at(-1)).toContain(
      `<strong>bold</strong> &lt;b&gt;x&lt;/b&gt; [l](javascript:x) <a href="https://a.example" ${rel}>ok</a>`,
    )
  })
})

describe('C12: streamWithSources', () => {
  test.each([
    [['one'], ['<ol><li>one</li></ol>', '<ol><li>one</li></ol><p>Hi</p>']],
    [null, ['<ol></ol><p>Hi</p>']],
  ])('shows the sources %j first and once, and always a last frame', async (sources, first) => {
    const { app } = setUp()
    const source = (): AsyncIterable<Fragment> =>
      streamWithSources(['Hi'], 'chat.html', { sources })
    app.post('/', () => new EventStream(source, { frameMs: 0 }))
    const received = await (await openStream(app, '/', post)).all()
    const page = '<main><ol id="sources"></ol><div id="answer"></div></main>'
    const seen = shownAfterEach(received, { page, at: 'main' }).map((html) =>
      html.replace(/ id="sources"|<div id="answer">|<\/div>/g, ''),
    )
    expect(seen.slice(0, first.length)).toEqual(first)
    expect(new Set(seen.slice(first.length - 1)).size).toBe(1)
    expect(received.filter(({ data }) => data.includes('<li>one'))).toHaveLength(first.length - 1)
    expect(shownAtEnd(received, { page })).toBe('<p>Hi</p>')
  })
})

describe('C15, C16, C28: pages and fragments', () => {
  test('answer with the page, the block, or the fragment that no page shows', async () => {
    const { app } = setUp()
    app.get('/page', () => new Page('chat.html', { text: 'x' }, { block: 'response' }))
    app.get('/toast', () => new Page('chat.html', { text: 'saved' }, { block: 'toast' }))
    app.get('/own', () => new Page('own.html', { text: 'x' }))
    const ask = async (path: string, htmx: boolean): Promise<string> =>
      (await app.request(path, { headers: htmx ? { 'hx-request': 'true' } : {} })).text()
    expect(await ask('/page', true)).toBe('<p>x</p>')
    expect(await ask('/page', false)).toContain('<title>base</title>')
    expect(await ask('/page', false)).not.toContain('<b>')
    expect(await ask('/toast', true)).toBe('<b>SAVED!</b>')
    const whole = await ask('/page', false)
    expect(whole).toContain('<div id="answer"><p>x</p></div>')
    expect(whole).not.toMatch(/!|SAVED|toast/i)
    expect(await ask('/own', false)).toBe('<main><p>x</p></main>')
    expect((await app.request('/page')).headers.get('vary')).toBe(`${VARY}, *`)
  })
})

describe('C17: several places in one answer', () => {
  const notes = ['<one>']
  const count = new Fragment('note.html', 'count', { notes })
  const list = new Fragment('note.html', 'notes', { notes })
  const there = new Fragment(
    'note.html',
    'notes',
    { notes },
    { target: '#other', swap: 'beforeend' },
  )

  test.each([
    ['none', [], ''],
    ['one, by its own id', [count], '<b hx-swap-oob="outerHTML:#count" id="count">1</b>'],
    [
      'several, by their names and their targets',
      [list, there],
      '<div hx-swap-oob="innerMorph:#notes"><li>&lt;one&gt;</li></div><div hx-swap-oob="beforeend:#other"><li>&lt;one&gt;</li></div>',
    ],
  ])('beside the block: %s', async (_, alongside, html) => {
    const { app } = setUp()
    app.get('/', () => new Page('note.html', { values: {} }, { block: 'form', alongside }))
    expect(await (await app.request('/', { headers: HTMX })).text()).toBe(
      `<input name="title" value="">${html}`,
    )
  })

  test('are all in the page for a client that wants the page', async () => {
    const { app } = setUp()
    app.get('/', () => new Page('note.html', {}, { block: 'form', alongside: [count, list] }))
    expect(await (await app.request('/')).text()).toMatch(/<li>&lt;one&gt;<.*<b id="count">1<\/b>/)
  })
})

describe('C18: what a form has done', () => {
  function noted(fragments: readonly Fragment[], next = '/notes/ü?a=1') {
    const { app, log } = setUp()
    const options = { fragments, trigger: 'notes:changed', headers: { 'x-own': '1' } }
    app.onError((_, c) => c.text('', 500))
    app.post('/notes', () => new FormResult(next, options))
    return {
      ask: (headers: object) => app.request('/notes', { ...post, headers: { ...headers } }),
      log,
    }
  }
  const list = new Fragment('note.html', 'notes', { notes: ['a'] })
  const count = new Fragment('note.html', 'count', { notes: ['a'] })

  test('is shown to htmx: the first where the form says, the rest in their places, with an event', async () => {
    const response = await noted([list, count]).ask(HTMX)
    expect([response.status, response.headers.get('hx-trigger')]).toEqual([200, 'notes:changed'])
    expect([response.headers.get('x-own'), response.headers.get('vary')]).toEqual(['1', VARY])
    expect(await response.text()).toBe(
      '<li>a</li><b hx-swap-oob="outerHTML:#count" id="count">1</b>',
    )
  })

  test('leads htmx on when there is nothing to show', async () => {
    const response = await noted([]).ask(HTMX)
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(response.headers.get('hx-redirect')).toBe('/notes/%C3%BC?a=1')
    expect(response.headers.has('location')).toBe(false)
  })

  test.each([{}, { ...HTMX, 'HX-Boosted': 'true' }])(
    'redirects everybody else: %j',
    async (headers) => {
      const response = await noted([list]).ask(headers)
      expect([response.status, response.headers.get('location')]).toEqual([
        303,
        '/notes/%C3%BC?a=1',
      ])
      expect(response.headers.has('hx-redirect')).toBe(false)
    },
  )

  test.each([HTMX, {}])('never leads to a script: %j', async (headers) => {
    const { ask } = noted([], 'java\tscript:alert(1)')
    const response = await ask(headers)
    expect(response.status).toBe(500)
    expect(JSON.stringify([...response.headers])).not.toContain('script:')
  })
})

describe('C19: what htmx gets beside the HTML', () => {
  test('each header, with its name and value', () => {
    expect(
      htmxHeaders({
        redirect: '/a b',
        location: '/{x}',
        refresh: true,
        retarget: '#a > .b',
        reswap: 'outerHTML show:top',
        reselect: '#part',
        pushUrl: '/next',
        replaceUrl: false,
        trigger: { 'cart:changed': { text: 'grün\r\nHX-Redirect: /evil' } },
      }),
    ).toEqual({
      'HX-Redirect': '/a%20b',
      'HX-Location': '/%7Bx%7D',
      'HX-Refresh': 'true',
      'HX-Retarget': '#a > .b',
      'HX-Reswap': 'outerHTML show:top',
      'HX-Reselect': '#part',
      'HX-Push-Url': '/next',
      'HX-Replace-Url': 'false',
      'HX-Trigger': '{"cart:changed":{"text":"gr\\u00fcn\\r\\nHX-Redirect: /evil"}}',
    })
    expect(htmxHeaders({})).toEqual({})
  })

  test('any text can be sent: none becomes a header of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const tries: HtmxHeaders[] = [
          { redirect: text },
          { pushUrl: text },
          { retarget: text },
          { trigger: text },
          { trigger: { [text]: text } },
        ]
        for (const said of tries) {
          let headers: Record<string, string>
          try {
            headers = htmxHeaders(said)
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError)
            continue
          }
          for (const [name, value] of Object.entries(headers))
            expect(new Headers({ [name]: value }).get(name)).toBe(value.trim())
          if (typeof said.trigger === 'object')
            expect(JSON.parse(headers['HX-Trigger']!)).toEqual(said.trigger)
        }
      }),
    )
  })

  test('goes with every kind of answer; an answer without content may end a polling', async () => {
    const { app } = setUp()
    app.post('/seen', (c) => c.body(null, 204, htmxHeaders({ trigger: 'inbox:seen' })))
    app.get('/poll', () => new Page('chat.html', {}, { status: STOP_POLLING }))
    app.get(
      '/page',
      () =>
        new Page('chat.html', {}, { headers: htmxHeaders({ pushUrl: '/x' }), block: 'response' }),
    )
    const seen = await app.request('/seen', post)
    expect([seen.status, seen.headers.get('hx-trigger')]).toEqual([204, 'inbox:seen'])
    expect((await app.request('/poll')).status).toBe(286)
    expect((await app.request('/page', { headers: HTMX })).headers.get('hx-push-url')).toBe('/x')
  })
})

describe('C20: a form that does not fit', () => {
  function serving() {
    const { app } = setUp()
    const schema = z.object({
      title: z
        .string()
        .min(3, 'Too short.')
        .regex(/^[a-z]/, 'Small letters.'),
      tag: z.array(z.string()).max(2, 'At most two.').default([]),
    })
    app.post('/notes', async (c) => {
      const sent = await readForm(c, schema)
      if (sent.ok) return c.json(sent.value)
      const options = { block: 'form', target: '#note', status: 422 }
      return new Page('note.html', { ...sent, notes: ['old'] }, options)
    })
    return app
  }

  test('comes back with what was written and what is wrong, in its own place', async () => {
    const response = await serving().request('/notes', form({ title: '"A' }, HTMX))
    const { status, headers } = response
    expect([status, headers.get('hx-retarget'), headers.get('hx-reswap')]).toEqual([
      422,
      '#note',
      'innerHTML',
    ])
    expect(await response.text()).toBe(
      '<input name="title" value="&quot;A"><p>title: Too short.</p>',
    )
  })

  test('comes back as a page without htmx', async () => {
    const response = await serving().request('/notes', form({ title: 'ab' }))
    expect(response.status).toBe(422)
    expect(await response.text()).toMatch(/^<main>.*Too short.*<li>old<\/li>/)
  })

  test('gives what the schema makes of it; what is no form is refused before', async () => {
    const sent = await serving().request('/notes', form({ title: 'abc', tag: 'one' }))
    expect(await sent.json()).toEqual({ title: 'abc', tag: ['one'] })
    const headers = { 'content-type': 'application/json' }
    const wrong = await serving().request('/notes', { ...post, body: '{}', headers })
    expect(wrong.status).toBe(415)
  })
})

describe('C21: plain values', () => {
  test('are Hono’s own; status and headers of a stream are never dropped', async () => {
    const { app } = setUp()
    app.get('/text', (c) => c.text('t', 201, { 'x-a': '1' }))
    app.get('/json', (c) => c.json({ a: 1 }, 202))
    const options = { status: 203, headers: { 'x-a': '1' } }
    app.get('/events', (c) => {
      c.header('x-b', '2')
      return new EventStream(['a'], { ...options, encoding: plain })
    })
    app.get('/lines', () => new NDJSON([1], options))
    const seen = async (path: string): Promise<unknown[]> => {
      const response = await app.request(path)
      await response.text()
      const { status, headers } = response
      return [status, headers.get('x-a'), headers.get('x-b')]
    }
    expect(await seen('/text')).toEqual([201, '1', null])
    expect(await seen('/json')).toEqual([202, null, null])
    expect(await seen('/events')).toEqual([203, '1', '2'])
    expect(await seen('/lines')).toEqual([203, '1', null])
  })
})

describe('C22: a page that is streamed from its top down', () => {
  test('has its head at once, then its text as it is written, then its end: linear HTML, without a script', async () => {
    const { app } = setUp()
    let say!: (text: string) => void
    const heard = new Promise<string>((resolve) => (say = resolve))
    const tokens = async function* (): AsyncGenerator<string> {
      yield await heard
      await new Promise((resolve) => setTimeout(resolve, 30))
      yield '<you>'
    }
    const source = () => streamToFragments(tokens(), 'chat.html', 'response')
    app.post('/', () => new EventStream(source, { frameMs: 0 }))
    const response = await app.request('/', { ...post, headers: { accept: 'text/html' } })
    const reader = response.body!.getReader()
    const next = async (): Promise<string> => Buffer.from((await reader.read()).value!).toString()
    expect(await next()).toBe('<title>base</title><main><ol id="sources"></ol><div id="answer"><p>')
    say('Hi ')
    expect(await next()).toBe('Hi ')
    expect(await next()).toBe('&lt;you&gt;')
    expect(await next()).toBe('</p></div></main>')
    expect((await reader.read()).done).toBe(true)
  })
})

describe('C23: slow parts of a page', () => {
  const later = <T>(ms: number, value: () => T): Promise<T> =>
    new Promise((resolve) => setTimeout(resolve, ms)).then(value)
  function dashboard(list: () => { notes: string[] }) {
    const { app } = setUp()
    app.get('/', () => new Page('note.html', { notes: [] }))
    const parts = () =>
      streamBlocks('note.html', { notes: later(30, list), count: { notes: ['a', 'b'] } })
    app.get('/parts', () => new EventStream(parts))
    return app
  }
  const list = () => ({ notes: ['<a>'] })

  test('come in the order in which their data does, each into its own place', async () => {
    const received = await (await openStream(dashboard(list), '/parts')).all()
    expect(received.map(({ data }) => data)).toEqual([
      '<div hx-swap-oob="outerMorph strip:true transition:false target:#count"><b id="count">2</b></div>',
      '<div hx-swap-oob="innerMorph transition:false target:#notes"><li>&lt;a&gt;</li></div>',
      '{"reason":"done"}',
    ])
  })

  test('are what the page shows without their data, until they come; nothing else is drawn again', async () => {
    const app = dashboard(list)
    const chunks: string[] = []
    for await (const bytes of (await app.request('/')).body!)
      chunks.push(Buffer.from(bytes).toString())
    expect(chunks).toHaveLength(1)
    const page = chunks[0]!
    expect(page).toContain('<ul id="notes"></ul><b id="count">0</b>')
    const frames = (await (await openStream(app, '/parts')).all())
      .map(({ data }) => data)
      .slice(0, -1)
    expect(applyFrames(page, frames, { target: '#none' })).toContain(
      '</form><ul id="notes"><li>&lt;a&gt;</li></ul><b id="count">2</b>',
    )
    expect(frames.join('')).not.toMatch(/form|input/)
  })

  test('are the whole page to a browser without scripts', async () => {
    const page = await (await dashboard(list).request('/parts')).text()
    // The newest context of each block counts: that of `notes` comes last.
    expect(page).toMatch(/^<main>.*<ul id="notes"><li>&lt;a&gt;<\/li><\/ul><b id="count">1<\/b>/)
  })

  test('that fail keep nothing else from being shown', async () => {
    const failing = (): never => {
      throw new Error('SECRET')
    }
    const received = await (await openStream(dashboard(failing), '/parts')).all()
    expect(received[0]!.data).toContain('id="count">2</b>')
    expect(received.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"error"}' })
    expect(JSON.stringify(received)).not.toContain('SECRET')
  })

  test('are waited for no longer when the reader leaves', async () => {
    const parts = streamBlocks('note.html', { notes: new Promise(() => {}), count: {} })
    expect((await parts.next()).value).toMatchObject({ block: 'count' })
    const pending = parts.next()
    await parts.return()
    expect(await pending).toEqual({ done: true, value: undefined })
  })
})

describe('C24: the facts of a request', () => {
  const facts = (headers: Record<string, string>) => htmxRequest(new Headers(headers))

  test('who asks, for what, and where it goes: htmx 4', () => {
    expect(
      facts({
        accept: 'text/html, text/event-stream',
        'HX-Request': 'true',
        'HX-Request-Type': 'partial',
        'HX-Source': 'form#ask',
        'HX-Target': 'div#answer',
        'HX-Current-URL': 'http://localhost/x',
      }),
    ).toEqual({
      fragment: true,
      streams: true,
      morphs: true,
      handedOff: false,
      boosted: false,
      historyRestore: false,
      target: 'answer',
      source: 'ask',
      currentUrl: 'http://localhost/x',
    })
    expect(facts({ 'HX-Source': 'form', 'HX-Target': 'body' })).toMatchObject({
      target: undefined,
      source: undefined,
    })
  })

  test('the same in the words of htmx 2, and of other clients', () => {
    const two = facts({ 'HX-Request': 'true', 'HX-Trigger': 'ask', 'HX-Target': 'answer' })
    expect(two).toMatchObject({ fragment: true, target: 'answer', source: 'ask' })
    expect(facts({})).toEqual({
      fragment: false,
      streams: false,
      morphs: false,
      handedOff: false,
      boosted: false,
      historyRestore: false,
      target: undefined,
      source: undefined,
      currentUrl: undefined,
    })
  })

  test.each([
    [{ 'HX-Boosted': 'true' }, { boosted: true }],
    [{ 'HX-History-Restore-Request': 'true' }, { historyRestore: true }],
    [{ 'HX-Request-Type': 'full' }, {}],
  ])('%j wants the whole page', (headers, said) => {
    expect(facts({ ...HTMX, ...headers } as never)).toMatchObject({ fragment: false, ...said })
  })
})

describe('C25: the element that the answer goes to', () => {
  test.each([
    ['ul#notes', '<li>a</li>'],
    ['form#note', '<input name="title" value="">'],
    ['main', '<form id="note">'],
    ['div#toString', '<form id="note">'],
  ])('%s chooses the block', async (target, html) => {
    const { app } = setUp()
    const blocks = { notes: 'notes', note: 'form' }
    app.get('/', () => new Page('note.html', { notes: ['a'] }, { block: 'page', blocks }))
    const headers = { ...HTMX, 'HX-Source': 'a', 'HX-Target': target }
    const response = await app.request('/', { headers })
    expect(await response.text()).toMatch(new RegExp(`^${html}`))
    expect(response.headers.get('vary')).toBe(`${VARY}, HX-Target, HX-Source`)
  })
})

describe('C26: what depends on a change is drawn again', () => {
  const boards = {
    'board.html': `{% set number = notes | length %}<ul id="list">{% block list %}{% for note in notes %}<li>{{ note }}</li>{% endfor %}{% endblock %}</ul><b id="count">{% block count %}{{ number }}{% endblock %}</b><i id="both">{% block both %}{{ first }}{{ last }}{% endblock %}</i><p id="who">{% block who %}{{ user }}{% endblock %}</p>`,
  }
  const derived = {
    first: ({ notes }: { notes: readonly string[] }) => notes[0],
    last: ({ notes }: { notes: readonly string[] }) => notes.at(-1),
  }

  test('directly, through declarations, and once through two derived values; not for the client that made the change', async () => {
    const engine = nunjucksEngine({ templates: boards })
    const app = new Hono()
    app.use(swapstream({ engine, log: recordingLog() }))
    const board = liveState(
      engine,
      'board.html',
      { notes: ['a'], user: 'Ada' },
      { blocks: ['list', 'count', 'both', 'who'], derived },
    )
    app.get('/live', (c) => new EventStream(() => board.subscribe({ origin: c.req.query('tab') })))
    const tabs = [await openStream(app, '/live?tab=1'), await openStream(app, '/live?tab=2')]
    for (const tab of tabs) await tab.until(({ data }) => data.includes('#who'))

    board.set({ notes: ['x', '<y>'] }, { origin: '1' })
    board.set({ user: 'Bob' })
    const seen = async (tab: (typeof tabs)[number]): Promise<string[]> =>
      (await tab.until(({ data }) => data.includes('#who'))).map(({ data }) => data)
    const who = '<p hx-swap-oob="innerMorph transition:false target:#who">Bob'
    expect(await seen(tabs[0]!)).toEqual([who])
    expect(await seen(tabs[1]!)).toEqual([
      '<div hx-swap-oob="innerMorph transition:false target:#list"><li>x</li><li>&lt;y&gt;</li></div>',
      '<p hx-swap-oob="innerMorph transition:false target:#count">2',
      '<p hx-swap-oob="innerMorph transition:false target:#both">x&lt;y&gt;',
      who,
    ])
    for (const tab of tabs) await tab.disconnect()
    await eventually(() => expect(board.subscribers).toBe(0))
  })

  test('with a number that shows what was passed over, and never in a circle', async () => {
    const engine = nunjucksEngine({ templates: boards })
    const board = liveState(engine, 'board.html', { notes: ['a'] }, { blocks: ['list'] })
    const fragments = board.subscribe()
    const next = async (): Promise<unknown> => (await fragments.next()).value
    expect(await next()).toMatchObject({ context: { version: 1 } })
    for (const note of ['b', 'c', 'd']) board.set({ notes: [note] })
    expect(await next()).toMatchObject({ context: { notes: ['d'], version: 4 } })
    await fragments.return()
    const circle = { one: ({ two }: any) => two, two: ({ one }: any) => one }
    expect(() => liveState(engine, 'board.html', {}, { blocks: [], derived: circle })).toThrow(
      'one → two → one',
    )
  })
})

describe('C29: filters', () => {
  test.each([
    ['/a?b=1&c=2', '/a?b=1&amp;c=2'],
    ['https://a.test/"x', 'https://a.test/&quot;x'],
    ['mailto:a@b.test', 'mailto:a@b.test'],
    ['javascript:alert(1)', '#'],
    [' JavaScript:alert(1)', '#'],
    ['java\tscript:alert(1)', '#'],
    ['data:text/html,<script>', '#'],
    ['vbscript:x', '#'],
    [undefined, ''],
  ])('url lets %j lead to %s', async (link, href) => {
    const { app } = setUp()
    app.get('/', () => new Page('links.html', { link }))
    const html = await (await app.request('/')).text()
    expect(html).toContain(`<a href="${href}">a</a>`)
    expect(html).toContain('<a href="/n?page=2&amp;q=%C3%BC%26#top">b</a>')
  })

  test('an app may have its own under these names', async () => {
    const app = new Hono()
    app.use(swapstream({ templates, log: recordingLog(), filters: { url: () => 'mine' } }))
    app.get('/', () => new Page('links.html'))
    expect(await (await app.request('/')).text()).toContain('href="mine"')
  })
})

describe('C29: what every template has', () => {
  const drawn = async (template: string, context: object = {}): Promise<string> => {
    const engine = nunjucksEngine({ templates: { 't.html': template } })
    return engine.render('t.html', { ...context })
  }

  test.each([
    [0, 'now'],
    [-65_000, '1 minute ago'],
    [-3 * 3_600_000, '3 hours ago'],
    [-30 * 3_600_000, 'yesterday'],
    [8 * 86_400_000, 'next week'],
  ])('timeago says of %i ms from now: %s', async (ms, words) => {
    const at = new Date(Date.now() + ms + Math.sign(ms) * 500)
    expect(await drawn('{{ at | timeago }}', { at })).toBe(words)
    expect(await drawn('{{ at | timeago }}', { at: at.toISOString() })).toBe(words)
  })

  test('timeago speaks other languages, and says nothing of what is no time', async () => {
    const at = new Date(Date.now() - 3 * 3_600_500)
    expect(await drawn('{{ at | timeago("de") }}', { at })).toBe('vor 3 Stunden')
    expect(await drawn('[{{ none | timeago }}{{ "x" | timeago }}]')).toBe('[]')
  })

  test('pluralize', async () => {
    const template =
      '{% for n in [0, 1, 2] %}{{ n }} note{{ n | pluralize }} {{ n | pluralize("child", "children") }};{% endfor %}'
    expect(await drawn(template)).toBe('0 notes children;1 note child;2 notes children;')
    expect(await drawn('{{ ["a"] | pluralize("one", "many") }}')).toBe('one')
  })

  test('attributes: escaped, and none that are nothing or false', async () => {
    const template =
      '<input {{ { value: text, required: true, disabled: false, id: none } | attributes }}>'
    expect(await drawn(template, { text: '" onfocus="x' })).toBe(
      '<input value="&quot; onfocus=&quot;x" required>',
    )
    await expect(drawn('{{ more | attributes }}', { more: { 'a b': 1 } })).rejects.toThrow(
      /"a b" is no attribute/,
    )
  })

  test('a field with its label, its value and its fault', async () => {
    const template =
      '{% from "swapstream/form.html" import field %}{{ field("mail", "Mail", values, errors, { type: "email", required: true }) }}'
    expect(await drawn(template)).toBe(
      '<p class="swapstream-field"><label for="mail">Mail</label> <input id="mail" name="mail" value="" type="email" required></p>',
    )
    expect(await drawn(template, { values: { mail: '"x' }, errors: { mail: 'No <mail>.' } })).toBe(
      '<p class="swapstream-field"><label for="mail">Mail</label> <input id="mail" name="mail" value="&quot;x" aria-invalid="true" aria-describedby="mail-error" type="email" required> <strong id="mail-error">No &lt;mail&gt;.</strong></p>',
    )
    expect(
      await drawn(template.replace('"email"', '"password"'), { values: { mail: 'x' } }),
    ).not.toContain('value')
  })

  test('an element that follows a stream', async () => {
    const template = '{% from "swapstream/stream.html" import follow %}{{ follow(address) }}'
    expect(await drawn(template, { address: '/feed?a=1&b=2' })).toBe(
      '<div hx-sse:connect="/feed?a=1&amp;b=2" hx-sse:close="done" hx-swap="none"></div>',
    )
    expect(await drawn(template, { address: 'javascript:x' })).toContain('hx-sse:connect="#"')
  })

  test('a form needs no token: one of this site passes csrf(), one of another does not', async () => {
    const app = new Hono()
    app.use(csrf())
    app.use(swapstream({ templates, log: recordingLog() }))
    app.post('/', (c) => c.text('taken'))
    const send = (origin: string) => app.request('http://localhost/', form({ a: '1' }, { origin }))
    expect(await (await send('http://localhost')).text()).toBe('taken')
    expect((await send('https://evil.test')).status).toBe(403)
  })

  test.each(['outside', 'inside'])(
    'the nonce of secureHeaders(), which stands %s, reaches pages, fragments and streams, and so does the user',
    async (where) => {
      const app = new Hono<{ Variables: { secureHeadersNonce: string; user: string } }>()
      const secure = secureHeaders({ contentSecurityPolicy: { scriptSrc: [NONCE] } })
      if (where === 'outside') app.use(secure)
      app.use(
        swapstream({
          templates: {
            'n.html': '{% block b %}<p>{{ nonce }} {{ user }}{{ text }}</p>{% endblock %}',
          },
          log: recordingLog(),
          context: (c) => ({
            nonce: c.get('secureHeadersNonce'),
            user: c.get('user'),
            text: 'shared',
          }),
        }),
      )
      if (where === 'inside') app.use(secure)
      app.use(async (c, next) => {
        c.set('user', 'Ada')
        await next()
      })
      app.get('/page', () => new Page('n.html', { text: '!' }))
      app.get('/block', () => new Page('n.html', {}, { block: 'b' }))
      app.post('/stream', () => new EventStream(() => streamToFragments(['!'], 'n.html', 'b')))
      app.post('/form', () => new FormResult('/', { fragments: [new Fragment('n.html', 'b')] }))
      for (const [path, init, said] of [
        ['/page', {}, '!'],
        ['/block', { headers: HTMX }, 'shared'],
        ['/form', { ...post, headers: HTMX }, 'shared'],
        ['/stream', post, '!'],
        ['/stream', { ...post, headers: { accept: 'text/event-stream' } }, '!'],
      ] as const) {
        const response = await app.request(path, init)
        const [, nonce] = /'nonce-([^']+)'/.exec(response.headers.get('content-security-policy')!)!
        expect(await response.text(), path).toContain(`>${nonce} Ada${said}</p>`)
      }
    },
  )
})

describe('C27: an unknown block', () => {
  test('names those that exist and the one that was meant', async () => {
    const { app, log } = setUp()
    app.get('/', () => new Page('chat.html', {}, { block: 'resposne' }))
    const response = await app.request('/', { headers: { 'hx-request': 'true' } })
    expect(response.status).toBe(500)
    const said = log.lines.map(({ message }) => message).join()
    expect(said).toContain('has: body, response, sources, title, toast; did you mean "response"?')
  })
})

describe('C30: check', () => {
  test('finds what would go wrong, from the syntax tree and the routes, and nothing else', async () => {
    const app = new Hono()
    const page = `{% extends "bsae.html" %}
{% block body %}
<form action="/notes?from=page" method="post" hx-post="/notes" hx-target="#lsit" hx-swop="none" title="a > b">
  <button hx-delete="/notes/{{ id }}" hx-get="{{ somewhere }}"></button>
</form><ul id="list" {% if full %}hx-get="/notes"{% endif %}></ul>
{% endblock %}`
    const all = { ...templates, 'wrong.html': page }
    app.use(swapstream({ templates: all, filters: { careful }, log: recordingLog() }))
    app.post('/notes', (c) => c.text(''))
    app.get('/notes/:id', (c) => c.text(''))
    const { faults } = await check({ app })
    expect(
      faults.map(({ file, line, column, message, hint = '' }) =>
        `${file}:${line}:${column}: ${message.replace(/\(has: .*?(; did|\))/, '($1')} ${hint}`.trim(),
      ),
    ).toEqual([
      'wrong.html:1:12: template "bsae.html" not found (; did you mean "base.html"?).',
      'wrong.html:3:64: hx-target means #lsit, and no element has that id (; did you mean "list"?).',
      'wrong.html:3:82: htmx has no attribute hx-swop. Did you mean hx-swap?',
      'wrong.html:4:11: hx-delete asks by DELETE, and /notes/… answers to GET only.',
      'wrong.html:5:35: hx-get asks by GET, and /notes answers to POST only.',
    ])
  })
})

describe('C32: development', () => {
  const serving = useServer()
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })

  function working(options: { expose: boolean }) {
    const folder = mkdtempSync(join(tmpdir(), 'swapstream-'))
    folders.push(folder)
    const write = (text: string): void => writeFileSync(join(folder, 'page.html'), text)
    write('<h1>one</h1>{% block b %}<p>{{ text }}</p>{% endblock %}')
    const app = new Hono()
    const log = recordingLog()
    app.use(swapstream({ templates: folder, watch: true, log, ...options }))
    app.get('/', () => new Page('page.html', { text: 'x' }))
    app.post('/', () => new EventStream(() => streamToFragments(['x'], 'page.html', 'b')))
    return { app, write }
  }
  const stream = { method: 'POST', headers: { accept: 'text/html, text/event-stream' } }

  test('a template that is edited under a running server shows in the next page and the next stream', async () => {
    const { app, write } = working({ expose: true })
    const url = await serving(app)
    const ask = async (init?: RequestInit): Promise<string> => (await fetch(url, init)).text()
    expect(await ask()).toBe('<h1>one</h1><p>x</p>')
    expect(await ask(stream)).toMatch(/^data: <template id="\w+"><\/template><p>x<\/p>\n/)
    write('<h1>two</h1>{% block b %}<b>{{ text }}!</b>{% endblock %}')
    await eventually(async () => expect(await ask()).toBe('<h1>two</h1><b>x!</b>'))
    expect(await ask(stream)).toMatch(/^data: <template id="\w+"><\/template><b>x!<\/b>\n/)
  })

  test('an error says where it is; the page shows the lines around it, escaped, and is mended by an edit', async () => {
    const { app, write } = working({ expose: true })
    const url = await serving(app)
    const ask = (init: RequestInit = { headers: { accept: 'text/html' } }) => fetch(url, init)
    const lines = [
      '<h1>one</h1>',
      '<script>1</script>',
      '{% block b %}',
      '  <p>{{ text | uper }}</p>',
    ]
    write([...lines, ...'5678'].join('\n') + '{% endblock %}\n10')
    await eventually(async () => expect((await ask()).status).toBe(500))

    const page = await (await ask()).text()
    expect(page).toContain(
      'page.html:4:16 (block &quot;b&quot;): unknown filter &quot;uper&quot;. Did you mean &quot;upper&quot;?',
    )
    expect(page).toContain(
      [
        '<figure class="swapstream-source"><figcaption>page.html, line 4</figcaption><pre tabindex="0">    1 | &lt;h1&gt;one&lt;/h1&gt;',
        '    2 | &lt;script&gt;1&lt;/script&gt;',
        '    3 | {% block b %}',
        '<mark>&gt;   4 |   &lt;p&gt;{{ text | uper }}&lt;/p&gt;</mark>',
        '      |                ^',
        '    5 | 5',
        '    6 | 6',
        '    7 | 7',
        '    8 | 8{% endblock %}</pre></figure>',
      ].join('\n'),
    )
    expect(page).not.toContain('<script>')
    expect((await ask()).headers.get('content-security-policy')).toContain("script-src 'self'")

    const first = await (await ask(stream)).text()
    expect(first).toContain('page.html:4:16')
    const problem = await fetch(url, { headers: { accept: 'application/json' } })
    expect(await problem.text()).not.toContain('figure')

    write('{% block b %}<i>{{ text }}</i>{% endblock %}')
    await eventually(async () => expect(await (await ask()).text()).toBe('<i>x</i>'))
  })

  test('an error in the middle of a stream is shown in the page, below what was there', async () => {
    const app = new Hono()
    const broken = {
      'a.html': '{% block b %}{{ text }}{% endblock %}\n{% block c %}{{ f() }}{% endblock %}',
    }
    app.use(swapstream({ templates: broken, log: recordingLog(), expose: true }))
    app.post(
      '/',
      () =>
        new EventStream([
          new Fragment('a.html', 'b', { text: 'kept' }, { target: '#b' }),
          new Fragment('a.html', 'c', {}, { target: '#c' }),
        ]),
    )
    const received = await (await openStream(app, '/', post)).all()
    expect(received[0]!.data).toContain('kept')
    expect(received[1]!.data).toMatch(
      /role="alert">a\.html:2:\d+ \(block &quot;c&quot;\): Unable to call `f`/,
    )
    expect(received.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"error"}' })
  })

  test.each([{}, { expose: false }])(
    'nothing of it is sent outside of development: %j',
    async (options) => {
      const app = new Hono()
      const wrong = { 'a.html': 'SECRET {{ x | uper }}' }
      app.use(swapstream({ templates: wrong, log: recordingLog(), ...options }))
      app.get('/', () => new Page('a.html'))
      errorPages(app)
      const page = await (await app.request('/', { headers: { accept: 'text/html' } })).text()
      expect(page).not.toMatch(/SECRET|uper|a\.html/)
    },
  )

  test('errorPages() shows the lines, too, when it has no template of its own', async () => {
    const app = new Hono()
    app.use(
      swapstream({ templates: { 'a.html': '{{ x | uper }}' }, log: recordingLog(), expose: true }),
    )
    app.get('/', () => new Page('a.html'))
    errorPages(app)
    const page = await (await app.request('/', { headers: { accept: 'text/html' } })).text()
    expect(page).toContain('<mark>&gt;   1 | {{ x | uper }}</mark>\n      |        ^</pre>')
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
    const stream = await openStream(app, '/feed', { method: 'PUT' })
    expect((await stream.until(({ data }) => data === '2')).map(({ data }) => data)).toEqual([
      '0',
      '1',
      '2',
    ])
    await stream.disconnect()
    expect(closed).toBe(1)
  })
})

describe('C33: error answers', () => {
  function failing(options = {}) {
    const { app, log } = setUp()
    errorPages(app, options)
    app.get('/throws', () => {
      throw new Error('SECRET')
    })
    app.get('/teapot', () => {
      throw new HTTPException(418, { message: '<b>No coffee.</b>' })
    })
    app.get('/own', () => {
      throw new HTTPException(409, { res: new Response('mine', { status: 409 }) })
    })
    app.get('/template', () => new Page('nobody.html'))
    app.get('/gone', (c) => c.notFound())
    app.post('/only', (c) => c.text('posted'))
    app.put('/only', (c) => c.text('put'))
    const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
      app.request(path, { method, headers })
    return { ask, log }
  }
  const PAGE = { accept: 'text/html' }

  test.each([
    ['/nowhere', 404, 'There is nothing at this address.'],
    ['/gone', 404, 'There is nothing at this address.'],
    ['/only', 405, 'This address does not answer to GET.'],
    ['/teapot', 418, '&lt;b&gt;No coffee.&lt;/b&gt;'],
    ['/throws', 500, 'Something went wrong.'],
    ['/template', 500, 'Something went wrong.'],
  ])(
    '%s is %i: a line for htmx, a page for browsers, JSON for programs',
    async (path, status, says) => {
      const { ask, log } = failing({
        retarget: '#errors',
        reswap: 'innerHTML',
        trigger: 'app:failed',
      })
      const htmx = await ask(path, HTMX)
      expect(htmx.status).toBe(status)
      expect(Object.fromEntries(htmx.headers)).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'hx-retarget': '#errors',
        'hx-reswap': 'innerHTML',
        'hx-trigger': 'app:failed',
        'x-content-type-options': 'nosniff',
      })
      const line = await htmx.text()
      expect(line).toMatch(/^<p class="swapstream-error" role="alert">/)
      expect(line).toContain(says)

      const page = await ask(path, PAGE)
      expect([page.status, page.headers.has('hx-retarget')]).toEqual([status, false])
      expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
      expect(await page.text()).toMatch(/^<!doctype html>[^]*<h1>[^]*role="alert"/)

      const program = await ask(path, {})
      expect(program.headers.get('content-type')).toBe('application/problem+json')
      expect(await program.json()).toMatchObject({ status })
      expect(JSON.stringify(log.lines.map(({ message }) => message))).not.toContain('nothing at')
      expect(`${line}${await (await ask(path, PAGE)).text()}`).not.toContain('SECRET')
    },
  )

  test('405 says which methods are answered; HEAD and middleware are none of them', async () => {
    const { ask } = failing()
    expect((await ask('/only', PAGE)).headers.get('allow')).toBe('POST, PUT')
    expect((await ask('/throws', PAGE, 'DELETE')).headers.get('allow')).toBe('GET, HEAD')
    expect((await ask('/nowhere', PAGE, 'DELETE')).headers.has('allow')).toBe(false)
  })

  test('the cause is in the log, once, under the mark that is shown', async () => {
    const { ask, log } = failing()
    const mark = /<small>\((\w+)\)/.exec(await (await ask('/throws', PAGE)).text())![1]
    const errors = log.lines.filter(({ level }) => level === 'error')
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ message: 'SECRET', fields: { id: mark } })
  })

  test('are drawn with the template of the app: its block for htmx', async () => {
    const { ask } = failing({ template: 'error.html', block: 'error' })
    expect(await (await ask('/teapot', PAGE)).text()).toBe(
      '<h1>418 Something went wrong</h1><p id="error">&lt;b&gt;No coffee.&lt;/b&gt;</p>',
    )
    expect(await (await ask('/nowhere', HTMX)).text()).toBe(
      '<p id="error">There is nothing at this address.</p>',
    )
  })

  test('an error page that fails is ours, and the log says why', async () => {
    const { ask, log } = failing({ template: 'missing.html' })
    const response = await ask('/nowhere', PAGE)
    expect([response.status, await response.text()]).toEqual([
      404,
      expect.stringContaining('<h1>Not found'),
    ])
    expect(log.lines.some(({ message }) => /missing\.html/.test(message))).toBe(true)
  })

  test('an exception that brings its own answer keeps it', async () => {
    const response = await failing().ask('/own', PAGE)
    expect([response.status, await response.text()]).toEqual([409, 'mine'])
  })
})

describe('C34: Hono’s own middleware', () => {
  test('csrf() refuses what another site sends, and lets streams of this one pass', async () => {
    const app = new Hono()
    app.use(csrf())
    app.use(swapstream({ templates, log: recordingLog() }))
    let started = 0
    app.post('/chat', () => {
      started += 1
      return new EventStream(() => streamToFragments(['x'], 'chat.html', 'response'))
    })
    const ask = (origin: string) =>
      openStream(app, 'http://localhost/chat', form({ prompt: 'Hi' }, { origin }))
    const mine = await (await ask('http://localhost')).all()
    expect(mine.at(-1)).toMatchObject({ event: 'done' })
    for (const headers of [{ origin: 'https://evil.test' }, {}]) {
      const theirs = await app.request('http://localhost/chat', form({ prompt: 'Hi' }, headers))
      expect([theirs.status, started]).toEqual([403, 1])
    }
  })

  test.each(['outside', 'inside'])(
    'secureHeaders() %s sets its policy with a nonce, on pages and on streams',
    async (where) => {
      const app = new Hono<{ Variables: { secureHeadersNonce: string } }>()
      const secure = secureHeaders({ contentSecurityPolicy: { scriptSrc: [NONCE] } })
      if (where === 'outside') app.use(secure)
      app.use(swapstream({ templates, log: recordingLog() }))
      if (where === 'inside') app.use(secure)
      let nonce = ''
      app.get('/page', (c) => {
        nonce = c.get('secureHeadersNonce')
        return new Page('chat.html', { text: nonce })
      })
      app.post('/chat', (c) => {
        nonce = c.get('secureHeadersNonce')
        return new EventStream(() => streamToFragments([nonce], 'chat.html', 'response'))
      })
      for (const [path, init] of [
        ['/page', {}],
        ['/chat', post],
      ] as const) {
        const { response, all } = await openStream(app as unknown as Hono, path, init)
        expect(response.headers.get('content-security-policy')).toBe(`script-src 'nonce-${nonce}'`)
        expect(response.headers.get('x-frame-options')).toBe('SAMEORIGIN')
        expect(nonce).not.toBe('')
        await (path === '/chat' ? all() : response.text())
      }
    },
  )
})

describe('C35: light forms', () => {
  test('tools: a call of a registry is an event of the stream, beside the text', async () => {
    const { app } = setUp()
    const tools = { add: (a: number, b: number) => a + b }
    app.post('/', () => {
      const source = produce<ServerSentEvent | Fragment>(async (writer) => {
        const call = async (name: keyof typeof tools, a: number, b: number): Promise<number> => {
          const result = tools[name](a, b)
          const data = JSON.stringify({ name, a, b, result })
          await writer.write(new ServerSentEvent({ event: 'tool:called', data }))
          return result
        }
        const sum = await call('add', 1, 2)
        for await (const fragment of streamToFragments([`${sum}`], 'chat.html', 'response'))
          await writer.write(fragment)
      })
      return new EventStream(source)
    })
    const received = await (await openStream(app, '/', post)).all()
    expect(received[0]).toEqual({
      event: 'tool:called',
      data: '{"name":"add","a":1,"b":2,"result":3}',
    })
    expect(shownAfterEach(received)[0]).toBe('<p>3</p>')
  })

  test('rules by field: a Standard Schema gives each field its own words', async () => {
    const { app } = setUp()
    const rules = v.pipe(
      v.object({
        name: v.pipe(v.string(), v.minLength(2, 'At least two letters.')),
        mail: v.pipe(v.string(), v.email('No address.'), v.maxLength(40, 'Too long.')),
        age: v.optional(v.pipe(v.string(), v.regex(/^\d+$/, 'Digits only.'))),
        again: v.string(),
      }),
      v.forward(
        v.check(({ mail, again }) => mail === again, 'Not the same.'),
        ['again'],
      ),
    )
    app.post('/', async (c) => c.json(await readForm(c, rules)))
    const sent = async (fields: Record<string, string>) =>
      (await app.request('/', form(fields))).json()
    expect(await sent({ name: 'A', mail: 'x', again: 'x', age: 'y' })).toEqual({
      ok: false,
      values: { name: 'A', mail: 'x', again: 'x', age: 'y' },
      errors: { name: 'At least two letters.', mail: 'No address.', age: 'Digits only.' },
    })
    const right = { name: 'Ada', mail: 'a@b.test', again: 'a@b.test' }
    expect(await sent({ ...right, again: 'c@b.test' })).toMatchObject({
      errors: { again: 'Not the same.' },
    })
    expect(await sent(right)).toEqual({ ok: true, value: right })
  })

  test('folders to routes: a route for each file of a folder, and for nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pages-'))
    await mkdir(join(folder, 'pages/team'), { recursive: true })
    await writeFile(join(folder, 'pages/about.html'), '<h1>About</h1>')
    await writeFile(join(folder, 'pages/team/ada.html'), '<h1>Ada</h1>')
    await writeFile(join(folder, 'secret.html'), 'SECRET')
    const app = new Hono()
    app.use(swapstream({ templates: folder, log: recordingLog() }))
    for (const page of readdirSync(join(folder, 'pages'), { recursive: true, encoding: 'utf8' }))
      if (page.endsWith('.html')) app.get(`/${page.slice(0, -5)}`, () => new Page(`pages/${page}`))
    const ask = async (path: string): Promise<[number, string]> => {
      const response = await app.request(path)
      return [response.status, await response.text()]
    }
    expect(await ask('/about')).toEqual([200, '<h1>About</h1>'])
    expect(await ask('/team/ada')).toEqual([200, '<h1>Ada</h1>'])
    for (const path of [
      '/secret',
      '/../secret',
      '/%2e%2e/secret',
      '/team',
      '/team/..%2f..%2fsecret',
    ])
      expect((await ask(path))[0], path).toBe(404)
    await rm(folder, { recursive: true })
  })
})
