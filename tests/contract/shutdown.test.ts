import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { BATTERY, CONFORMANCE, useApps, type ChildApp, type Stats } from './support/child-app.ts'
import { connect, type RawConnection, type RawRequest } from './support/raw-connection.ts'
import type { RawResponse } from './support/raw-response.ts'
import { readEvents } from './support/read-events.ts'

const start = useApps()
/** A grace that outlives the test: what ends before has not waited for it. */
const ENDLESS = { GRACE_MS: '1000000' }

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

/** Opens a stream that nobody reads, and waits until its source stands still. */
async function stall(
  app: ChildApp,
  path: string,
): Promise<{ connection: RawConnection; response: RawResponse }> {
  const connection = await connect(app.port)
  connection.socket.pause()
  const response = connection.request(path)
  const looking = await connect(app.port)
  const produced: number[] = []
  await eventually(async () => {
    produced.push((JSON.parse(await looking.request('/stats').text()) as Stats).produced)
    const [last, ...before] = produced.slice(-4).toReversed()
    expect(last).toBeGreaterThan(0)
    expect(before).toEqual([last, last, last])
  })
  looking.socket.destroy()
  await looking.closed
  return { connection, response }
}

/** Sends the signal and waits for the end of the process. */
async function end(app: ChildApp, signal: NodeJS.Signals): Promise<number | null> {
  app.kill(signal)
  return (await app.ended).code
}

function expectFarewell(body: string): number {
  const { events, retries } = readEvents(body)
  expect(events.at(-1)).toEqual({ event: 'shutdown', data: '{"reason":"shutdown"}' })
  expect(events.filter(({ event }) => event !== undefined)).toHaveLength(1)
  expect(retries).toHaveLength(1)
  expect(body.endsWith('\n\n')).toBe(true)
  return retries[0]!
}

describe('a server that gets a signal to stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s sends the shutdown event on streams that tick, hang or are silent, ends them cleanly, and exits with 0 before its grace is over',
    async (signal) => {
      const app = await start(CONFORMANCE, ENDLESS)
      const paths = [
        ...Array.from({ length: 8 }, () => '/tick'),
        '/stuck',
        '/stuck',
        '/seeds/jero/idle',
      ]
      const streams = await Promise.all(paths.map((path) => open(app, path)))
      expect(await end(app, signal)).toBe(0)
      const retries = await Promise.all(
        streams.map(async (stream) => expectFarewell(await stream.text())),
      )
      // Spread, or all clients come back in the same moment.
      expect(new Set(retries).size).toBeGreaterThan(1)
      expect(app.log()).not.toMatch(/unhandledRejection|uncaughtException|"level":"error"/)
    },
  )

  test('sends the shutdown event to htmx too, without the event that would close the client', async () => {
    const app = await start(CONFORMANCE)
    const stream = await open(app, '/seeds/chirp/chat', {
      method: 'POST',
      headers: { accept: 'text/event-stream' },
      body: `prompt=${'word+'.repeat(3_000)}`,
    })
    await stream.until((body) => body.length > 0)
    expect(await end(app, 'SIGTERM')).toBe(0)
    expectFarewell(await stream.text())
  })

  test.each([
    ['nothing was asked yet', ''],
    ['half a request was asked', 'GET /tick HTTP/1.1\r\nHost: x\r\nX-Half'],
  ])('does not wait for a connection on which %s', async (_, bytes) => {
    // A browser opens one in advance, before it knows what to ask.
    const app = await start(BATTERY, ENDLESS)
    const { socket, closed } = await connect(app.port)
    socket.write(bytes)
    // The server has seen it by now: it answers one that came later.
    await (await connect(app.port)).request('/stats').text()
    expect(await end(app, 'SIGTERM')).toBe(0)
    await closed
  })

  test('answers a page that waits for the whole with an error, and does not wait for it', async () => {
    const app = await start(CONFORMANCE, ENDLESS)
    const connection = await connect(app.port)
    const response = connection.request('/seeds/chirp/chat', {
      method: 'POST',
      headers: { accept: 'text/html' },
      body: `prompt=${'word+'.repeat(3_000)}`,
    })
    const looking = await connect(app.port)
    await eventually(async () =>
      expect(JSON.parse(await looking.request('/stats').text())).toMatchObject({ active: 1 }),
    )
    expect([await end(app, 'SIGTERM'), (await response.head).status]).toEqual([0, 503])
  })

  test('exits with 0 at once when nothing is open, and when idle connections are', async () => {
    const app = await start(CONFORMANCE, ENDLESS)
    const connection = await connect(app.port)
    await connection.request('/short').text()
    expect(await end(app, 'SIGTERM')).toBe(0)
    await connection.closed
  })

  test('cuts readers that stand still when its grace is over, and exits with 0', async () => {
    const app = await start(BATTERY, { GRACE_MS: '500' })
    const stalled = await Promise.all([
      stall(app, '/flood'),
      stall(app, '/flood'),
      stall(app, '/flood'),
    ])
    const tick = await open(app, '/tick')
    expect(await end(app, 'SIGTERM')).toBe(0)
    expectFarewell(await tick.text())
    for (const { connection } of stalled) connection.socket.destroy()
  })

  test('waits no longer than its grace for readers that stand still and for a teardown that never ends', async () => {
    const app = await start(BATTERY, { GRACE_MS: '500' })
    const stalled = await stall(app, '/flood')
    const stream = await open(app, '/endless-teardown')
    expect(await end(app, 'SIGTERM')).toBe(0)
    expectFarewell(await stream.text())
    stalled.connection.socket.destroy()
  })

  test('sends the shutdown event also to a reader that was behind and catches up in time', async () => {
    const app = await start(BATTERY, ENDLESS)
    const { connection, response } = await stall(app, '/flood')
    const ended = end(app, 'SIGTERM')
    await eventually(() => expect(connect(app.port)).rejects.toThrow('ECONNREFUSED'))
    connection.socket.resume()
    expectFarewell(await response.text())
    expect(await ended).toBe(0)
  })

  test('waits for the teardown of its sources', async () => {
    const app = await start(BATTERY)
    const stream = await open(app, '/slow-teardown')
    expect(await end(app, 'SIGTERM')).toBe(0)
    expectFarewell(await stream.text())
    expect(app.out()).toContain('TORN DOWN')
  })

  test('accepts nothing new, and refuses a stream that was asked for on an open connection', async () => {
    const app = await start(BATTERY, ENDLESS)
    const stalled = await stall(app, '/flood')
    const asking = await connect(app.port)
    const response = asking.say('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nec')
    await (await connect(app.port)).request('/stats').text()
    app.kill('SIGTERM')
    await eventually(() => expect(connect(app.port)).rejects.toThrow('ECONNREFUSED'))
    asking.socket.write('ho')
    const { status, headers } = await response.head
    expect(status).toBe(503)
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect(headers['content-type']).not.toContain('event-stream')
    stalled.connection.socket.destroy()
    expect((await app.ended).code).toBe(0)
  })

  test('twice, stops waiting', async () => {
    // A reader that stands still would use all of its grace.
    const app = await start(BATTERY, ENDLESS)
    const stalled = await stall(app, '/flood')
    app.kill('SIGTERM')
    await eventually(() => expect(connect(app.port)).rejects.toThrow('ECONNREFUSED'))
    expect(app.alive).toBe(true)
    expect(await end(app, 'SIGTERM')).toBe(0)
    stalled.connection.socket.destroy()
  })
})
