/** The names, defaults and bytes of Ajolopy's `@Stream`: POST, unnamed events, a heartbeat, no guard. */
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { EventStream, mount, plain, stream, swapstream } from 'swapstream'
import { controlledClock } from 'swapstream/testing'
import { sleep, timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

afterEach(() => expectNothingLeft(timersRunning))

function serving(...routes: object[]) {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates: {}, log }))
  if (routes.length > 0) mount(app, ...(routes as [object]))
  const post = (path: string, body = '{}') =>
    app.request(path, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
  return { app, post, log }
}

describe('a stream that has nothing but its path', () => {
  const route = stream({ path: '/chat' }, async function* () {
    yield 'hi\n'
    yield { event: 'ü' }
    yield [1, true, null]
  })

  test('answers to POST with unnamed events, and closes', async () => {
    const response = await serving(route).post('/chat')
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ])
    expect(await response.text()).toBe(
      'data: hi\ndata: \n\ndata: {"event":"ü"}\n\ndata: [1,true,null]\n\n',
    )
  })

  test('answers to no other method', async () => {
    const { app } = serving(route)
    for (const method of ['GET', 'DELETE'])
      expect((await app.request('/chat', { method })).status).toBe(404)
  })

  test('is found in any case of its method', async () => {
    const lower = stream({ path: '/chat', method: 'get' as 'GET' }, async function* () {
      yield 'a'
    })
    expect(await (await serving(lower).app.request('/chat')).text()).toBe('data: a\n\n')
  })
})

test('an error is the last event, with what a client may know', async () => {
  const failing = stream({ path: '/x' }, async function* () {
    yield 'a'
    throw new Error('SECRET')
  })
  const { post, log } = serving(failing)
  const bytes = await (await post('/x')).text()
  const { id } = log.lines[0]!.fields
  expect(bytes).toBe(
    `data: a\n\ndata: {"error":"Something went wrong.","code":"source/failed","id":"${String(id)}"}\n\n`,
  )
})

test('input that does not fit is 422 with its list, and malformed input is 400', async () => {
  const input = { json: z.object({ message: z.string() }) }
  const { post } = serving(
    stream({ path: '/x', input }, async function* ({ json }) {
      yield json.message
    }),
  )
  const response = await post('/x')
  expect([response.status, response.headers.get('content-type')]).toEqual([
    422,
    'application/problem+json',
  ])
  expect(await response.json()).toMatchObject({
    status: 422,
    errors: [{ in: 'json', path: 'message' }],
  })
  expect((await post('/x', '{')).status).toBe(400)
})

test.each([
  [undefined, ': ping\n\n'],
  [null, ''],
  [false, ''],
] as const)(
  'heartbeat %s: a comment in silence, none while values come',
  async (heartbeatMs, pings) => {
    const clock = controlledClock()
    const route = stream(
      { path: '/x', ...(heartbeatMs !== undefined && { heartbeatMs }) },
      async function* () {
        for (const word of ['a', 'b', 'c']) {
          yield word
          await sleep(10_000)
        }
        await sleep(8_000)
      },
    )
    const { post } = serving(route)
    const text = (async () => (await post('/x')).text())()
    await clock.advance(60_000)
    clock.release()
    expect(await text).toBe(`data: a\n\ndata: b\n\ndata: c\n\n${pings}`)
  },
)

test('a plain route beside them has its own status and headers, and those of our bodies', async () => {
  const { app } = serving()
  app.get('/own', (c) =>
    c.body('data: mine\n\n', 202, { 'content-type': 'text/event-stream', 'x-own': '1' }),
  )
  app.get('/body', () => {
    const headers = { 'x-own': '2' }
    return new EventStream(() => ['a'], { encoding: plain, status: 203, headers })
  })
  const seen = async (path: string) => {
    const response = await app.request(path)
    const { status, headers } = response
    return [status, headers.get('content-type'), headers.get('x-own'), await response.text()]
  }
  expect(await seen('/own')).toEqual([202, 'text/event-stream', '1', 'data: mine\n\n'])
  expect(await seen('/body')).toEqual([203, 'text/event-stream; charset=utf-8', '2', 'data: a\n\n'])
})
