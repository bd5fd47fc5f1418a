/** The names, defaults and bytes of jero's three streaming responses. */
import { Hono } from 'hono'
import { afterEach, expect, test } from 'vitest'
import { Bytes, EventStream, NDJSON, plain, ServerSentEvent, swapstream } from 'swapstream'
import { controlledClock } from 'swapstream/testing'
import { sleep, timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

afterEach(() => expectNothingLeft(timersRunning))

async function answer(value: () => object) {
  const app = new Hono()
  app.use(swapstream({ templates: {}, log: recordingLog() }))
  app.get('/', value as () => Response)
  const response = await app.request('/')
  const type = response.headers.get('content-type')
  return { status: response.status, type, bytes: await response.text() }
}
const alien = { title: 'Alien' }
const movies = [alien, { title: 'Brazil' }]

test('NDJSON: 200, application/x-ndjson, one record a line', async () => {
  expect(await answer(() => new NDJSON(() => movies))).toEqual({
    status: 200,
    type: 'application/x-ndjson',
    bytes: '{"title":"Alien"}\n{"title":"Brazil"}\n',
  })
})

test('SSE: an object is JSON, text is text, an event has its fields in order; nothing at the end', async () => {
  const values = [
    alien,
    'text',
    new ServerSentEvent({ data: alien, retry: 1000, id: '2', event: 'added' }),
    new ServerSentEvent({ data: alien }),
  ]
  expect(await answer(() => new EventStream(() => values, { encoding: plain }))).toEqual({
    status: 200,
    type: 'text/event-stream; charset=utf-8',
    bytes:
      'data: {"title":"Alien"}\n\ndata: text\n\nevent: added\nid: 2\nretry: 1000\ndata: {"title":"Alien"}\n\ndata: {"title":"Alien"}\n\n',
  })
})

test('Bytes: 200, application/octet-stream, the chunks as they are', async () => {
  const bytes = () => [new TextEncoder().encode('a,b\n'), new TextEncoder().encode('1,2\n')]
  expect(await answer(() => new Bytes(bytes))).toEqual({
    status: 200,
    type: 'application/octet-stream',
    bytes: 'a,b\n1,2\n',
  })
})

test.each([
  [null, 'data: a\n\ndata: b\n\n'],
  [10_000, 'data: a\n\n: ping\n\n: ping\n\n: ping\n\n: ping\n\ndata: b\n\n'],
])('keepalive %s', async (heartbeatMs, bytes) => {
  const clock = controlledClock()
  const source = async function* (): AsyncGenerator<string> {
    yield 'a'
    await sleep(45_000)
    yield 'b'
  }
  const text = answer(() => new EventStream(source, { encoding: plain, heartbeatMs }))
  await clock.advance(60_000)
  clock.release()
  expect((await text).bytes).toBe(bytes)
})
