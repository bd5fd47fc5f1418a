import { serve as listen } from '@hono/node-server'
import { Hono, type Handler, type MiddlewareHandler } from 'hono'
import { cache } from 'hono/cache'
import { etag } from 'hono/etag'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Bytes, EventStream, events, NDJSON, Page, streamToFragments, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { recordingLog } from '../support/recording-log.ts'

const toEnd: (() => unknown)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0)) await end()
})

const templates = { 'x.html': '<main>{% block b %}<p>{{ text }}</p>{% endblock %}</main>' }
const html = '<main><p>hello</p></main>'

let started = 0
afterEach(() => void (started = 0))

function appOf(...inner: MiddlewareHandler[]) {
  let go!: () => void
  const gone = new Promise<void>((resolve) => (go = resolve))
  const app = new Hono()
  app.use(swapstream({ templates, log: recordingLog() }))
  for (const each of inner) app.use(each)
  app.get('/page', () => new Page('x.html', { text: 'hello' }))
  app.get('/missing', () => new Page('x.html', { text: 'hello' }, { status: 404 }))
  app.get(
    '/stream',
    () =>
      new EventStream(
        async function* () {
          started += 1
          yield 'first'
          await gone
          yield 'second'
        },
        { encoding: events() },
      ),
  )
  return { app, go }
}

/** All that such a middleware may do with a response that it does not own. */
const copied: string[] = []
const copies: MiddlewareHandler = async (c, next) => {
  await next()
  copied.push(await c.res.clone().text())
}
afterEach(() => void copied.splice(0))

const ways: [
  string,
  (app: Hono) => Promise<(path: string, init?: RequestInit) => Promise<Response>>,
][] = [
  ['app.request', async (app) => async (path, init) => app.request(path, init)],
  [
    'serve',
    async (app) => {
      const server = serve(app, { port: 0, hostname: '127.0.0.1', signals: false, onListen() {} })
      toEnd.push(() => server.close(0))
      const url = await server.ready
      return (path, init) => fetch(`${url}${path}`, init)
    },
  ],
  [
    '@hono/node-server',
    async (app) => {
      const port = await new Promise<number>((resolve) => {
        const server = listen({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (address) =>
          resolve(address.port),
        )
        toEnd.push(() => server.close())
      })
      return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init)
    },
  ],
]

describe.each(ways)('behind middleware that copies responses (%s)', (_, open) => {
  test('a page has its entity tag, and is not sent twice', async () => {
    const request = await open(appOf(etag()).app)
    const first = await request('/page')
    const tag = first.headers.get('etag')!
    expect([first.status, await first.text(), tag]).toEqual([200, html, expect.stringMatching(/"/)])
    expect(first.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const again = await request('/page', { headers: { 'if-none-match': tag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test('a page is what the copy says, with its status', async () => {
    const request = await open(appOf(copies).app)
    const response = await request('/missing')
    expect([response.status, await response.text(), copied]).toEqual([404, html, [html]])
  })

  test('the copy of a copy is the same', async () => {
    const request = await open(appOf(copies, etag(), copies).app)
    const response = await request('/page')
    expect([await response.text(), copied]).toEqual([html, [html, html]])
  })

  test('a stream is not held back', async () => {
    const { app, go } = appOf(etag(), copies)
    const request = await open(app)
    const response = await request('/stream')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toMatch('first')
    go()
    let rest = ''
    for (let step = await reader.read(); !step.done; step = await reader.read()) rest += step.value
    expect([rest, copied]).toEqual([expect.stringContaining('second'), ['']])
  })
})

describe.each(ways)('behind an etag() that stands before (%s)', (_, open) => {
  async function* slow() {
    yield 'first'
    await new Promise(() => {})
  }
  const answers: [string, string, () => unknown][] = [
    ['events', '*/*', () => new EventStream(slow, { encoding: events() })],
    [
      'frames',
      'text/event-stream',
      () => new EventStream(() => streamToFragments(slow(), 'x.html', 'b')),
    ],
    ['a page', 'text/html', () => new EventStream(() => streamToFragments(slow(), 'x.html', 'b'))],
    ['lines', '*/*', () => new NDJSON(slow)],
  ]
  test.each(answers)('a stream is not held back: %s', async (_name, accept, answer) => {
    const app = new Hono()
    app.use(etag(), swapstream({ templates, log: recordingLog() }))
    app.get('/', answer as Handler)
    const request = await open(app)
    const tags = []
    for (let n = 0; n < 2; n++) {
      const response = await request('/', { headers: { accept } })
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
      expect((await reader.read()).value).toMatch(/first|<main>/)
      await reader.cancel()
      tags.push(response.headers.get('etag'))
    }
    // Each is another one, so none is ever found unchanged.
    expect(new Set(tags).size).toBe(2)
  })

  test('bytes keep the tag of their author, and are found unchanged by it', async () => {
    const app = new Hono()
    app.use(etag(), swapstream({ templates, log: recordingLog() }))
    const bytes = (): Iterable<Uint8Array<ArrayBuffer>> => [new Uint8Array([65])]
    app.get('/', () => new Bytes(bytes, { headers: { etag: '"mine"' } }) as never)
    const request = await open(app)
    const first = await request('/')
    expect([await first.text(), first.headers.get('etag')]).toEqual(['A', '"mine"'])
    expect((await request('/', { headers: { 'if-none-match': '"mine"' } })).status).toBe(304)
  })
})

/** Puts another response in place of the one that a handler gave. */
const putting =
  (change: (response: Response) => Response | Promise<Response>): MiddlewareHandler =>
  async (c, next) => {
    await next()
    c.res = await change(c.res)
  }
const STREAM = 'data: first\n\ndata: second\n\nevent: done\ndata: {"reason":"done"}\n\n'

describe.each(ways)('behind middleware that changes responses (%s)', (_, open) => {
  test.each<[string, MiddlewareHandler]>([
    ['its copy', putting((response) => response.clone())],
    ['half of it', putting((response) => new Response(response.body!.tee()[0], response))],
    ['the other half', putting((response) => new Response(response.body!.tee()[1], response))],
    ['its body', putting((response) => new Response(response.body, response))],
    [
      'its body through another stream',
      putting(
        (response) => new Response(response.body!.pipeThrough(new TransformStream()), response),
      ),
    ],
    ['its text', putting(async (response) => new Response(await response.text(), response))],
    [
      'its bytes',
      putting(async (response) => new Response(await response.arrayBuffer(), response)),
    ],
  ])('the answer is the same with %s', async (_name, middleware) => {
    const { app, go } = appOf(middleware)
    const request = await open(app)
    go()
    const page = await request('/missing')
    expect([page.status, await page.text(), page.headers.get('content-type')]).toEqual([
      404,
      html,
      'text/html; charset=utf-8',
    ])
    expect(page.headers.has('content-security-policy')).toBe(true)
    const stream = await request('/stream')
    expect([stream.status, await stream.text(), stream.headers.get('content-type')]).toEqual([
      200,
      STREAM,
      'text/event-stream; charset=utf-8',
    ])
    expect([stream.headers.get('cache-control'), started]).toEqual(['no-store, no-transform', 1])
  })

  test('a stream through another one is not held back', async () => {
    const through = putting(
      (response) => new Response(response.body!.pipeThrough(new TransformStream()), response),
    )
    const { app, go } = appOf(through)
    const request = await open(app)
    const reader = (await request('/stream')).body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toMatch('first')
    go()
    await reader.cancel()
  })

  test('what the middleware says of its own stays', async () => {
    const shout = putting(
      async (response) =>
        new Response((await response.text()).toUpperCase(), {
          status: 203,
          headers: { 'content-type': 'text/x-loud', vary: 'X-Loud' },
        }),
    )
    const request = await open(appOf(shout).app)
    const { status, headers, ...response } = await request('/page').then(async (each) => ({
      status: each.status,
      headers: each.headers,
      text: await each.text(),
    }))
    expect([status, response.text]).toEqual([203, html.toUpperCase()])
    expect(headers.get('content-type')).toBe('text/x-loud')
    expect(headers.get('vary')).toMatch(/X-Loud.*HX-Request/)
  })

  test('the length of an empty copy is not the length of the stream', async () => {
    const counting: MiddlewareHandler = async (c, next) => {
      await next()
      c.res.headers.set('content-length', String((await c.res.clone().text()).length))
    }
    const { app, go } = appOf(counting)
    const request = await open(app)
    go()
    expect(await (await request('/page')).text()).toBe(html)
    expect(await (await request('/stream')).text()).toBe(STREAM)
  })

  test('an error page that it gives in place of a page that it has read is that one', async () => {
    const failing: MiddlewareHandler = async (c, next) => {
      await next()
      await c.res.clone().text()
      c.res = c.text('no', 418)
    }
    const request = await open(appOf(failing).app)
    const response = await request('/stream')
    expect([response.status, await response.text(), started]).toEqual([418, 'no', 0])
    expect(response.headers.get('content-type')).toMatch(/text\/plain/i)
  })
})

test('a page is rendered once, however often it is copied', async () => {
  let rendered = 0
  const app = new Hono()
  const context = () => ({ once: () => `${(rendered += 1)}` })
  app.use(swapstream({ templates: { 'x.html': '{{ once() }}' }, context, log: recordingLog() }))
  for (const each of [copies, etag(), copies]) app.use(each)
  app.get('/', () => new Page('x.html'))
  expect([await (await app.request('/')).text(), rendered]).toEqual(['1', 1])
})

test('a stream that a middleware has read and not replaced says what to do', async () => {
  const reading: MiddlewareHandler = async (c, next) => {
    await next()
    await c.res.text()
  }
  const { app, go } = appOf(reading)
  go()
  expect((await app.request('/page')).status).toBe(200)
  app.onError((error, c) => c.text(error.message, 500))
  const response = await app.request('/stream')
  expect([response.status, await response.text()]).toEqual([
    500,
    expect.stringMatching(/read the stream that GET \/stream answers.* Read c\.res\.clone\(\)/),
  ])
})

const addressOf = (key: string | Request): string => (typeof key === 'string' ? key : key.url)

test('a cache inside stores a page with its type, and no stream', async () => {
  const stored = new Map<string, Response>()
  vi.stubGlobal('caches', {
    open: async () => ({
      match: async (key: string | Request) => stored.get(addressOf(key))?.clone(),
      put: async (key: string | Request, response: Response) =>
        stored.set(addressOf(key), new Response(await response.text(), response)),
    }),
  })
  const { app, go } = appOf(cache({ cacheName: 'x', wait: true }))
  go()
  for (const _ of [1, 2]) {
    const page = await app.request('/page')
    expect([await page.text(), page.headers.get('content-type')]).toEqual([
      html,
      'text/html; charset=utf-8',
    ])
    expect(await (await app.request('/stream')).text()).toBe(STREAM)
  }
  expect([...stored.keys()]).toEqual([expect.stringMatching(/localhost(?:\/|%2F)page/)])
  vi.unstubAllGlobals()
})
