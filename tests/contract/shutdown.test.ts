import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { BATTERY, CONFORMANCE, useApps, type ChildApp } from './support/child-app.ts'
import { connect, type RawConnection, type RawRequest } from './support/raw-connection.ts'
import type { RawResponse } from './support/raw-response.ts'
import { readEvents } from './support/read-events.ts'

const GRACE_MS = 2_000
const start = useApps()

/** Opens a stream and waits until it is one. Its connection ends with the app. */
async function open(
  { port }: ChildApp,
  path: string,
  request?: RawRequest,
): Promise<RawResponse & { connection: RawConnection }> {
  const connection = await connect(port)
  const response = connection.request(path, request)
  expect((await response.head).status, path).toBe(200)
  return Object.assign(response, { connection })
}

async function stall(app: ChildApp, path: string): Promise<RawConnection> {
  const connection = await connect(app.port)
  connection.socket.pause()
  connection.request(path)
  await sleep(150)
  return connection
}

/** Sends the signal and tells how long the process took to end. */
async function end(
  app: ChildApp,
  signal: NodeJS.Signals,
): Promise<{ code: number | null; ms: number }> {
  const from = performance.now()
  app.kill(signal)
  const { code } = await app.ended
  return { code, ms: performance.now() - from }
}

function expectFarewell(body: string): number {
  const { events, retries } = readEvents(body)
  expect(events.at(-1)).toEqual({ event: 'shutdown', data: '{"reason":"shutdown"}' })
  expect(events.filter(({ event }) => event !== undefined)).toHaveLength(1)
  expect(retries).toHaveLength(1)
  expect(body.endsWith('\n\n')).toBe(true)
  return retries[0]!
}

describe('a server that is told to stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s says farewell on streams that tick, hang or are silent, ends them cleanly, and exits with 0 within its grace',
    async (signal) => {
      const app = await start(CONFORMANCE)
      const paths = [
        ...Array.from({ length: 8 }, () => '/tick'),
        '/stuck',
        '/stuck',
        '/seeds/jero/idle',
      ]
      const streams = await Promise.all(paths.map((path) => open(app, path)))
      const { code, ms } = await end(app, signal)
      expect(code).toBe(0)
      expect(ms).toBeLessThan(GRACE_MS)
      const retries = await Promise.all(
        streams.map(async (stream) => expectFarewell(await stream.text())),
      )
      // Spread, or all clients come back in the same moment.
      expect(new Set(retries).size).toBeGreaterThan(1)
      expect(app.log()).not.toMatch(/unhandledRejection|uncaughtException|"level":"error"/)
    },
  )

  test('says farewell on the wire for htmx too, without the event that would close the client', async () => {
    const app = await start(CONFORMANCE)
    const stream = await open(app, '/seeds/chirp/chat', {
      method: 'POST',
      headers: { accept: 'text/event-stream' },
      body: `prompt=${'word+'.repeat(3_000)}`,
    })
    await stream.until((body) => body.length > 0)
    expect((await end(app, 'SIGTERM')).code).toBe(0)
    expectFarewell(await stream.text())
  })

  test.each([
    ['nothing was asked yet', ''],
    ['half a request was asked', 'GET /tick HTTP/1.1\r\nHost: x\r\nX-Half'],
  ])('does not wait for a connection on which %s', async (_, bytes) => {
    // A browser opens one in advance, before it knows what to ask.
    const app = await start(BATTERY, { GRACE_MS: '3000' })
    const { socket, closed } = await connect(app.port)
    socket.write(bytes)
    await sleep(100)
    const { code, ms } = await end(app, 'SIGTERM')
    expect(code).toBe(0)
    expect(ms).toBeLessThan(2_000)
    await closed
  })

  test('answers a page that waits for the whole with an error, and does not wait for it', async () => {
    const app = await start(CONFORMANCE)
    const connection = await connect(app.port)
    const response = connection.request('/seeds/chirp/chat', {
      method: 'POST',
      headers: { accept: 'text/html' },
      body: `prompt=${'word+'.repeat(3_000)}`,
    })
    await sleep(150)
    const { code, ms } = await end(app, 'SIGTERM')
    expect([code, (await response.head).status]).toEqual([0, 503])
    expect(ms).toBeLessThan(GRACE_MS)
  })

  test('exits with 0 at once when nothing is open, and when idle connections are', async () => {
    const app = await start(CONFORMANCE)
    const connection = await connect(app.port)
    await connection.request('/short').text()
    const { code, ms } = await end(app, 'SIGTERM')
    expect(code).toBe(0)
    expect(ms).toBeLessThan(GRACE_MS)
    await connection.closed
  })

  test('cuts readers that stand still when its grace is over, and exits with 0', async () => {
    const app = await start(CONFORMANCE)
    const stalled = await Promise.all([
      stall(app, '/fire'),
      stall(app, '/fire'),
      stall(app, '/fire'),
    ])
    const tick = await open(app, '/tick')
    const { code, ms } = await end(app, 'SIGTERM')
    expect(code).toBe(0)
    expect(ms).toBeLessThan(GRACE_MS + 1_000)
    expectFarewell(await tick.text())
    for (const { socket } of stalled) socket.destroy()
  })

  test('waits no longer than its grace for readers that stand still and for a teardown that never ends', async () => {
    const app = await start(BATTERY, { GRACE_MS: '500' })
    const stalled = await stall(app, '/flood')
    const stream = await open(app, '/endless-teardown')
    const { code, ms } = await end(app, 'SIGTERM')
    expect(code).toBe(0)
    expect(ms).toBeGreaterThan(400)
    expect(ms).toBeLessThan(1_500)
    expectFarewell(await stream.text())
    stalled.socket.destroy()
  })

  test('says farewell also to a reader that was behind and catches up in time', async () => {
    const app = await start(CONFORMANCE)
    const connection = await connect(app.port)
    connection.socket.pause()
    const response = connection.request('/fire')
    await sleep(200)
    const ended = end(app, 'SIGTERM')
    await sleep(100)
    connection.socket.resume()
    expectFarewell(await response.text())
    const { code, ms } = await ended
    expect(code).toBe(0)
    expect(ms).toBeLessThan(GRACE_MS)
  })

  test('waits for the teardown of its sources', async () => {
    const app = await start(BATTERY)
    const stream = await open(app, '/slow-teardown')
    expect((await end(app, 'SIGTERM')).code).toBe(0)
    expectFarewell(await stream.text())
    expect(app.out()).toContain('TORN DOWN')
  })

  test('accepts nothing new, and refuses a stream that was asked for on an open connection', async () => {
    const app = await start(CONFORMANCE)
    const stalled = await stall(app, '/fire')
    const asking = await connect(app.port)
    const response = asking.say(
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"data"',
    )
    await sleep(50)
    app.kill('SIGTERM')
    await eventually(() => expect(connect(app.port)).rejects.toThrow('ECONNREFUSED'))
    asking.socket.write(':"x"}')
    const { status, headers } = await response.head
    expect(status).toBe(503)
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect(headers['content-type']).not.toContain('event-stream')
    expect((await app.ended).code).toBe(0)
    stalled.socket.destroy()
  })

  test('twice, stops waiting', async () => {
    // Its grace is ten seconds, and a reader that stands still would use them all.
    const app = await start(BATTERY)
    const stalled = await stall(app, '/flood')
    app.kill('SIGTERM')
    await sleep(400)
    expect(app.alive).toBe(true)
    const { code, ms } = await end(app, 'SIGTERM')
    expect(code).toBe(0)
    expect(ms).toBeLessThan(1_500)
    stalled.socket.destroy()
  })
})
