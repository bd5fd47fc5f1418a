import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createRuns,
  EventStream,
  Fragment,
  runRoutes,
  streamToFragments,
  streamWithSources,
  swapstream,
  type Runs,
  type Source,
} from 'swapstream'
import { createMemoryStore } from 'swapstream/stores'
import { applyFrames, openStream, type OpenedStream } from 'swapstream/testing'
import { timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { controlled } from '../runs/support/controlled.ts'

const TEMPLATES = {
  'chat.html': `{% block response %}<p>{{ text }}</p>{% endblock %}{% block rows %}<tr><td>{{ text }}</td></tr>{% endblock %}{% block item %}<li>{{ text }}</li>{% endblock %}`,
}
const owner = 'me'
const HTMX4 = { 'sec-fetch-site': 'same-origin', 'hx-source': 'form#chat' }
const HTMX2 = { 'sec-fetch-site': 'same-origin', 'hx-request': 'true', accept: '*/*' }

const opened: Runs[] = []
const streams: OpenedStream[] = []
afterEach(async () => {
  for (const stream of streams.splice(0)) await stream.disconnect()
  for (const runs of opened.splice(0)) await runs.close()
  await expectNothingLeft(timersRunning)
})

function appOf(source: Source<unknown>): Hono & { runs: Runs } {
  const app = new Hono()
  const runs = createRuns()
  opened.push(runs)
  app.use(swapstream({ templates: TEMPLATES, log: recordingLog(), frameMs: 0 }))
  app.post('/chat', async (c) => {
    const run = await runs.start(source, { owner, key: 'chat' })
    c.header('x-path', run.path)
    return new EventStream(run)
  })
  app.route('/runs', runRoutes(runs, { owner: () => owner }))
  return Object.assign(app, { runs })
}
function answering(block = 'response') {
  const source = controlled<string>()
  const app = appOf(({ signal }) =>
    streamToFragments(source({ signal, lastEventId: undefined }), 'chat.html', block),
  )
  return { source, app }
}
async function opening(app: Hono, path: string, options: RequestInit = {}): Promise<OpenedStream> {
  const stream = await openStream(app, path, options)
  streams.push(stream)
  return stream
}
async function* failing(signal: AbortSignal): AsyncGenerator<string> {
  yield 'Hel'
  signal.throwIfAborted()
  throw new Error('The model failed.')
}
const post = (app: Hono, headers: Record<string, string> = HTMX4): Promise<OpenedStream> =>
  opening(app, '/chat', { method: 'POST', headers })
const texts = async (stream: OpenedStream): Promise<(string | undefined)[]> =>
  (await stream.all()).map(({ event, data }) => (event ? `${event} ${data}` : data))
const prefixIn = (html: string): string => /\bs\d\w{3}\b/.exec(html)![0]

describe('a run for a page', () => {
  test('brings what goes on with it before its first frame, and takes it away before the end', async () => {
    const { source, app } = answering()
    const stream = await post(app)
    await source.say('Hel')
    const first = await stream.until(({ data }) => data.includes('Hel'))
    const at = prefixIn(first.at(-1)!.data)
    const path = stream.response.headers.get('x-path')
    expect(first.map(({ data }) => data)).toEqual([
      `<div hx-swap-oob="beforeend:body"><swap-resume id="${at}r" hx-sse:connect="${path}?at=${at}" hx-trigger="htmx:sse:close from:#chat, htmx:error delay:1s" hx-sse:close="done" hx-swap="none" hidden></swap-resume></div>`,
      `<template id="${at}"></template><p>Hel</p>`,
    ])
    source.end()
    expect((await texts(stream)).slice(-3)).toEqual([
      `<p hx-swap-oob="delete transition:false target:#${at}">`,
      `<p hx-swap-oob=delete:#${at}r>`,
      'done {"reason":"done"}',
    ])
  })

  test.each(['form', 'form#a b', 'form#x"><script>', ''])(
    'waits for the end of any stream when what asks has no plain id: %j',
    async (from) => {
      const { source, app } = answering()
      const stream = await post(app, { ...HTMX4, 'hx-source': from })
      await source.say('Hel')
      const [first] = await stream.until(({ data }) => data.includes('Hel'))
      expect(first!.data).toContain('hx-trigger="htmx:sse:close from:body, ')
      source.end()
    },
  )

  test('brings it once, and again where what is added once has come further', async () => {
    const placed = appOf([
      new Fragment('chat.html', 'response', { text: 'a' }, { target: '#here' }),
      new Fragment('chat.html', 'item', { text: 'b' }, { target: '#log', swap: 'beforeend' }),
    ])
    const told = await texts(await post(placed))
    expect(told.slice(0, 4)).toEqual([
      expect.stringMatching(/^<div hx-swap-oob="beforeend:body"><swap-resume id="/),
      expect.stringMatching(/#here"><p>a<\/p><\/div>$/),
      expect.stringMatching(/#log"><li>b<\/li><\/div>$/),
      expect.stringMatching(/^<swap-resume hx-swap-oob=[^]*after=1-2"/),
    ])
    expect(told.at(-2)).toMatch(/^<p hx-swap-oob=delete:#s\d\w{3}r>$/)
  })

  test('brings nothing of that to scripts, to a GET, or with a last frame', async () => {
    const { source, app } = answering()
    const script = await post(app, { 'sec-fetch-site': 'same-origin', 'hx-request-type': '' })
    const path = script.response.headers.get('x-path')!
    const got = await opening(app, path, { headers: HTMX4 })
    await source.say('Hel')
    source.end()
    expect((await texts(got)).join('')).not.toContain('swap-resume')

    const whole = appOf([new Fragment('chat.html', 'response', { text: 'x' }, { final: true })])
    expect((await texts(await post(whole)))[0]).toBe('<p>x</p>')
  })

  test('goes on in the place of the first connection, and that one leaves quietly', async () => {
    const { source, app } = answering()
    const first = await post(app)
    await source.say('Hel')
    const [shown] = await first.until(({ data }) => data.includes('Hel'))
    const at = prefixIn(shown!.data)
    const path = `${first.response.headers.get('x-path')}?at=${at}`
    const second = await opening(app, path, { headers: HTMX4 })
    const before = await second.until(({ data }) => data.includes('Hel'))
    expect(before.map(({ data }) => data)).toEqual([
      `<div hx-swap-oob="outerMorph strip:true transition:false target:#${at}+*"><p>Hel</p></div>`,
    ])
    expect(await texts(first)).toEqual([])

    // A third one goes on as the second, and a stranger's word for the place is no place.
    const third = await opening(app, path, { headers: HTMX4 })
    const again = await third.until(({ data }) => data.includes('Hel'))
    expect(again.map(({ data }) => data)).toEqual(before.map(({ data }) => data))
    expect(await texts(second)).toEqual([])
    const odd = await opening(app, path.replace(/at=.*/, 'at=body'), { headers: HTMX4 })
    await source.say('lo')
    source.end()
    expect((await texts(odd))[0]).toMatch(/^<template id="s\d\w{3}"><\/template><p>Hel/)
    expect((await texts(third)).slice(-3)).toEqual([
      `<p hx-swap-oob="delete transition:false target:#${at}">`,
      `<p hx-swap-oob=delete:#${at}r>`,
      'done {"reason":"done"}',
    ])
  })

  test('is shown in its last state to one who comes back after the end', async () => {
    const { source, app } = answering()
    const first = await post(app)
    await source.say('Hel')
    const [shown] = await first.until(({ data }) => data.includes('Hel'))
    const at = prefixIn(shown!.data)
    source.end()
    await first.all()
    const path = `${first.response.headers.get('x-path')}?at=${at}`
    expect(await texts(await opening(app, path, { headers: HTMX4 }))).toEqual([
      `<div hx-swap-oob="outerMorph strip:true transition:false target:#${at}+*"><p>Hel</p></div>`,
      `<p hx-swap-oob="delete transition:false target:#${at}">`,
      `<p hx-swap-oob=delete:#${at}r>`,
      'done {"reason":"done"}',
    ])
  })

  test('that has failed is shown as it ended to one who comes back, and to one who comes', async () => {
    const app = appOf(({ signal }) => streamToFragments(failing(signal), 'chat.html', 'response'))
    const first = await post(app)
    const told = await texts(first)
    expect(told.at(-1)).toBe('done {"reason":"error"}')
    const path = first.response.headers.get('x-path')!
    for (const address of [path, `${path}?at=s1abc`]) {
      const stream = await opening(app, address, { headers: HTMX4 })
      expect(stream.response.status).toBe(200)
      const rest = await texts(stream)
      expect(rest.join('')).toContain('Hel')
      expect(rest.join('')).toContain('role="alert"')
      expect(rest.at(-1)).toBe('done {"reason":"error"}')
    }
  })

  test('tells the page how far it is with what is added once', async () => {
    const source = controlled<Fragment>()
    const app = appOf(source)
    const added = (text: string): Fragment =>
      new Fragment('chat.html', 'item', { text }, { target: '#log', swap: 'beforeend' })
    const first = await post(app)
    await source.say(new Fragment('chat.html', 'response', { text: 'Hel' }), added('one'))
    const seen = await first.until(({ data }) => data.includes('after='))
    const after = /\?at=\w+&amp;after=(1-2)"/.exec(seen.at(-1)!.data)
    expect(seen.at(-1)!.data).toMatch(/^<swap-resume hx-swap-oob="outerHTML:#s\d\w{3}r"/)
    const at = prefixIn(seen[0]!.data)
    const path = `${first.response.headers.get('x-path')}?at=${at}&after=${after![1]}`
    const second = await opening(app, path, { headers: HTMX4 })
    await source.say(added('two'))
    source.end()
    const rest = (await texts(second)).join('')
    expect(rest).toContain('<li>two</li>')
    expect(rest).not.toContain('<li>one</li>')
    // On this connection the page says itself how far it is.
    expect(rest).not.toContain('<swap-resume')
  })

  test('that is gone is shown as interrupted in a page, and is 404 for scripts', async () => {
    const { app } = answering()
    const path = '/runs/AAAAAAAAAAAAAAAAAAAAAA'
    const page = await opening(app, `${path}?at=s1abc`, { headers: HTMX4 })
    expect(page.response.status).toBe(200)
    expect(await texts(page)).toEqual([
      expect.stringMatching(
        /target:#s1abc\+\*"><p class="swapstream-error" role="alert">[^<]*try again/,
      ),
      // Where the page does not show the answer yet.
      expect.stringMatching(
        /target:'html:not\(:has\(#s1abc\)\) #s1abcr'"><p class="swapstream-error" role="alert">/,
      ),
      '<p hx-swap-oob=delete:#s1abcr>',
      'done {"reason":"interrupted"}',
    ])
    const loaded = await opening(app, path, { headers: { ...HTMX4, 'hx-target': 'div#run-A' } })
    expect((await texts(loaded))[0]).toMatch(/target:#run-A"><p class/)
    const script = { 'sec-fetch-site': 'same-origin', accept: 'text/event-stream' }
    expect((await app.request(path, { headers: script })).status).toBe(404)
  })
})

test('a page gets a time to come back when the store of the runs does not answer, and scripts get 503', async () => {
  const store = { ...createMemoryStore(), find: () => Promise.reject(new Error('away')) }
  const runs = createRuns({ store })
  opened.push(runs)
  const app = new Hono()
  app.use(swapstream({ templates: TEMPLATES, log: recordingLog() }))
  app.route('/runs', runRoutes(runs, { owner: () => owner }))
  const path = '/runs/AAAAAAAAAAAAAAAAAAAAAA?at=s1abc'
  const page = await opening(app, path, { headers: HTMX4 })
  expect(await texts(page)).toEqual(['shutdown {"reason":"shutdown"}'])
  const script = { 'sec-fetch-site': 'same-origin', accept: 'text/event-stream' }
  expect((await app.request(path.slice(0, -9), { headers: script })).status).toBe(503)
})

describe('a run for htmx 2', () => {
  test('is handed to its extension at once, as far as it is', async () => {
    const { source, app } = answering()
    const answer = app.request('/chat', { method: 'POST', headers: HTMX2 })
    await source.say('Hel')
    const response = await answer
    const html = await response.text()
    const at = prefixIn(html)
    const path = response.headers.get('x-path')
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(html).toBe(
      `<template id="${at}"></template><p>Hel</p><div id="${at}r" hx-ext="sse" sse-connect="${path}?at=${at}" sse-swap="message" sse-close="done" hx-swap="none" hidden></div>`,
    )
    const headers = { 'sec-fetch-site': 'same-origin', accept: 'text/event-stream' }
    const stream = await app.request(`${path}?at=${at}`, { headers })
    await source.say('lo')
    source.end()
    const told = await stream.text()
    expect(told).toContain(`data: <p hx-swap-oob="outerHTML:#${at}+*">Hel</p>\n`)
    expect(told).toContain(`data: <p hx-swap-oob="beforeend:#${at}+p">lo\n`)
    expect(told).toMatch(
      new RegExp(`data: <p hx-swap-oob="delete:#${at}">[^]*delete:#${at}r>\n[^]*event: done`),
    )
  })

  test('is the finished answer when it has ended already', async () => {
    const app = appOf([
      new Fragment('chat.html', 'item', { text: 'a' }, { target: '#log', swap: 'beforeend' }),
      new Fragment('chat.html', 'response', { text: 'x' }, { final: true }),
    ])
    const response = await app.request('/chat', { method: 'POST', headers: HTMX2 })
    expect(await response.text()).toBe('<div hx-swap-oob="beforeend:#log"><li>a</li></div><p>x</p>')
  })
})

describe('an answer with its sources', () => {
  const WORDS = ['Hel', 'lo', ' world']
  const PAGE = '<body><ol id="sources"></ol><div id="answer"></div></body>'
  const templates = {
    'ask.html':
      '{% block sources %}{% for s in sources %}<li>{{ s }}</li>{% endfor %}{% endblock %}{% block response %}<p>{{ text }}</p>{% endblock %}',
  }
  /** @param cutAfter The reader is cut off behind so many frames, each of which brought one word more. */
  async function answer(cutAfter: number): Promise<{ page: string; opened: number }> {
    const source = controlled<string>()
    const runs = createRuns()
    opened.push(runs)
    const app = new Hono()
    app.use(swapstream({ templates, log: recordingLog(), frameMs: 0 }))
    app.post('/ask', async () => {
      const told = ({ signal }: { signal: AbortSignal }): AsyncIterable<unknown> =>
        streamWithSources(source({ signal, lastEventId: undefined }), 'ask.html', {
          sources: ['s1'],
        })
      return new EventStream(await runs.start(told, { owner }))
    })
    app.route('/runs', runRoutes(runs, { owner: () => owner }))

    const headers = { ...HTMX4, 'hx-target': 'div#answer' }
    const first = await opening(app, '/ask', { method: 'POST', headers })
    const events = first[Symbol.asyncIterator]()
    const words = [...WORDS]
    let page = PAGE
    for (let frame = 0; frame < cutAfter; frame++) {
      if (frame > 0) await source.say(words.shift()!)
      page = applyFrames(page, [(await events.next()).value!.data], { target: '#answer' })
    }
    await first.disconnect()

    const path = /hx-sse:connect="([^"]+)"/.exec(page)![1]!.replaceAll('&amp;', '&')
    const second = await opening(app, path, { headers: HTMX4 })
    for (const word of words) await source.say(word)
    source.end()
    const rest = (await second.all()).filter(({ event }) => event === undefined)
    const none = { target: '#nowhere', swap: 'none' }
    const frames = rest.map(({ data }) => data)
    return { page: applyFrames(page, frames, none), opened: source.opened }
  }

  test('is whole after a cut behind any of its frames, also before its text has come', async () => {
    for (let cutAfter = 1; cutAfter <= WORDS.length + 1; cutAfter++) {
      expect(await answer(cutAfter)).toEqual({
        page: '<html><head></head><body><ol id="sources"><li>s1</li></ol><div id="answer"><p>Hello world</p></div></body></html>',
        opened: 1,
      })
    }
  })
})
