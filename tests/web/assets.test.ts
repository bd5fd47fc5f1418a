import { Hono, type MiddlewareHandler } from 'hono'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { EventStream, events, Page, swapstream, type Source } from 'swapstream'
import { controlledClock } from 'swapstream/testing'
import { recordingLog } from '../support/recording-log.ts'

const templates = { 'x.html': '<head>{% include "swapstream/head.html" %}</head>' }
const page = (): Page => new Page('x.html')

function withLog(options: { assets?: string } = {}) {
  const log = recordingLog()
  const warnings = (): string[] =>
    log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
  return { middleware: swapstream({ templates, log, ...options }), warnings }
}
const below = (app: Hono, middleware: MiddlewareHandler): Hono => {
  app.use(middleware)
  app.get('/page', page)
  return app
}

/** Apps below a path, and the address of their page. */
const apps: [string, string, string, (middleware: MiddlewareHandler) => Hono][] = [
  [
    'an app with a basePath',
    '/bot/page',
    '/bot/swapstream',
    (m) => below(new Hono().basePath('/bot') as Hono, m),
  ],
  [
    'a sub-app',
    '/bot/page',
    '/bot/swapstream',
    (m) => new Hono().route('/bot', below(new Hono(), m)),
  ],
  [
    'a sub-app of a sub-app',
    '/a/b/page',
    '/a/b/swapstream',
    (m) => new Hono().route('/a', new Hono().route('/b', below(new Hono(), m))),
  ],
  [
    'a mounted app',
    '/bot/page',
    '/bot/swapstream',
    (m) => new Hono().mount('/bot', below(new Hono(), m).fetch),
  ],
]

/** The addresses that a page loads. */
const addresses = (html: string): string[] =>
  Array.from(html.matchAll(/(?:href|src)="(\/[^"]+)"/g), ([, address]) => address!)

describe.each(apps)('%s', (_, address, assets, create) => {
  test('has its assets where the option says', async () => {
    const { middleware, warnings } = withLog({ assets })
    const app = create(middleware)
    const loads = addresses(await (await app.request(address)).text())
    expect(loads).toEqual([`${assets}/swapstream.css`, `${assets}/htmx.js`])
    for (const load of loads) expect((await app.request(load)).status).toBe(200)
    expect(warnings()).toEqual([])
  })
})

describe.each(apps.slice(0, 3))('%s without the option', (_, address, assets, create) => {
  test('says once what to write', async () => {
    const { middleware, warnings } = withLog()
    const app = create(middleware)
    await app.request(address)
    await app.request(address)
    expect(warnings()).toEqual([expect.stringContaining(`swapstream({ assets: '${assets}' })`)])
  })
})

test('an app behind a proxy that strips a path has its assets where the option says', async () => {
  const { middleware, warnings } = withLog({ assets: '/public/files' })
  const app = below(new Hono(), middleware)
  const loads = addresses(await (await app.request('/page')).text())
  expect(loads[1]).toBe('/public/files/htmx.js')
  for (const path of [...loads, '/swapstream/htmx.js'])
    expect((await app.request(path)).status).toBe(200)
  expect((await app.request('/public/files/other.js')).status).toBe(404)
  expect(warnings()).toEqual([])
})

test('a middleware for one address says that the assets are not found', async () => {
  const { middleware, warnings } = withLog()
  const app = new Hono()
  app.use('/page', middleware)
  app.get('/page', page)
  await app.request('/page')
  expect(warnings()).toEqual([
    expect.stringMatching(/\/swapstream\/htmx\.js.* \/page only.*app\.use\(swapstream/),
  ])
})

test.each(['*', '/*'])('an app that uses it for all addresses (%s) hears nothing', async (path) => {
  const { middleware, warnings } = withLog()
  const app = new Hono()
  app.use(path, middleware)
  app.get('/page', page)
  expect((await app.request('/page')).status).toBe(200)
  expect(warnings()).toEqual([])
})

describe('the address of the assets', () => {
  const loadsOf = async (assets: string | null, path = '/page'): Promise<string[]> => {
    const { middleware } = withLog({ assets: assets as string })
    const app = below(new Hono(), middleware)
    const loads = addresses(await (await app.request(path)).text())
    for (const load of loads.filter((each) => !each.startsWith('//')))
      expect((await app.request(load)).status).toBe(200)
    return loads
  }

  test.each([['/files/'], ['/files//'], ['/files']])('may end with a slash: %s', async (assets) => {
    expect(await loadsOf(assets)).toEqual(['/files/swapstream.css', '/files/htmx.js'])
  })

  test.each([[''], ['/'], [null]])('is the default where it is %j', async (assets) => {
    expect(await loadsOf(assets)).toEqual(['/swapstream/swapstream.css', '/swapstream/htmx.js'])
  })

  test.each([['files'], ['./files'], ['/files?v=1'], ['/a b'], ['/x"><script>']])(
    'cannot be %s',
    (assets) => {
      expect(() => withLog({ assets })).toThrow(/assets is no path: .* Begin it with a slash, such/)
    },
  )

  test.each(['https://cdn.example/x', '//cdn.example/x'])(
    'may be one of another host, of which the app knows nothing: %s',
    async (assets) => {
      const { middleware, warnings } = withLog({ assets })
      const app = below(new Hono().basePath('/bot') as Hono, middleware)
      expect(await (await app.request('/bot/page')).text()).toContain(`src="${assets}/htmx.js"`)
      expect(warnings()).toEqual([])
    },
  )

  test.each<[string, string, string | undefined]>([
    ['/:lang/*', '/de/page', '/de/swapstream'],
    ['/:lang{[a-z]+}/*', '/de/page', '/de/swapstream'],
    ['/v1.0/*', '/v1.0/page', '/v1.0'],
    ['/*/app/*', '/x/app/page', '/y/app/swapstream'],
    ['/:lang/*', '/de/page', undefined],
  ])('is found below the route of the middleware: %s', async (route, path, assets) => {
    const { middleware, warnings } = withLog(assets === undefined ? {} : { assets })
    const app = new Hono()
    app.use(route, middleware)
    app.get(path, page)
    for (const load of addresses(await (await app.request(path)).text()))
      expect((await app.request(load)).status).toBe(200)
    expect(warnings()).toEqual([])
  })
})

describe('behind a proxy that names the path it has taken away', () => {
  const headers = { 'x-forwarded-prefix': '/bot' }
  test.each<[string, string, (m: MiddlewareHandler) => Hono, string[]]>([
    ['', '/page', (m) => below(new Hono(), m), ['/bot/swapstream']],
    ['', '/a/page', (m) => below(new Hono().basePath('/a') as Hono, m), ['/bot/a/swapstream']],
    ['/bot/swapstream', '/page', (m) => below(new Hono(), m), []],
    ['/bot/swapstream', '/bot/page', (m) => below(new Hono().basePath('/bot') as Hono, m), []],
    ['', '/bot/page', (m) => below(new Hono().basePath('/bot') as Hono, m), ['/bot/swapstream']],
  ])('assets at %j of %s', async (assets, path, create, wanted) => {
    const { middleware, warnings } = withLog({ assets })
    const app = create(middleware)
    for (let n = 0; n < 2; n++) await app.request(path, { headers })
    expect(warnings()).toEqual(
      wanted.map((each) => expect.stringContaining(`swapstream({ assets: '${each}' })`)),
    )
  })

  test('what is no path there is not believed', async () => {
    const { middleware, warnings } = withLog()
    const app = below(new Hono(), middleware)
    await app.request('/page', { headers: { 'x-forwarded-prefix': `' }); evil(` } })
    expect(warnings()).toEqual([])
  })
})

test('an app with another copy of hono is served as any', async () => {
  const { middleware, warnings } = withLog()
  const app = new Hono()
  // The requests of another copy keep their routes under another symbol.
  app.use(async (c, next) => {
    for (const name of Object.getOwnPropertySymbols(Object.getPrototypeOf(c.req)))
      Object.defineProperty(c.req, name, { value: undefined })
    await next()
  })
  below(app, middleware)
  const response = await app.request('/page')
  expect([response.status, warnings()]).toEqual([200, []])
})

describe('silence', () => {
  let release = (): void => {}
  afterEach(() => {
    release()
    vi.unstubAllGlobals()
  })
  const silent: Source<string> = async function* ({ signal }) {
    yield 'x'
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  async function beatsIn(ms: number): Promise<number> {
    const clock = controlledClock()
    release = clock.release
    const app = new Hono()
    app.use(swapstream({ templates: {}, log: recordingLog() }))
    const limits = { maxDurationMs: ms }
    app.get('/x', () => new EventStream(silent, { encoding: events(), limits }))
    const text = (await app.request('/x')).text()
    await new Promise((resolve) => setTimeout(resolve, 5))
    for (let at = 0; at < ms; at += 1_000) await clock.advance(1_000)
    return (await text).split(': ping').length - 1
  }

  test('is broken in time on Bun, which cuts after 10 s', async () => {
    vi.stubGlobal('Bun', {})
    expect(await beatsIn(14_000)).toBe(2)
  })

  test('is broken each 15 s elsewhere', async () => {
    expect(await beatsIn(14_000)).toBe(0)
  })
})
