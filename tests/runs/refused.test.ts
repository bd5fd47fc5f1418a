import { Hono, type Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  createRuns,
  EventStream,
  events,
  ownerOf,
  runRoutes,
  swapstream,
  type Runs,
} from 'swapstream'
import type { CoreOptions } from 'swapstream/core'
import { eventually } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

const created: Runs[] = []
afterEach(async () => {
  for (const runs of created.splice(0)) await runs.close()
})

const COOKIE = {
  cookie: 'swapstream-owner=AAAAAAAAAAAAAAAAAAAAAA',
  'sec-fetch-site': 'same-origin',
}
const owner = 'AAAAAAAAAAAAAAAAAAAAAA'
const key = 'chat'

function setUp(options: Partial<CoreOptions> = {}) {
  const runs = createRuns()
  created.push(runs)
  const seen = { opened: 0, ended: [] as string[] }
  const app = new Hono()
  app.use(
    swapstream({
      templates: {},
      log: recordingLog(),
      limits: { maxStreamsPerClient: 1 },
      ...options,
    }),
  )
  const start = (c: Context) =>
    runs.start(
      async function* ({ signal }) {
        seen.opened += 1
        yield 'x'
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
      {
        owner: ownerOf(c),
        key: c.req.query('key') ?? key,
        onEnd: (reason) => seen.ended.push(reason),
      },
    )
  app.on(['GET', 'POST', 'OPTIONS'], '/chat', async (c) => {
    const run = await start(c)
    // What a handler does meanwhile takes longer than a turn of the loop.
    await new Promise((resolve) => setTimeout(resolve, 10))
    c.header('x-run', run.path)
    return new EventStream(run, { encoding: events() })
  })
  app.post('/throws', async (c) => {
    await start(c)
    throw new Error('later')
  })
  app.post('/conflict', async (c) => {
    await start(c)
    throw new HTTPException(409)
  })
  app.post('/denied', async (c) => {
    await start(c)
    return c.text('no', 403)
  })
  app.on(['GET', 'POST'], '/start', async (c) => c.json(await start(c)))
  app.route('/runs', runRoutes(runs, { stream: { encoding: events() } }))
  return { app, runs, seen }
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 30))
const from = { incoming: { socket: { remoteAddress: '10.0.0.1' } } }

describe('a run whose answer is refused never began:', () => {
  async function expectNone({ runs, seen }: ReturnType<typeof setUp>): Promise<void> {
    await settle()
    expect(seen).toEqual({ opened: 0, ended: [] })
    expect((await runs.health()).running).toBe(0)
    // It is not what a reload would show, and takes no key from the next one.
    await eventually(async () => expect(await runs.current({ owner, key })).toBeUndefined())
  }

  test.each(['/chat', '/start'])('a HEAD of %s', async (path) => {
    const set = setUp()
    const { status } = await set.app.request(path, { method: 'HEAD', headers: COOKIE })
    expect(status).toBe(200)
    await expectNone(set)
  })

  test('a GET of another site', async () => {
    const set = setUp()
    const headers = { ...COOKIE, 'sec-fetch-site': 'cross-site' }
    expect((await set.app.request('/chat', { headers })).status).toBe(403)
    await expectNone(set)
  })

  test('a method that no stream may have', async () => {
    const set = setUp({ sseMethods: ['GET'] })
    const { status } = await set.app.request('/chat', { method: 'POST', headers: COOKIE })
    expect(status).toBe(405)
    await expectNone(set)
  })

  test.each([
    ['a handler that throws after its start', 'throws', 500],
    ['one that ends with an HTTPException', 'conflict', 409],
    ['one that answers with a failure', 'denied', 403],
  ])('%s', async (_, path, status) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const set = setUp()
    const { status: answered } = await set.app.request(path, { method: 'POST', headers: COOKIE })
    expect(answered).toBe(status)
    await expectNone(set)
    vi.restoreAllMocks()
  })

  const requests: [string, RequestInit, number][] = [
    ['HEAD', { method: 'HEAD', headers: COOKIE }, 200],
    ['GET of another site', { headers: { ...COOKIE, 'sec-fetch-site': 'cross-site' } }, 403],
    [
      'OPTIONS of another site',
      { method: 'OPTIONS', headers: { origin: 'https://x.example' } },
      403,
    ],
  ]
  test.each(requests.flatMap((each) => [['route', ...each] as const, ['mount', ...each] as const]))(
    'in an app that another one has by %s(): %s',
    async (way, _, init, status) => {
      const set = setUp()
      const outer = new Hono()
      outer.use(swapstream({ templates: {}, log: recordingLog() }))
      if (way === 'route') outer.route('/sub', set.app)
      else outer.mount('/sub', set.app.fetch)
      expect((await outer.request('/sub/chat', init)).status).toBe(status)
      await expectNone(set)
    },
  )

  test('one stream too many', async () => {
    const set = setUp()
    const { app, seen } = set
    const request = { method: 'POST', headers: COOKIE }
    const first = await app.request('/chat?key=other', request, from)
    expect([first.status, seen.opened]).toEqual([200, 1])
    expect((await app.request('/chat', request, from)).status).toBe(429)
    await settle()
    expect([seen.opened, seen.ended]).toEqual([1, []])
    expect(await set.runs.current({ owner, key })).toBeUndefined()
    await first.body!.cancel()
  })

  test('and the key means the run before again', async () => {
    const { app, runs } = setUp()
    const first = await app.request('/chat', { method: 'POST', headers: COOKIE })
    const path = first.headers.get('x-run')!
    await app.request(`${path}/stop`, { method: 'POST', headers: COOKIE })
    await first.text()
    await app.request('/chat', { method: 'HEAD', headers: COOKIE })
    await eventually(async () => expect((await runs.current({ owner, key }))?.path).toBe(path))
  })
})

describe('a run that is wanted begins,', () => {
  test('also when another request with its key was refused', async () => {
    const { app, seen } = setUp()
    const [head, post] = await Promise.all([
      app.request('/chat', { method: 'HEAD', headers: COOKIE }),
      app.request('/chat', { method: 'POST', headers: COOKIE }),
    ])
    expect([head.status, post.status, seen.opened]).toEqual([200, 200, 1])
    const reader = post.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toMatch(/^data: x\n/)
    await reader.cancel()
  })

  test('also when the answer names it only', async () => {
    const { app, seen } = setUp()
    expect((await app.request('/start', { method: 'POST', headers: COOKIE })).status).toBe(200)
    await eventually(() => expect(seen.opened).toBe(1))
  })

  test('also when a handler redirects to it', async () => {
    const { app, runs, seen } = setUp()
    app.post('/redirects', async (c) => {
      const source = () => {
        seen.opened += 1
        return []
      }
      const run = await runs.start(source, { owner })
      throw new HTTPException(303, { res: c.redirect(run.path, 303) })
    })
    expect((await app.request('/redirects', { method: 'POST', headers: COOKIE })).status).toBe(303)
    await eventually(() => expect(seen.opened).toBe(1))
  })

  test('at once where no request is handled', async () => {
    const { runs } = setUp()
    let opened = 0
    await runs.start(
      () => {
        opened += 1
        return []
      },
      { owner },
    )
    await eventually(() => expect(opened).toBe(1))
  })

  test('also while a request that hangs is not decided, once it is opened', async () => {
    const { app, seen } = setUp()
    let go = (): void => {}
    app.get('/hangs', async (c) => {
      await new Promise<void>((resolve) => (go = resolve))
      return c.text('late')
    })
    const hangs = app.request('/hangs')
    const run = await (await app.request('/start', { method: 'POST', headers: COOKIE })).json()
    const shown = await app.request((run as { path: string }).path, { headers: COOKIE })
    expect([shown.status, seen.opened]).toEqual([200, 1])
    await shown.body!.cancel()
    go()
    await (await hangs).text()
  })
})
