import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { serve as plainServe, type HttpBindings } from '@hono/node-server'
import { Hono, type MiddlewareHandler } from 'hono'
import { setCookie } from 'hono/cookie'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Bytes, EventStream, events, NDJSON, Page, swapstream } from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { useConnections } from '../contract/support/raw-connection.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const serveHere = useServer()
const plain: { close(): void }[] = []
afterEach(async () => {
  for (const server of plain.splice(0)) server.close()
  await expectNothingLeft(timersRunning)
})

/** The same app without our `serve`: every body is a web stream there. */
const servePlainly = (app: Hono): Promise<string> =>
  new Promise((resolve) => {
    const server = plainServe({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve(`http://127.0.0.1:${port}`),
    )
    plain.push(server)
  })

let port = 0
const { request, connect } = useConnections(() => port)

const TEXTS = ['a', 'ä€😀', 'x'.repeat(100_000), '\n\r\n', 'end']

function appWith(middleware: MiddlewareHandler = (_, next) => next()): Hono {
  const app = new Hono()
  app.use(middleware)
  app.use(swapstream({ templates: {}, log: recordingLog() }))
  app.use(async (c, next) => {
    setCookie(c, 'one', '1')
    c.header('x-before', '1')
    await next()
    setCookie(c, 'two', '2')
  })
  const options = { status: 201, headers: { 'x-own': 'ä'.normalize('NFD').slice(0, 1) } }
  app.get('/events', () => new EventStream(() => TEXTS, { ...options, encoding: events() }))
  app.get('/lines', () => new NDJSON(() => TEXTS, options))
  app.get(
    '/bytes',
    () => new Bytes(() => TEXTS.map((text) => new TextEncoder().encode(text)), options),
  )
  app.get('/slow', () => {
    const source = async function* (): AsyncGenerator<string> {
      for (const text of ['one', 'two', 'three']) {
        yield text
        await sleep(5)
      }
    }
    return new EventStream(source, { encoding: events() })
  })
  return app
}

describe('an answer that the server writes by itself', () => {
  test.each(['/events', '/lines', '/bytes', '/slow'])(
    'of %s is the one that goes through a web stream, headers and all',
    async (path) => {
      const app = appWith()
      const seen = []
      for (const url of [await serveHere(app), await servePlainly(app)]) {
        const response = await fetch(url + path)
        const headers = Object.fromEntries(response.headers)
        delete headers['date']
        // Each stream has its own.
        expect(headers['etag']).toMatch(/^W\//)
        delete headers['etag']
        const body = await response.text()
        seen.push({
          status: response.status,
          headers,
          cookies: response.headers.getSetCookie(),
          body,
        })
      }
      expect(seen[0]).toEqual(seen[1])
      expect(seen[0]!.body).toContain(path === '/slow' ? 'three' : 'ä€😀')
      expect(seen[0]!.cookies).toHaveLength(2)
    },
  )

  test('leaves with its last piece and its end in one write', async () => {
    const alone: unknown[][] = []
    const together: unknown[][] = []
    const app = appWith(async (c, next) => {
      const { socket } = (c.env as HttpBindings).incoming
      alone.push(vi.spyOn(socket, '_write').mock.calls)
      together.push(vi.spyOn(socket, '_writev').mock.calls)
      await next()
    })
    await (await fetch(`${await serveHere(app)}/slow`)).text()
    const texts = (writes: unknown[][]): string[] =>
      writes.flat().map((call) => {
        const [written] = call as [string | Uint8Array | { chunk: string | Uint8Array }[]]
        const parts = Array.isArray(written) ? written.map(({ chunk }) => chunk) : [written]
        return parts.map((part) => Buffer.from(part as string).toString()).join('')
      })
    expect(texts(alone).join('|')).not.toContain('0\r\n\r\n')
    expect(texts(together).join('|')).toMatch(/event: done\n[^|]*\r\n0\r\n\r\n/)
  })

  test('is what a middleware makes of its body', async () => {
    const url = await serveHere(
      appWith(async (c, next) => {
        await next()
        const upper = new TransformStream<Uint8Array, Uint8Array>({
          transform: (bytes, to) =>
            to.enqueue(new TextEncoder().encode(new TextDecoder().decode(bytes).toUpperCase())),
        })
        c.res = new Response(c.res.body!.pipeThrough(upper), c.res)
      }),
    )
    expect(await (await fetch(`${url}/slow`)).text()).toContain('DATA: ONE')
  })

  test('has the headers of a middleware that made another response around its body', async () => {
    const url = await serveHere(
      appWith(async (c, next) => {
        await next()
        const headers = { 'content-type': 'text/event-stream', 'x-outside': '1' }
        c.res = new Response(c.res.body, { status: 202, headers })
      }),
    )
    const response = await fetch(`${url}/slow`)
    expect([response.status, response.headers.get('x-outside')]).toEqual([202, '1'])
    expect(await response.text()).toContain('data: three')
  })

  test('is not sent when a middleware answers something else', async () => {
    const url = await serveHere(
      appWith(async (c, next) => {
        await next()
        const live = c.res.body
        c.res = undefined
        c.res = new Response('no', { status: 403 })
        await live!.cancel()
      }),
    )
    const response = await fetch(`${url}/slow`)
    expect([response.status, await response.text()]).toEqual([403, 'no'])
  })

  test.each(['text', 'arrayBuffer', 'blob', 'clone', 'body'] as const)(
    'is a response like any other to a program around the app that asks for its %s',
    async (what) => {
      const app = appWith()
      const around = async (asked: Request, env?: never): Promise<Response> => {
        const response = await app.fetch(asked, env)
        expect(response).toBeInstanceOf(Response)
        expect(response.bodyUsed).toBe(false)
        if (what === 'body') return new Response(response.body, { headers: { 'x-around': '1' } })
        const copy = what === 'clone' ? response : response.clone()
        const read = what === 'clone' ? await response.clone().text() : await response[what]()
        expect(response.bodyUsed).toBe(what !== 'clone')
        const text = await new Response(read).text()
        expect(await copy.text()).toBe(text)
        return new Response(text, response)
      }
      const text = await (await fetch(`${await serveHere({ fetch: around })}/slow`)).text()
      expect(text).toBe(
        'data: one\n\ndata: two\n\ndata: three\n\nevent: done\ndata: {"reason":"done"}\n\n',
      )
    },
  )

  test('reaches its reader and a program around the app that keeps a copy', async () => {
    const app = appWith()
    const copies: Promise<string>[] = []
    const around = async (asked: Request, env?: never): Promise<Response> => {
      const response = await app.fetch(asked, env)
      copies.push(response.clone().text())
      return response
    }
    const response = await fetch(`${await serveHere({ fetch: around })}/slow`)
    const text = await response.text()
    expect(text).toContain('data: three')
    expect(await Promise.all(copies)).toEqual([text])
    expect([response.status, response.headers.get('x-before')]).toEqual([200, '1'])
  })

  test('is copied for a late reader, also after a garbage collection', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const app = appWith()
    const copies: string[] = []
    const around = async (asked: Request, env?: never): Promise<Response> => {
      const response = await app.fetch(asked, env)
      const copy = response.clone()
      for (let times = 0; times < 5; times++) {
        collect()
        await sleep(5)
      }
      copies.push(await copy.text())
      return response
    }
    const text = await (await fetch(`${await serveHere({ fetch: around })}/slow`)).text()
    expect(text).toContain('data: three')
    expect(copies).toEqual([text])
  })

  test('is the returned one, where an app asks itself for several', async () => {
    const app = new Hono()
    app.use('/stream/*', swapstream({ templates: {}, log: recordingLog() }))
    app.get('/stream/:n', (c) => new EventStream(() => [c.req.param('n')], { encoding: events() }))
    app.get('/:which', async (c) => {
      const ask = (n: number): Response | Promise<Response> =>
        app.request(`/stream/${n}`, {}, c.env as never)
      const both = [await ask(0), await ask(1)]
      const [given, other] = c.req.param('which') === 'first' ? both : both.toReversed()
      await other!.body!.cancel()
      return given!
    })
    const url = await serveHere(app)
    for (const [at, which] of ['first', 'second'].entries())
      expect(await (await fetch(`${url}/${which}`)).text()).toContain(`data: ${at}\n`)
  })

  test('can be read as JSON by a program around the app', async () => {
    const app = new Hono()
    app.use(swapstream({ templates: {}, log: recordingLog() }))
    app.get('/', () => new NDJSON([{ n: 1 }]))
    const around = async (asked: Request, env?: never): Promise<Response> =>
      Response.json([await (await app.fetch(asked, env)).json()])
    expect(await (await fetch(await serveHere({ fetch: around }))).json()).toEqual([{ n: 1 }])
  })

  test('has no chunks for a client that does not know them, and no body for HEAD', async () => {
    port = Number(new URL(await serveHere(appWith())).port)
    const old = await request('/slow', { version: '1.0' })
    expect(await old.text()).toBe(
      'data: one\n\ndata: two\n\ndata: three\n\nevent: done\ndata: {"reason":"done"}\n\n',
    )
    const head = await request('/slow', { method: 'HEAD' })
    expect((await head.head).status).toBe(200)
    expect(await head.complete).toBe(true)
  })

  test('keeps its place and its connection among requests that were sent ahead', async () => {
    port = Number(new URL(await serveHere(appWith())).port)
    const connection = await connect()
    const answers = ['/slow', '/lines', '/slow', '/bytes'].map((path) => connection.request(path))
    const texts = await Promise.all(answers.map((answer) => answer.text()))
    expect(texts.map((text) => text.length)).toEqual([
      texts[2]!.length,
      texts[1]!.length,
      texts[0]!.length,
      TEXTS.join('').length,
    ])
    expect(connection.stray).toBe('')
  })

  test('tells its source when the client leaves, also one who left before it began', async () => {
    let closed = 0
    const app = new Hono()
    app.use(swapstream({ templates: {}, log: recordingLog() }))
    let arrived!: () => void
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve))
    let answered!: () => void
    const isAnswered = new Promise<void>((resolve) => (answered = resolve))
    app.get('/late', async (c) => {
      if (c.req.query('left')) {
        const { socket } = (c.env as { incoming: IncomingMessage }).incoming
        const left = new Promise((resolve) => socket.once('close', resolve))
        arrived()
        await left
        setImmediate(answered)
      }
      const source = async function* ({ signal }: { signal: AbortSignal }): AsyncGenerator<string> {
        try {
          yield 'one'
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        } finally {
          closed += 1
        }
      }
      return new EventStream(source, { encoding: events() })
    })
    port = Number(new URL(await serveHere(app)).port)
    const here = await request('/late')
    await here.until((body) => body.includes('one'))
    here.connection.reset()
    await eventually(() => expect(closed).toBe(1))
    const gone = await request('/late?left=1')
    await hasArrived
    gone.connection.reset()
    await isAnswered
    await expectNothingLeft(timersRunning)
    expect(closed).toBe(1)
  })
})

test('what one request adds to the headers of a stored page is no other request’s', async () => {
  const app = new Hono()
  app.use(swapstream({ templates: { 'a.html': 'hello' }, log: recordingLog() }))
  const page = new Page('a.html')
  app.get('/', (c) => {
    const user = c.req.query('user')
    if (user) setCookie(c, 'user', user)
    return page
  })
  const url = await serveHere(app)
  const cookies = []
  for (const query of ['?user=ada', '?user=bob', ''])
    cookies.push(
      (await fetch(`${url}/${query}`)).headers.getSetCookie().map((text) => text.slice(0, 8)),
    )
  expect(cookies).toEqual([['user=ada'], ['user=bob'], []])
})

test('a first value for which the encoding has no word does not end the body', async () => {
  const app = new Hono()
  app.use(swapstream({ templates: {}, log: recordingLog() }))
  const encoding = () => ({
    value: (text: string) => (text === '' ? '' : `data: ${text}\n\n`),
    end: () => 'event: done\ndata: {}\n\n',
  })
  app.get('/', () => new EventStream(() => ['', 'then'], { encoding }))
  const response = await fetch(await serveHere(app))
  expect(await response.text()).toBe('data: then\n\nevent: done\ndata: {}\n\n')
})
