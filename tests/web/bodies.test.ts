import { connect } from 'node:net'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import {
  Bytes,
  EventStream,
  sequenced,
  NDJSON,
  plain,
  scope,
  ServerSentEvent,
  swapstream,
} from 'swapstream'
import type { StreamBodyOptions } from 'swapstream/core'
import { timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const utf8 = new TextEncoder()

function setUp() {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates: {}, log }))
  return { app, log }
}

async function* failing<T>(first: T): AsyncGenerator<T> {
  yield first
  await new Promise((resolve) => setTimeout(resolve, 5))
  throw new Error('SECRET')
}

/** The raw bytes of an answer, as a client without any library sees them. */
function raw(url: string, path: string): Promise<string> {
  const { port } = new URL(url)
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('data', (data) => {
      text += data
      if (text.endsWith('0\r\n\r\n')) socket.end()
    })
    socket.on('close', () => resolve(text))
    socket.on('error', () => {})
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  })
}

afterEach(() => expectNothingLeft(timersRunning))

describe('NDJSON', () => {
  test('sends one record a line, under its own type', async () => {
    const { app } = setUp()
    app.all('/movies', () => new NDJSON(() => [{ title: 'Alien\n' }, ['b'], null, 'text']))
    for (const method of ['GET', 'POST']) {
      const response = await app.request('/movies', { method })
      expect(response.headers.get('content-type')).toBe('application/x-ndjson')
      expect(response.headers.get('cache-control')).toBe('no-store, no-transform')
      expect(await response.text()).toBe('{"title":"Alien\\n"}\n["b"]\nnull\n"text"\n')
    }
  })

  test('is refused a value that has no JSON, before the status goes out', async () => {
    const { app, log } = setUp()
    app.get('/bad', () => new NDJSON(() => [undefined]))
    const response = await app.request('/bad')
    expect(response.status).toBe(502)
    expect(log.lines.find(({ level }) => level === 'error')!.message).toMatch(
      /cannot send undefined.*plain values/,
    )
  })
})

describe('Bytes', () => {
  test('sends bytes as they are, under the type that the headers say', async () => {
    const { app } = setUp()
    app.get('/bytes', () => new Bytes(() => [new Uint8Array([0, 255, 10]), utf8.encode('é')]))
    app.get(
      '/csv',
      () => new Bytes(() => [utf8.encode('a,b\n')], { headers: { 'content-type': 'text/csv' } }),
    )
    const bytes = await app.request('/bytes')
    expect(bytes.headers.get('content-type')).toBe('application/octet-stream')
    expect([...new Uint8Array(await bytes.arrayBuffer())]).toEqual([0, 255, 10, 195, 169])
    const csv = await app.request('/csv')
    expect([csv.headers.get('content-type'), await csv.text()]).toEqual(['text/csv', 'a,b\n'])
  })

  test('is refused text, with what to use instead', async () => {
    const { app, log } = setUp()
    app.get('/text', () => new Bytes(() => ['text'] as unknown as Uint8Array[]))
    expect((await app.request('/text')).status).toBe(502)
    expect(log.lines.find(({ level }) => level === 'error')!.message).toMatch(/TextEncoder/)
  })
})

describe('a body that cannot say that it failed', () => {
  const listen = useServer()

  test.each([
    ['NDJSON', (options: StreamBodyOptions) => new NDJSON(() => failing({ n: 1 }), options)],
    [
      'Bytes',
      (options: StreamBodyOptions) => new Bytes(() => failing(utf8.encode('{"n":1}\n')), options),
    ],
  ])('%s is cut visibly after what was sent, and the next request is served', async (_, body) => {
    const { app, log } = setUp()
    const seen: unknown[] = []
    app.get('/cut', () => body({ onError: (error) => seen.push((error as Error).message) }))
    app.get('/next', (c) => c.text('served'))
    const url = await listen(app)
    const text = await raw(url, '/cut')
    expect(text).toContain('{"n":1}\n')
    expect(text.endsWith('0\r\n\r\n')).toBe(false)
    expect(text).not.toContain('SECRET')
    expect(await (await fetch(`${url}/next`)).text()).toBe('served')
    expect(seen).toEqual(['SECRET'])
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  })
})

describe('every body', () => {
  const bodies = { EventStream, NDJSON, Bytes } as unknown as Record<string, typeof NDJSON>

  test.each(Object.keys(bodies))('%s starts nothing for HEAD', async (name) => {
    const { app } = setUp()
    let opened = 0
    app.get(
      '/',
      () =>
        new bodies[name]!(
          scope(async function* () {
            opened += 1
            yield []
          }),
        ),
    )
    const response = await app.request('/', { method: 'HEAD' })
    expect([response.status, await response.text(), opened]).toEqual([200, '', 0])
  })

  test.each(Object.keys(bodies))(
    '%s takes status and headers, keeps repeats, drops a length',
    async (name) => {
      const { app } = setUp()
      app.get(
        '/',
        () =>
          new bodies[name]!([], {
            status: 202,
            headers: { 'x-a': '1', 'Content-Length': '99' },
            rawHeaders: [
              ['set-cookie', 'a=1'],
              ['set-cookie', 'b=2'],
            ],
          }),
      )
      const { status, headers, body } = await app.request('/', {
        headers: { accept: 'text/event-stream' },
      })
      await body?.cancel()
      expect([status, headers.get('x-a'), headers.get('content-length')]).toEqual([202, '1', null])
      expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    },
  )

  test.each([
    ['a header of the connection', [['Connection', 'close']], /"Connection": the server does/],
    ['a length of the server', [['Transfer-Encoding', 'chunked']], /the server does/],
    ['a line break in a value', [['x-a', 'b\r\nx-evil: 1']], /no valid header/],
    ['a name that is none', [['x a', 'b']], /no valid header/],
  ] as const)('is refused %s when it is made', (_, rawHeaders, said) => {
    for (const Body of Object.values(bodies))
      expect(() => new Body([], { rawHeaders })).toThrow(said)
  })

  test('waits for the first value before the status goes out, or not', async () => {
    const { app } = setUp()
    const setup = () => {
      throw new Error('no key')
    }
    app.onError((_, c) => c.text('failed', 503))
    app.get('/first', () => new EventStream(setup, { encoding: plain }))
    app.get('/open', () => new EventStream(setup, { encoding: plain, flushHeaders: 'immediately' }))
    expect((await app.request('/first')).status).toBe(503)
    const response = await app.request('/open')
    expect(response.status).toBe(200)
    expect(await response.text()).toMatch(
      /^data: \{"error":"Something went wrong\.","code":"source\/failed","id":"[0-9a-f]{8}"\}\n\n$/,
    )
  })
})

describe('the encoding', () => {
  const text = async (stream: EventStream): Promise<string> => {
    const { app } = setUp()
    app.get('/', () => stream)
    return (await app.request('/')).text()
  }

  test('plain sends the values and just ends', async () => {
    expect(
      await text(
        new EventStream(['hi\n', { a: 'é' }, new ServerSentEvent({ id: '1', data: 'x' })], {
          encoding: plain,
        }),
      ),
    ).toBe('data: hi\ndata: \n\ndata: {"a":"é"}\n\nid: 1\ndata: x\n\n')
  })

  test('plain ends a failure with one error event', async () => {
    expect(await text(new EventStream(() => failing('a'), { encoding: plain }))).toMatch(
      /^data: a\n\ndata: \{"error":"Something went wrong\."[^\n]+\n\n$/,
    )
  })

  test('frames counts every event, and completes with what the source returned', async () => {
    const source = async function* () {
      yield { pct: 50 }
      yield 'x'
      return { url: '/report' }
    }
    expect(await text(new EventStream(source, { encoding: sequenced }))).toBe(
      [
        'event: start\ndata: {"type":"start","seq":0}',
        'event: chunk\ndata: {"type":"chunk","seq":1,"chunk":{"pct":50}}',
        'event: chunk\ndata: {"type":"chunk","seq":2,"chunk":"x"}',
        'event: complete\ndata: {"type":"complete","seq":3,"final":{"url":"/report"}}',
        '',
      ].join('\n\n'),
    )
  })

  test('frames says what failed, and completes nothing after it', async () => {
    const got = await text(new EventStream(() => failing('a'), { encoding: sequenced }))
    expect(got).toMatch(
      /event: error\ndata: \{"type":"error","seq":2,"error":\{"code":"source\/failed","id":"[0-9a-f]{8}","message":"Something went wrong\."\}\}\n\n$/,
    )
    expect(got).not.toContain('complete')
  })

  test('frames ends with an error when what the source returned has no JSON', async () => {
    const source = async function* () {
      yield 'x'
      return 1n
    }
    const { app, log } = setUp()
    app.get('/', () => new EventStream(source, { encoding: sequenced }))
    const got = await (await app.request('/')).text()
    expect(got).toMatch(
      /event: error\ndata: \{"type":"error","seq":2,"error":\{"code":"source\/value"/,
    )
    expect(log.lines.at(-1)).toMatchObject({ message: 'stream ended', fields: { reason: 'error' } })
  })

  test('frames cancels with the reason when it is cut', async () => {
    const hanging = async function* ({ signal }: { signal: AbortSignal }) {
      yield 'x'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
    expect(
      await text(new EventStream(hanging, { encoding: sequenced, limits: { idleSourceMs: 30 } })),
    ).toMatch(/event: cancel\ndata: \{"type":"cancel","seq":2,"reason":"timeout"\}\n\n$/)
  })

  test('of your own that fails to end has its body cut, and is over', async () => {
    const { app, log } = setUp()
    const endless = () => ({
      value: () => 'x',
      end: () => {
        throw new Error('no end')
      },
    })
    app.get('/', () => new EventStream(['a'], { encoding: endless }))
    await expect((await app.request('/')).text()).rejects.toThrow('The stream was cut')
    expect(log.lines.at(-1)).toMatchObject({ message: 'stream ended', fields: { reason: 'error' } })
  })

  test('of your own is an object of small functions', async () => {
    const shouting = () => ({
      value: (value: unknown) => `data: ${String(value).toUpperCase()}\n\n`,
      end: () => 'event: bye\ndata: \n\n',
    })
    expect(await text(new EventStream(['hi'], { encoding: shouting }))).toBe(
      'data: HI\n\nevent: bye\ndata: \n\n',
    )
  })
})
