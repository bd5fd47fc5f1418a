import { serve as listen } from '@hono/node-server'
import { Hono, type MiddlewareHandler } from 'hono'
import { etag } from 'hono/etag'
import { afterEach, describe, expect, test } from 'vitest'
import { EventStream, events, Page, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'
import { recordingLog } from '../support/recording-log.ts'

const toEnd: (() => unknown)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0)) await end()
})

const templates = { 'x.html': '<main>{% block b %}<p>{{ text }}</p>{% endblock %}</main>' }
const html = '<main><p>hello</p></main>'

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
