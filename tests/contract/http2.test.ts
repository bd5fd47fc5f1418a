import { createServer, connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventStream, events, stats, swapstream } from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { watched } from '../../examples/conformance/counters.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { readEvents } from './support/read-events.ts'

const DONE = { event: 'done', data: '{"reason":"done"}' }

describe('over HTTP/2', () => {
  let session: ClientHttp2Session
  let close: () => Promise<void>
  let produced: number
  let torn: number

  beforeEach(async () => {
    produced = 0
    torn = 0
    const app = new Hono()
    const log = recordingLog()
    app.use(swapstream({ templates: {}, log, heartbeatMs: 50, limits: { sendTimeoutMs: 500 } }))
    const stream = (values: (signal: AbortSignal) => AsyncGenerator<string>): EventStream =>
      new EventStream(
        watched(({ signal }) => {
          signal.addEventListener('abort', () => (torn += 1))
          return values(signal)
        }),
        { encoding: events() },
      )
    app.get('/short', () =>
      stream(async function* () {
        yield* ['one', 'two']
      }),
    )
    app.get('/error-mid', () =>
      stream(async function* () {
        yield 'one'
        throw new Error('SECRET')
      }),
    )
    app.get('/hang', () =>
      stream(async function* () {
        yield 'one'
        await new Promise(() => {})
      }),
    )
    app.get('/fire', () =>
      stream(async function* () {
        for (;;) {
          produced += 1
          yield 'x'.repeat(16 * 1024)
        }
      }),
    )
    const server = createAdaptorServer({ fetch: app.fetch, createServer: createServer as never })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    close = async () => {
      session.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  })
  afterEach(async () => {
    await close()
    await eventually(() => expect(stats().open).toBe(0))
    await expectNothingLeft(timersRunning)
  })

  const ask = (path: string, method = 'GET'): ClientHttp2Stream =>
    session.request({ ':path': path, ':method': method, accept: 'text/event-stream' })
  const headersOf = (stream: ClientHttp2Stream): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => stream.once('response', resolve).once('error', reject))
  const bodyOf = async (stream: ClientHttp2Stream): Promise<string> =>
    Buffer.concat(await stream.toArray()).toString()

  test('a stream arrives whole, with the same headers and none that belong to a connection', async () => {
    const stream = ask('/short')
    const headers = await headersOf(stream)
    expect(headers).toMatchObject({
      ':status': 200,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    for (const name of ['connection', 'transfer-encoding', 'keep-alive'])
      expect(headers).not.toHaveProperty(name)
    expect(readEvents(await bodyOf(stream)).events).toEqual([
      { data: 'one' },
      { data: 'two' },
      DONE,
    ])
  })

  test('many streams share one connection', async () => {
    const hanging = ask('/hang')
    await headersOf(hanging)
    const bodies = await Promise.all(Array.from({ length: 10 }, () => bodyOf(ask('/short'))))
    for (const body of bodies) expect(readEvents(body).events.at(-1)).toEqual(DONE)
    hanging.close()
  })

  test('a failure is an event, and the connection goes on', async () => {
    const body = await bodyOf(ask('/error-mid'))
    expect(readEvents(body).events.map(({ event }) => event)).toEqual([undefined, 'error'])
    expect(body).not.toContain('SECRET')
    expect(readEvents(await bodyOf(ask('/short'))).events.at(-1)).toEqual(DONE)
  })

  test('HEAD starts nothing', async () => {
    const stream = ask('/fire', 'HEAD')
    expect(await headersOf(stream)).toMatchObject({ ':status': 200 })
    expect(await bodyOf(stream)).toBe('')
    expect(produced).toBe(0)
  })

  test.each<[string, (stream: ClientHttp2Stream) => void]>([
    ['closes its stream', (stream) => stream.close()],
    ['resets its stream', (stream) => stream.close(8)],
    ['destroys the connection', () => session.destroy()],
  ])('a client that %s stops a source that hangs', async (_, leave) => {
    const stream = ask('/hang')
    stream.on('error', () => {})
    await headersOf(stream)
    leave(stream)
    await eventually(() => expect(torn).toBe(1))
  })

  test('a silent source sends heartbeats, and a reader that reads nothing is dropped', async () => {
    const quiet = ask('/hang')
    let text = ''
    quiet.on('data', (data) => (text += data))
    await eventually(() => expect(readEvents(text).comments.length).toBeGreaterThan(1))
    quiet.close()

    const stalled = ask('/fire')
    stalled.on('error', () => {})
    await headersOf(stalled)
    let last = -1
    await eventually(() => {
      const standsStill = produced > 0 && produced === last
      last = produced
      expect(standsStill).toBe(true)
    })
    expect(produced).toBeLessThan(1_000)
    await eventually(() => expect(torn).toBe(2))
    expect(readEvents(await bodyOf(ask('/short'))).events.at(-1)).toEqual(DONE)
  })
})
