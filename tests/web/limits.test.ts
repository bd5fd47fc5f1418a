import { AsyncLocalStorage } from 'node:async_hooks'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import {
  EventStream,
  events,
  stats,
  streamToFragments,
  swapstream,
  type SwapstreamOptions,
} from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { readEvents } from 'swapstream/client'
import { controlledClock } from 'swapstream/testing'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'

const templates = {
  'chat.html':
    '<main>{% block response %}<p aria-busy="{{ streaming }}">{{ text }}</p>{% endblock %}</main>',
}

/** What node-server hands over, for a client at this address. */
const from = (remoteAddress: string): object => ({ incoming: { socket: { remoteAddress } } })

function setUp(options: SwapstreamOptions = {}) {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates, log, ...options }))
  app.get('/open', () => {
    const hanging = async function* ({ signal }: { signal: AbortSignal }) {
      yield 'x'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
    return new EventStream(hanging, { encoding: events() })
  })
  return { app, log }
}

afterEach(async () => {
  await expectNothingLeft(timersRunning)
  expect(stats().open).toBe(0)
})

describe('the number of open streams', () => {
  test('is limited for each client, with a time to come back, and a place is free again when one ends', async () => {
    const { app, log } = setUp({ limits: { maxStreamsPerClient: 2 } })
    const open = (address: string) => app.request('/open', {}, from(address))
    const refusedBefore = stats().refused
    const [first, second, third] = [
      await open('10.0.0.1'),
      await open('10.0.0.1'),
      await open('10.0.0.1'),
    ]
    expect([first.status, second.status, third.status]).toEqual([200, 200, 429])
    expect(third.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await third.json()).toMatchObject({ code: 'limit/streams-per-client' })
    expect(log.lines.some(({ message }) => message.includes('maxStreamsPerClient'))).toBe(true)
    expect(stats().refused).toBe(refusedBefore + 1)

    const other = await open('10.0.0.2')
    expect(other.status).toBe(200)
    await first.body!.cancel()
    const again = await open('10.0.0.1')
    expect(again.status).toBe(200)
    for (const { body } of [second, other, again]) await body!.cancel()
  })

  test('is limited for the process', async () => {
    const { app } = setUp({ limits: { maxStreams: 1 } })
    const first = await app.request('/open')
    const second = await app.request('/open')
    expect([first.status, second.status]).toEqual([200, 503])
    expect(second.headers.get('retry-after')).toMatch(/^\d+$/)
    await first.body!.cancel()
  })

  test('is not fooled by X-Forwarded-For, unless that many proxies are known', async () => {
    const open = (app: Hono, forwarded: string) =>
      app.request('/open', { headers: { 'x-forwarded-for': forwarded } }, from('10.0.0.9'))
    const direct = setUp({ limits: { maxStreamsPerClient: 1 } }).app
    const one = await open(direct, '1.1.1.1')
    expect((await open(direct, '2.2.2.2')).status).toBe(429)
    await one.body!.cancel()

    const behind = setUp({ limits: { maxStreamsPerClient: 1 }, proxies: 1 }).app
    const a = await open(behind, '9.9.9.9, 1.1.1.1')
    const b = await open(behind, '9.9.9.9, 2.2.2.2')
    expect([a.status, b.status]).toEqual([200, 200])
    expect((await open(behind, '8.8.8.8, 2.2.2.2')).status).toBe(429)
    for (const { body } of [a, b]) await body!.cancel()
  })
})

describe('a stream that is cut', () => {
  const answer = (options: SwapstreamOptions) => {
    const { app } = setUp(options)
    app.post(
      '/answer',
      () =>
        new EventStream(({ signal }) =>
          streamToFragments(
            (async function* () {
              yield 'Hel'
              await new Promise((resolve) => signal.addEventListener('abort', resolve))
            })(),
            'chat.html',
            'response',
          ),
        ),
    )
    return app.request('/answer', { method: 'POST', headers: { accept: 'text/event-stream' } })
  }

  test.each([
    ['limit', { maxDurationMs: 50 }, 'reached its limit'],
    ['timeout', { idleSourceMs: 50 }, 'took too long'],
  ])(
    'with %s says so below the answer, which no longer looks busy',
    async (reason, limits, said) => {
      const clock = controlledClock()
      const received: { event?: string | undefined; data: string }[] = []
      const reading = readEvents(await answer({ limits }))
      received.push((await reading.next()).value!)
      const rest = (async () => {
        for await (const event of reading) received.push(event)
      })()
      await clock.advance(50)
      await rest
      clock.release()
      expect(shownAfterEach(received, { htmx: 2 })[0]).toBe('<p aria-busy="true">Hel</p>')
      const end = shownAtEnd(received, { htmx: 2 })
      expect(end).toMatch(
        /^<p aria-busy="false">Hel<\/p><p class="swapstream-error" role="alert">[^<]*<\/p>$/,
      )
      expect(end).toContain(said)
      expect(received.filter(({ data }) => data.includes(said))).toHaveLength(1)
      expect(received.at(-1)).toMatchObject({ event: 'done', data: `{"reason":"${reason}"}` })
    },
  )

  test('says how it ended in one line of the log, with its figures', async () => {
    const { app, log } = setUp()
    app.get('/short', () => new EventStream(['a', 'b'], { encoding: events() }))
    await (await app.request('/short')).text()
    expect(log.lines.filter(({ message }) => message === 'stream ended')).toEqual([
      {
        level: 'info',
        message: 'stream ended',
        fields: {
          route: 'GET /short',
          reason: 'done',
          values: 2,
          frames: 3,
          bytes: 55,
          ms: expect.any(Number),
        },
      },
    ])
  })

  test('is counted by its reason', async () => {
    const { app } = setUp()
    const before = stats().ended
    const response = await app.request('/open')
    expect(stats().open).toBe(1)
    await response.body!.cancel()
    expect(stats().ended).toEqual({ ...before, disconnected: before.disconnected + 1 })
  })
})

test('a source reads the async context of its request, however much later it runs', async () => {
  const storage = new AsyncLocalStorage<string>()
  const { app } = setUp()
  const seen: (string | undefined)[] = []
  app.use('/mine', (_, next) => storage.run('ada', next))
  app.get(
    '/mine',
    () =>
      new EventStream(
        async function* () {
          for (let n = 0; n < 3; n++) {
            seen.push(storage.getStore())
            yield 'x'
          }
          seen.push(storage.getStore())
        },
        { encoding: events() },
      ),
  )
  const response = await app.request('/mine')
  // Read from another context, as a socket does.
  await storage.run('socket', () => response.text())
  expect(seen).toEqual(['ada', 'ada', 'ada', 'ada'])
  await eventually(() => expect(stats().open).toBe(0))
})
