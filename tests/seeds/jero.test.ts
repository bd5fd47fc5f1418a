/**
 * What jero's streaming responses could do, one test for each of its promises, in the order of the list we keep of them
 * (J1 to J13).
 */
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { afterEach, expect, test, vi } from 'vitest'
import {
  Bytes,
  EventStream,
  mount,
  NDJSON,
  plain,
  scope,
  ServerSentEvent,
  stream,
  swapstream,
} from 'swapstream'
import { openStream } from 'swapstream/testing'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { useLetGo } from '../support/let-go.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const serve = useServer()
afterEach(() => expectNothingLeft(timersRunning))
const letGo = useLetGo()

function serving() {
  const log = recordingLog()
  const app = letGo(new Hono())
  app.use(swapstream({ templates: {}, log }))
  return { app, log }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('J1: NDJSON is one value a line, sent when it is there, on any verb', async () => {
  const { app } = serving()
  let goOn!: () => void
  app.all(
    '/movies',
    () =>
      new NDJSON(async function* () {
        const silent = new Promise<void>((resolve) => (goOn = resolve))
        yield { title: 'Metropolis' }
        await silent
        yield { title: 'M' }
      }),
  )
  for (const method of ['GET', 'POST']) {
    const response = await app.request('/movies', { method })
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toBe('{"title":"Metropolis"}\n')
    goOn()
    expect((await reader.read()).value).toBe('{"title":"M"}\n')
    expect((await reader.read()).done).toBe(true)
  }
})

test('J2: an event has its fields in the order event, id, retry, data', async () => {
  const { app } = serving()
  const added = new ServerSentEvent({ data: '{"id":2}', event: 'added', id: '2', retry: 1_000 })
  app.get('/events', () => new EventStream(() => [{ id: 1 }, 'text', added], { encoding: plain }))
  expect(await (await app.request('/events')).text()).toBe(
    'data: {"id":1}\n\ndata: text\n\nevent: added\nid: 2\nretry: 1000\ndata: {"id":2}\n\n',
  )
})

test('J3: bytes are sent as they are, under a type of their own; text is refused', async () => {
  const { app } = serving()
  const rows = [new Uint8Array([105, 100, 10]), new Uint8Array([255])]
  app.get('/bytes', () => new Bytes(() => rows))
  app.get('/csv', () => new Bytes(() => rows, { headers: { 'content-type': 'text/csv' } }))
  app.get('/text', () => new Bytes((() => ['text']) as never))
  const bytes = await app.request('/bytes')
  expect(bytes.headers.get('content-type')).toBe('application/octet-stream')
  expect(new Uint8Array(await bytes.arrayBuffer())).toEqual(new Uint8Array([105, 100, 10, 255]))
  expect((await app.request('/csv')).headers.get('content-type')).toBe('text/csv')
  expect((await app.request('/text')).status).toBe(502)
})

test('J4: status, typed and raw headers; repeats stay, a length is dropped', async () => {
  const { app } = serving()
  app.get(
    '/x',
    () =>
      new NDJSON(() => [1], {
        status: 202,
        headers: { 'x-a': '1', 'content-length': '999' },
        rawHeaders: [
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
        ],
      }),
  )
  const { status, headers } = await app.request('/x')
  expect([status, headers.get('x-a'), headers.get('content-length')]).toEqual([202, '1', null])
  expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
})

test('J5: a silent stream shows only comments', async () => {
  const { app } = serving()
  app.get(
    '/idle',
    () =>
      new EventStream(
        async function* ({ signal }: { signal: AbortSignal }) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        },
        { encoding: plain, heartbeatMs: 20, flushHeaders: 'immediately' },
      ),
  )
  const reader = (await app.request('/idle')).body!.pipeThrough(new TextDecoderStream()).getReader()
  for (let beat = 0; beat < 3; beat++) expect((await reader.read()).value).toBe(': ping\n\n')
  await reader.cancel()
})

test('J6: events on any verb, or on GET only where that is the rule', async () => {
  const { app } = serving()
  const post = stream({ path: '/post' }, async function* () {
    yield 'a'
  })
  expect(() => mount(app, { sseMethods: ['GET'] }, post)).toThrow(/POST is left out/)
  mount(app, post)
  expect(await (await app.request('/post', { method: 'POST' })).text()).toBe('data: a\n\n')

  const strict = letGo(new Hono())
  strict.use(swapstream({ templates: {}, log: recordingLog(), sseMethods: ['GET'] }))
  const started = vi.fn<() => void>()
  const before = { pay: started }
  const costly = stream({ path: '/declared', before }, async function* () {
    started()
    yield 'a'
  })
  mount(strict, costly)
  const source = (): string[] => {
    started()
    return ['a']
  }
  strict.all('/events', () => new EventStream(source, { encoding: plain }))
  strict.all('/page', () => new EventStream(source))
  strict.all('/lines', () => new NDJSON(() => ['a']))
  for (const [path, accept] of [
    ['/events', '*/*'],
    ['/page', 'text/html'],
    ['/declared', 'text/event-stream'],
  ] as const) {
    const refused = await strict.request(path, { method: 'POST', headers: { accept } })
    expect([path, refused.status, refused.headers.get('allow')]).toEqual([path, 405, 'GET'])
  }
  expect(started).not.toHaveBeenCalled()
  expect((await strict.request('/lines', { method: 'POST' })).status).toBe(200)
  expect((await strict.request('/events', { method: 'HEAD' })).status).toBe(200)
  expect(await (await strict.request('/events')).text()).toBe('data: a\n\n')
})

test('J7: HEAD gets status and headers, and starts nothing', async () => {
  const { app } = serving()
  let opened = 0
  const source = (): string[] => {
    opened += 1
    return ['a']
  }
  app.get('/events', () => new EventStream(source, { encoding: plain, status: 202 }))
  app.get('/lines', () => new NDJSON(source, { status: 202 }))
  app.get('/bytes', () => new Bytes(source as never, { status: 202 }))
  for (const path of ['/events', '/lines', '/bytes']) {
    const response = await app.request(path, { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([202, ''])
  }
  expect(opened).toBe(0)
})

test('J8: opened, rows, closed, on every way out, without try and finally', async () => {
  const order: string[] = []
  const { app, log } = serving()
  const rows = (fails: boolean) =>
    scope(async function* () {
      order.push('opened')
      yield (async function* () {
        for (let n = 1; n <= 2; n++) {
          order.push(`row ${n}`)
          yield n
        }
        if (fails) throw new Error('SECRET')
      })()
      order.push('closed')
    })
  app.get('/drained', () => new EventStream(rows(false), { encoding: plain }))
  app.get('/failing', () => new EventStream(rows(true), { encoding: plain }))
  const twice = scope<number>(async function* () {
    yield [1]
    yield [2]
  })
  app.get('/twice', () => new EventStream(twice, { encoding: plain }))
  for (const path of ['/drained', '/failing']) {
    order.length = 0
    await (await app.request(path)).text()
    await eventually(() => expect(order).toEqual(['opened', 'row 1', 'row 2', 'closed']))
  }
  order.length = 0
  await (await app.request('/drained')).body!.cancel()
  await eventually(() => expect(order).toEqual(['opened', 'row 1', 'closed']))
  await (await app.request('/twice')).text()
  await eventually(() =>
    expect(
      log.lines.some(({ level, message }) => level === 'error' && /closed/.test(message)),
    ).toBe(true),
  )
})

test('J9: an error in the setup is an answer with its own status; the app decides about it', async () => {
  const { app } = serving()
  app.get(
    '/setup-error',
    () =>
      new EventStream(
        scope<string>(async function* () {
          throw new HTTPException(418, { message: 'No coffee here.' })
        }),
        { encoding: plain },
      ),
  )
  const response = await app.request('/setup-error')
  expect([response.status, await response.text()]).toEqual([418, 'No coffee here.'])
  app.onError((_, c) => c.text('Mine.', 503))
  expect((await app.request('/setup-error')).status).toBe(503)
})

test('J10: an error in the middle: events say so, lines and bytes are cut, the next request is served', async () => {
  const { app, log } = serving()
  const failing = async function* () {
    yield { n: 1 }
    await wait(5)
    throw new Error('SECRET')
  }
  app.get('/events', () => new EventStream(failing, { encoding: plain }))
  app.get('/lines', () => new NDJSON(failing))
  const url = await serve(app)
  expect(await (await fetch(`${url}/events`)).text()).toMatch(/^data: \{"n":1\}\n\ndata: \{"error"/)
  await expect((await fetch(`${url}/lines`)).text()).rejects.toThrow(/terminated/)
  expect((await fetch(`${url}/events`)).status).toBe(200)
  const error = log.lines.find(({ level }) => level === 'error')
  expect(error).toMatchObject({ fields: { route: 'GET /events' }, message: /SECRET/ })
})

test('J11: an idle stream notices at once that its reader has gone', async () => {
  const { app } = serving()
  const closed = vi.fn<() => void>()
  app.get(
    '/idle',
    () =>
      new EventStream(
        async function* ({ signal }: { signal: AbortSignal }) {
          yield 'a'
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          closed()
        },
        { encoding: plain, heartbeatMs: false },
      ),
  )
  const url = await serve(app)
  const leaving = new AbortController()
  const response = await fetch(`${url}/idle`, { signal: leaving.signal })
  await response.body!.getReader().read()
  leaving.abort()
  await eventually(() => expect(closed).toHaveBeenCalledOnce())
})

test('J12: a test opens a stream, looks at its events, and leaves', async () => {
  const { app } = serving()
  let closed = false
  app.get(
    '/ticks',
    () =>
      new EventStream(
        async function* () {
          try {
            for (let n = 1; ; n++) yield { n }
          } finally {
            closed = true
          }
        },
        { encoding: plain },
      ),
  )
  const ticks = await openStream(app, '/ticks')
  const events = await ticks.until(({ data }) => data === '{"n":3}')
  expect(events.map(({ data }) => data)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
  await ticks.disconnect()
  await eventually(() => expect(closed).toBe(true))
})

test('J13: the type of a body is that of its values', () => {
  const lines: NDJSON<{ title: string }> = new NDJSON(() => [{ title: 'M' }])
  // @ts-expect-error another type of record
  const others: NDJSON<{ year: number }> = lines
  expect(others).toBe(lines)
})
