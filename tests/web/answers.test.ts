import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { every } from 'hono/combine'
import { compress } from 'hono/compress'
import { setCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { describe, expect, test } from 'vitest'
import {
  EventStream,
  Fragment,
  events,
  Page,
  ServerSentEvent,
  streamToFragments,
  streamWithSources,
  swapstream,
  type SwapstreamOptions,
} from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

const VARY = 'Accept, HX-Request, HX-Request-Type, HX-Boosted, HX-History-Restore-Request'

const templates = {
  'chat.html': `<!doctype html><title>t</title><main>{% block form %}<form>{{ problem }}</form>{% endblock %}<ol id="sources">{% block sources %}{% for s in sources %}<li>{{ s }}</li>{% endfor %}{% endblock %}</ol><div id="answer">{% block response %}<p>{{ text }}</p>{% endblock %}</div></main>`,
}
const STREAM = { accept: 'text/html, text/event-stream', 'hx-request': 'true' }
const FRAGMENT = { accept: 'text/html', 'hx-request': 'true' }

function setUp(options: SwapstreamOptions = {}) {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates, log, ...options }))
  let opened = 0
  const source = () => {
    opened += 1
    return streamToFragments(['Hel', 'lo <b>'], 'chat.html', 'response')
  }
  app.get('/', () => new Page('chat.html', { text: 'page' }))
  app.all('/answer', () => new EventStream(source))
  return { app, log, opened: () => opened }
}

describe('a returned EventStream', () => {
  test('streams to a client that reads event streams: unnamed frames, LF only, one terminal', async () => {
    const { app } = setUp({ frameMs: 0 })
    const response = await app.request('/answer', { method: 'POST', headers: STREAM })
    const text = (await response.text()).replace(/\bs\d\w{3}\b/g, 'S')
    expect(text).toBe(
      [
        'data: <template id="S"></template><p>Hel</p>',
        'data: <p hx-swap-oob="beforeend:#S+p">lo &lt;b&gt;',
        'data: <p hx-swap-oob="delete:#S">',
        'event: done\ndata: {"reason":"done"}',
        '',
      ].join('\n\n'),
    )
    await expectNothingLeft(timersRunning)
  })

  test('sends headers that no cache, proxy or compressor holds up', async () => {
    const { app } = setUp()
    const { headers, status, body } = await app.request('/answer', {
      method: 'POST',
      headers: STREAM,
    })
    await body!.cancel()
    expect(status).toBe(200)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      vary: VARY,
    })
    for (const name of ['connection', 'transfer-encoding', 'access-control-allow-origin'])
      expect(headers.has(name)).toBe(false)
  })

  test('answers a browser without scripts with the finished page', async () => {
    const { app } = setUp()
    const response = await app.request('/answer', {
      method: 'POST',
      headers: { accept: 'text/html' },
    })
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(await response.text()).toBe(
      '<!doctype html><title>t</title><main><form></form><ol id="sources"></ol><div id="answer"><p>Hello &lt;b&gt;</p></div></main>',
    )
  })

  test('answers htmx without its streaming extension with the finished fragments', async () => {
    const { app } = setUp()
    app.post(
      '/ask',
      () =>
        new EventStream(() => streamWithSources(['Hi'], 'chat.html', { sources: ['one', 'two'] })),
    )
    const response = await app.request('/ask', { method: 'POST', headers: FRAGMENT })
    expect(await response.text()).toBe(
      '<div hx-swap-oob="innerMorph:#sources"><li>one</li><li>two</li></div><p>Hi</p>',
    )
  })

  test('keeps every added piece in a finished answer, and of a state only the newest', async () => {
    const { app } = setUp()
    app.post('/feed', () => {
      const add = (text: string): Fragment =>
        new Fragment('chat.html', 'response', { text }, { target: '#feed', swap: 'beforeend' })
      return new EventStream([
        add('1'),
        add('2'),
        new Fragment('chat.html', 'form', { problem: 'a' }),
        new Fragment('chat.html', 'form', { problem: 'b' }),
      ])
    })
    const response = await app.request('/feed', { method: 'POST', headers: FRAGMENT })
    expect(await response.text()).toBe(
      '<div hx-swap-oob="beforeend:#feed"><p>1</p></div><div hx-swap-oob="beforeend:#feed"><p>2</p></div><form>b</form>',
    )
  })

  test('starts nothing for HEAD', async () => {
    const { app, opened } = setUp()
    const response = await app.request('/answer', { method: 'HEAD', headers: STREAM })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(await response.text()).toBe('')
    expect(opened()).toBe(0)
  })

  test('gives the source a signal, and the last event that the client saw', async () => {
    const { app } = setUp()
    const seen: unknown[] = []
    app.get(
      '/seen',
      () =>
        new EventStream(({ signal, lastEventId }) => [
          `${seen.push(signal instanceof AbortSignal, lastEventId)}`,
        ]),
    )
    await (await app.request('/seen', { headers: { ...STREAM, 'last-event-id': '42' } })).text()
    expect(seen).toEqual([true, '42'])
  })

  test('escapes plain text, sends an event with its own fields, and refuses what it cannot send', async () => {
    const { app, log } = setUp()
    app.get(
      '/mixed',
      () =>
        new EventStream([
          '<i>',
          new ServerSentEvent({ event: 'app:n', data: '1' }),
          { not: 'this' },
        ]),
    )
    const text = await (await app.request('/mixed', { headers: STREAM })).text()
    expect(text).toMatch(
      /^data: &lt;i&gt;\n\nevent: app:n\ndata: 1\n\ndata: <p class="swapstream-error"/,
    )
    expect(text.endsWith('event: done\ndata: {"reason":"error"}\n\n')).toBe(true)
    expect(log.lines.at(-2)?.message ?? '').toContain('cannot send an Object')
  })

  test('keeps its own status and headers, cookies of the handler, and headers of middleware on both sides', async () => {
    const app = new Hono()
    app.use(cors({ origin: 'https://a.example' }))
    app.use(compress())
    app.use(swapstream({ templates, log: recordingLog(), allowedOrigins: ['https://a.example'] }))
    app.use(async (c, next) => {
      c.header('x-before', '1')
      await next()
      c.header('x-after', '1')
    })
    app.get('/answer', (c) => {
      setCookie(c, 'a', '1')
      setCookie(c, 'b', '2')
      return new EventStream(() => streamToFragments(['x'], 'chat.html', 'response'), {
        status: 202,
        headers: { 'x-own': '1' },
      })
    })
    const { status, headers, body } = await app.request('/answer', {
      headers: { ...STREAM, origin: 'https://a.example' },
    })
    await body!.cancel()
    expect(status).toBe(202)
    for (const name of ['x-before', 'x-after', 'x-own']) expect(headers.get(name), name).toBe('1')
    expect(headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2; Path=/'])
    expect(headers.get('access-control-allow-origin')).toBe('https://a.example')
    expect(headers.get('content-encoding')).toBe(null)
    expect(headers.get('vary')).toContain('HX-Request')
  })

  describe('keeps what the handler set beside it', () => {
    const ours = (): MiddlewareHandler => swapstream({ templates, log: recordingLog() })
    const touching: MiddlewareHandler = async (c, next) => {
      await next()
      c.res.headers.set('x-touched', '1')
    }
    const handler = (c: Context): EventStream => {
      c.header('x-handler', '1')
      setCookie(c, 'a', '1')
      setCookie(c, 'b', '2')
      return new EventStream(() => ['x'], {
        status: 202,
        headers: { 'x-own': '1' },
        encoding: events(),
      })
    }
    const both = ours()
    const places: Record<string, (app: Hono) => unknown> = {
      'right before it': (app) => app.use(ours()).get('/answer', handler),
      'with somebody between them': (app) => app.use(ours()).use(touching).get('/answer', handler),
      'behind somebody who has touched the response': (app) =>
        app.use(cors()).use(ours()).get('/answer', handler),
      'as one of several that were made one': (app) =>
        app.use(every(ours(), touching)).get('/answer', handler),
      'of the route alone': (app) => app.get('/answer', ours(), handler),
      'used twice': (app) => app.use(both).use(both).get('/answer', handler),
      'used twice, with somebody between': (app) =>
        app.use(both).use(touching).use(both).get('/answer', handler),
      'in an app of its own, with its own error page': (app) =>
        app.route(
          '/',
          new Hono()
            .onError((_, c) => c.text('no', 500))
            .use(ours())
            .get('/answer', handler),
        ),
      'before a middleware that comes too late': (app) =>
        app.use(ours()).get('/answer', handler).use(touching),
    }
    test.each(Object.keys(places))('%s', async (place) => {
      const app = new Hono()
      places[place]!(app)
      const response = await app.request('/answer', { headers: STREAM })
      expect(response.status).toBe(202)
      for (const name of ['x-handler', 'x-own']) expect(response.headers.get(name), name).toBe('1')
      expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2; Path=/'])
      const isTouched = /somebody between|several/.test(place)
      expect(response.headers.get('x-touched')).toBe(isTouched ? '1' : null)
      expect(await response.text()).toBe('data: x\n\nevent: done\ndata: {"reason":"done"}\n\n')
      await expectNothingLeft(timersRunning)
    })
  })

  test('is answered once, by the nearest middleware, where one app is mounted into another', async () => {
    const { app, opened } = setUp()
    const outer = new Hono()
    outer.use(swapstream({ templates, log: recordingLog() }))
    outer.route('/inner', app)
    const response = await outer.request('/inner/answer', { headers: STREAM })
    expect((await response.text()).match(/event: done/g)).toHaveLength(1)
    expect(opened()).toBe(1)
    await expectNothingLeft(timersRunning)
  })

  test('reports what is missing when no middleware turns it into an answer', async () => {
    const app = new Hono()
    app.use(cors())
    app.get('/answer', () => new EventStream(['x']))
    const response = await app.request('/answer')
    await expect(response.text()).rejects.toThrow(/app\.use\(swapstream\(/)
  })

  test('turns an error before the first value into an ordinary HTTP error that the app can shape', async () => {
    const { app } = setUp()
    app.onError((error, c) => c.text(`shaped: ${error.message}`, 503))
    app.post(
      '/fail',
      () =>
        new EventStream(async function* () {
          throw new Error('no key')
        }),
    )
    for (const headers of [STREAM, FRAGMENT, {}]) {
      const response = await app.request('/fail', { method: 'POST', headers })
      expect([response.status, await response.text()]).toEqual([503, 'shaped: no key'])
    }
    await expectNothingLeft(timersRunning)
  })

  test('puts a failure after the first value below the answer, and its cause only into the log', async () => {
    const { app, log } = setUp()
    app.post(
      '/fail',
      () =>
        new EventStream(() =>
          streamToFragments(
            (async function* () {
              yield 'Hel'
              throw new Error('SECRET')
            })(),
            'chat.html',
            'response',
          ),
        ),
    )
    const text = await (await app.request('/fail', { method: 'POST', headers: STREAM })).text()
    const messages = text.split('\n\n')
    expect(messages.at(-4)).toMatch(
      /^data: <div hx-swap-oob="afterend:#s\w+\+\*"><p class="swapstream-error" role="alert".*<\/p><\/div>$/,
    )
    expect(messages.at(-3)).toMatch(/^data: <p hx-swap-oob="delete:#s\w+">$/)
    expect(messages.at(-2)).toBe('event: done\ndata: {"reason":"error"}')
    expect(text).not.toContain('SECRET')
    expect(JSON.stringify(log.lines.map(({ fields }) => String(fields['err'])))).toContain('SECRET')
  })
})

describe('a returned Page', () => {
  test('is the page, and to htmx the block it names', async () => {
    const { app } = setUp()
    app.get('/block', () => new Page('chat.html', { text: 'x' }, { block: 'response' }))
    expect(await (await app.request('/block')).text()).toContain('<!doctype html>')
    const fragment = await app.request('/block', { headers: FRAGMENT })
    expect(await fragment.text()).toBe('<p>x</p>')
    expect(fragment.headers.get('vary')).toBe(VARY)
  })

  test('adds to what another middleware has put into Vary', async () => {
    const { app } = setUp()
    app.use(async (c, next) => (c.header('Vary', 'Origin'), next()))
    app.get('/block', () => new Page('chat.html', { text: 'x' }))
    const { headers } = await app.request('/block')
    expect(headers.get('vary')).toBe(`Origin, ${VARY}, *`)
  })

  test.each([
    ['a boosted link', { 'hx-boosted': 'true' }],
    ['a restored history entry', { 'hx-history-restore-request': 'true' }],
    ['a request for the full page', { 'hx-request-type': 'full' }],
  ])('is the whole page for %s', async (_, headers) => {
    const { app } = setUp()
    app.get('/block', () => new Page('chat.html', {}, { block: 'response' }))
    expect(
      await (await app.request('/block', { headers: { ...FRAGMENT, ...headers } })).text(),
    ).toContain('<!doctype html>')
  })

  test('chooses its own place and status as a fragment', async () => {
    const { app } = setUp()
    app.post(
      '/form',
      () =>
        new Page('chat.html', { problem: 'no' }, { block: 'form', target: '#form', status: 422 }),
    )
    const fragment = await app.request('/form', { method: 'POST', headers: FRAGMENT })
    expect(fragment.status).toBe(422)
    expect(fragment.headers.get('hx-retarget')).toBe('#form')
    expect(fragment.headers.get('hx-reswap')).toBe('innerHTML')
    const page = await app.request('/form', { method: 'POST' })
    expect(page.status).toBe(422)
    expect(page.headers.get('hx-retarget')).toBe(null)
  })

  test.each([
    ['a template', () => new Page('chat.htm'), /chat\.html/],
    [
      'a block',
      () => new Page('chat.html', {}, { block: 'respones' }),
      /form, response, sources.*did you mean "response"/,
    ],
  ])(
    'with an unknown name of %s says in the log what exists and what was meant, to the client a code',
    async (_, page, said) => {
      const { app, log } = setUp()
      app.get('/wrong', page)
      const response = await app.request('/wrong', { headers: FRAGMENT })
      expect(response.status).toBe(500)
      const text = await response.text()
      expect(text).toMatch(/role="alert".*(template\/missing|block\/unknown)/)
      expect(text).not.toMatch(/chat\.html/)
      expect(log.lines.map(({ message }) => message).join('\n')).toMatch(said)
    },
  )

  test('shows the cause in the page when that is asked for', async () => {
    const { app } = setUp({ expose: true })
    app.get('/wrong', () => new Page('chat.html', {}, { block: 'respones' }))
    expect(await (await app.request('/wrong', { headers: FRAGMENT })).text()).toContain(
      'did you mean',
    )
  })
})

describe('an unknown block in a stream', () => {
  test('is an ordinary HTTP error: nothing was sent yet', async () => {
    const { app, log } = setUp()
    app.post(
      '/wrong',
      () => new EventStream(() => streamToFragments(['x'], 'chat.html', 'respones')),
    )
    const response = await app.request('/wrong', { method: 'POST', headers: STREAM })
    expect(response.status).toBe(500)
    expect(log.lines.map(({ message }) => message).join('\n')).toMatch(/did you mean "response"/)
    await expectNothingLeft(timersRunning)
  })
})

describe('guards', () => {
  const cookie = { cookie: 'session=1' }
  test.each<[string, Record<string, string>, number]>([
    ['the same origin', { origin: 'http://localhost', host: 'localhost' }, 200],
    ['the same origin, said by the browser', { 'sec-fetch-site': 'same-origin', ...cookie }, 200],
    ['no browser and no cookies', {}, 200],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['another site of the same owner', { 'sec-fetch-site': 'same-site' }, 403],
    ['a foreign origin', { origin: 'https://evil.example' }, 403],
    [
      'a foreign origin that claims to be the same',
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      403,
    ],
    ['an opaque origin', { origin: 'null' }, 403],
    ['cookies without any origin', { ...cookie, 'hx-request': 'false' }, 403],
    ['htmx, with cookies and without any origin', cookie, 200],
    [
      'an origin that is allowed by name',
      { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' },
      200,
    ],
  ])('for a request from %s', async (_, headers, status) => {
    for (const method of ['POST', 'GET']) {
      for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
        const { app, opened } = setUp({ allowedOrigins: ['https://app.example'] })
        const response = await app.request('/answer', {
          method,
          headers: {
            ...STREAM,
            ...headers,
            ...(method === 'POST' ? { 'content-type': type } : {}),
          },
        })
        expect(response.status).toBe(status)
        await response.text()
        expect(opened()).toBe(status === 200 ? 1 : 0)
      }
    }
  })

  test('refuses another site before the handler runs when the method writes', async () => {
    const { app } = setUp()
    let ran = 0
    app.post('/write', (c) => {
      ran += 1
      return c.text('ok')
    })
    expect(
      (await app.request('/write', { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } }))
        .status,
    ).toBe(403)
    expect(ran).toBe(0)
  })

  test('answers 413 for a body over 64 KiB, with a length and without', async () => {
    const { app } = setUp()
    app.post('/form', async (c) => c.text(String((await c.req.parseBody())['q']).length.toString()))
    const send = (size: number, chunked: boolean): Response | Promise<Response> => {
      const body = `q=${'x'.repeat(size - 2)}`
      const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' }
      if (!chunked)
        return app.request('/form', {
          method: 'POST',
          body,
          headers: { ...headers, 'content-length': String(size) },
        })
      const stream = new Blob([body]).stream()
      return app.request('/form', {
        method: 'POST',
        body: stream,
        duplex: 'half',
        headers: { ...headers, 'transfer-encoding': 'chunked' },
      } as RequestInit)
    }
    for (const chunked of [false, true]) {
      expect(await (await send(65_536, chunked)).text()).toBe('65534')
      const refused = await send(65_537, chunked)
      expect(refused.status).toBe(413)
      expect(await refused.text()).toContain('input/too-large')
    }
  })

  test('answers programs with problem+json', async () => {
    const { app } = setUp()
    const response = await app.request('/answer', {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
    })
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({
      status: 403,
      code: 'access/cross-site',
      id: expect.stringMatching(/^[0-9a-f]{8}$/),
    })
  })
})

describe('errors', () => {
  test('carry the security headers too, with any handler', async () => {
    const { app } = setUp()
    app.post('/fail', () => new EventStream(() => Promise.reject(new Error('no key'))))
    const failed = await app.request('/fail', { method: 'POST', headers: STREAM })
    const refused = await app.request('/fail', {
      method: 'POST',
      headers: { ...FRAGMENT, 'sec-fetch-site': 'cross-site' },
    })
    expect([failed.status, refused.status]).toEqual([500, 403])
    for (const { headers } of [failed, refused])
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(refused.headers.get('content-security-policy')).toContain("script-src 'self'")
  })
})

describe('pages', () => {
  test('get a strict content security policy, another one, or none', async () => {
    const policy = async (options: SwapstreamOptions): Promise<string | null> =>
      (await setUp(options).app.request('/')).headers.get('content-security-policy')
    expect(await policy({})).toContain("default-src 'self'; script-src 'self'; style-src 'self'")
    expect(await policy({ csp: "default-src 'none'" })).toBe("default-src 'none'")
    expect(await policy({ csp: false })).toBe(null)
  })

  test('keep the policy that a handler has set', async () => {
    const { app } = setUp()
    app.get('/own', (c) =>
      c.html('<p>x</p>', 200, { 'content-security-policy': "script-src 'none'" }),
    )
    expect((await app.request('/own')).headers.get('content-security-policy')).toBe(
      "script-src 'none'",
    )
  })
})
