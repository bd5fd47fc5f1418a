/**
 * What Ajolopy's `@Stream` could do, one test for each of its promises, in the order of the list we keep of them (A1 to
 * A19). What is tested in depth elsewhere has its shortest proof here.
 */
import { Hono } from 'hono'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import {
  bearer,
  EventStream,
  ipAllow,
  mount,
  plain,
  stream,
  swapstream,
  type StreamDefinition,
} from 'swapstream'
import { controlledClock } from 'swapstream/testing'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { importCompiled } from '../support/compiled.ts'
import { useLetGo } from '../support/let-go.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'

const serve = useServer()
afterEach(() => expectNothingLeft(timersRunning))
const letGo = useLetGo()

const words = (text: string): string[] => text.split(/(?<=\s)/)
const chat = stream(
  { path: '/chat', input: { json: z.object({ message: z.string() }) } },
  async function* say({ json }) {
    yield* words(json.message)
  },
)

function serving(...hosts: object[]) {
  const log = recordingLog()
  const app = letGo(new Hono())
  app.use(swapstream({ templates: {}, log }))
  mount(app, ...(hosts as [object]))
  const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  return { app, log, post }
}

/** The bytes of a stream of these values. */
async function bytesOf(
  values: readonly unknown[],
  options: Partial<StreamDefinition> = {},
): Promise<string> {
  const route = stream({ path: '/x', ...options } as { path: '/x' }, async function* () {
    yield* values
  })
  return (await serving(route).post('/x')).text()
}

test('A1: a route is an async generator; called, it gives raw values and no bytes', async () => {
  const values: unknown[] = []
  for await (const value of chat({ json: { message: 'hi you' } })) values.push(value)
  expect(values).toEqual(['hi ', 'you'])
})

test('A2: what is wrong is reported when declared, naming route and cure', () => {
  const declare = (options: object, run: unknown = async function* answer() {}) =>
    (stream as (options: object, run: unknown) => unknown)({ path: '/chat', ...options }, run)
  expect(() => declare({ path: '' })).toThrow(/starts with "\/"/)
  expect(() => declare({ path: 'chat' })).toThrow(/^POST chat \(answer\)/)
  expect(() => declare({ method: 'DELETE' })).toThrow(/GET or POST/)
  expect(() => declare({ method: 'post' })).not.toThrow()
  for (const heartbeatMs of [0, -1, true]) expect(() => declare({ heartbeatMs })).toThrow(/above 0/)
  expect(() => declare({ heartbeatMs: false })).not.toThrow()
  expect(() => declare({ auth: 1 })).toThrow(/true or false/)
  for (const run of [async () => {}, () => {}, function* () {}])
    expect(() => declare({}, run)).toThrow(/async function\*/)
})

test('A3: mount takes routes, classes and instances, inherited streams included', async () => {
  type Hosts = typeof import('../declared/fixtures/hosts.ts')
  const { Support, WithStore } = await importCompiled<Hosts>('tests/declared/fixtures/hosts.ts')
  const { app, post } = serving(chat, Support, new WithStore(['row']))
  expect(await (await post('/chat', { message: 'a' })).text()).toBe('data: a\n\n')
  expect(await (await post('/ask', { question: 'Q' })).text()).toBe('data: Hello: Q\n\n')
  expect((await app.request('/inherited')).status).toBe(200)
  expect(await (await app.request('/rows')).text()).toBe('data: row\n\n')
  expect(() => serving(WithStore)).toThrow(/new WithStore/)
  expect(() => serving(class Empty extends Map {})).toThrow(/Empty: it holds no streams/)
})

test('A4: the same method and path twice is refused, naming both', () => {
  const other = stream({ path: '/chat' }, async function* reply() {})
  expect(() => serving(chat, other)).toThrow(/POST \/chat \(reply\).*POST \/chat \(say\)/)
})

test('A5: input comes from body, query, path, header and cookie; the request is there too', async () => {
  const route = stream(
    {
      path: '/of/:id',
      input: {
        json: z.object({ a: z.string() }),
        query: z.object({ tag: z.array(z.string()) }),
        param: z.object({ id: z.string() }),
        header: z.object({ 'x-team': z.string() }),
        cookie: z.object({ session: z.string() }),
      },
    },
    async function* ({ json, query, param, header, cookie, c }) {
      yield [json.a, query.tag, param.id, header['x-team'], cookie.session, c.req.method]
    },
  )
  const headers = { 'x-team': 'blue', cookie: 'session=s', origin: 'http://localhost' }
  const response = await serving(route).post('/of/7?tag=x&tag=y', { a: 'A' }, headers)
  expect(await response.text()).toBe('data: ["A",["x","y"],"7","blue","s","POST"]\n\n')
})

test('A6: invalid input is 422 with its faults, before any event; malformed 400, wrong type 415', async () => {
  const { app, post } = serving(chat)
  const response = await post('/chat', {})
  expect(response.status).toBe(422)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({
    title: expect.any(String),
    status: 422,
    detail: expect.any(String),
    errors: [{ in: 'json', path: 'message', message: expect.any(String) }],
  })
  const send = (body: string, type: string) =>
    app.request('/chat', { method: 'POST', body, headers: { 'content-type': type } })
  expect((await send('{', 'application/json')).status).toBe(400)
  expect((await send('{}', 'text/plain')).status).toBe(415)
})

test('A7: input that cannot come is refused when declared', () => {
  const declare = (options: object) => () =>
    (stream as (options: object, run: unknown) => unknown)(
      { path: '/chat', ...options },
      async function* () {},
    )
  const schema = z.object({ id: z.string() })
  expect(declare({ method: 'GET', input: { json: schema } })).toThrow(/GET has no body/)
  expect(declare({ input: { json: schema, form: schema } })).toThrow(/one body/)
  expect(declare({ path: '/of/:name', input: { param: schema } })).toThrow(/no parameter "id"/)
  expect(declare({ input: { json: { id: 'string' } } })).toThrow(/Standard Schema/)
  expect(declare({ input: { body: schema } })).toThrow(/no part "body"/)
})

test('A8: auth without a guard cannot be mounted; a refusal starts nothing', async () => {
  let started = 0
  const closed = stream({ path: '/closed', auth: true }, async function* () {
    started += 1
  })
  expect(() => serving(closed)).toThrow(/auth: true, but no guard/)
  const app = letGo(new Hono())
  app.use(swapstream({ templates: {}, log: recordingLog() }))
  mount(app, { guards: [bearer({ token: 'let-me-in' })] }, closed)
  expect((await app.request('/closed', { method: 'POST' })).status).toBe(401)
  expect(started).toBe(0)
})

test('A9: guards run in order, before parsing: no token 401, wrong 403, right 200', async () => {
  const seen: string[] = []
  const guarded = stream(
    {
      path: '/guarded',
      auth: true,
      guards: [
        () => void seen.push('first-value'),
        bearer({ token: 'let-me-in' }),
        () => void seen.push('last'),
      ],
      input: { json: z.object({}).refine(() => seen.push('input')) },
    },
    async function* () {},
  )
  const { post } = serving(guarded)
  const statusOf = async (headers?: Record<string, string>) =>
    (await post('/guarded', {}, headers)).status
  expect(await statusOf()).toBe(401)
  expect(await statusOf({ authorization: 'Bearer no' })).toBe(403)
  expect(await statusOf({ authorization: 'Bearer let-me-in' })).toBe(200)
  expect(seen).toEqual(['first-value', 'first-value', 'first-value', 'last', 'input'])
})

test('A10: bearer reads its variable at each request; ipAllow reads its networks when made', async () => {
  const route = stream(
    { path: '/x', guards: [bearer({ env: 'AJOLOPY_TOKEN' })] },
    async function* () {},
  )
  const { post } = serving(route)
  const authorization = 'Bearer t'
  expect((await post('/x', {}, { authorization })).status).toBe(401)
  vi.stubEnv('AJOLOPY_TOKEN', 't')
  expect((await post('/x', {}, { authorization })).status).toBe(200)
  vi.unstubAllEnvs()
  expect(() => ipAllow(['10.0.0.0/33'])).toThrow(/is no network/)
  expect(
    (
      await serving(stream({ path: '/x', guards: [ipAllow(['::1'])] }, async function* () {})).post(
        '/x',
      )
    ).status,
  ).toBe(403)
})

test('A11: the headers keep the stream live on its way', async () => {
  const { headers } = await serving(chat).post('/chat', { message: 'a' })
  expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(headers.get('cache-control')).toBe('no-store, no-transform')
  expect(headers.get('x-accel-buffering')).toBe('no')
})

test('A12: each line has its own data field, whatever breaks it', async () => {
  expect(await bytesOf(['hi\n'])).toBe('data: hi\ndata: \n\n')
  expect(await bytesOf(['a\rb\r\nc\u2028d'])).toBe('data: a\ndata: b\ndata: c\u2028d\n\n')
})

test('A13: text is text, values are compact JSON, everything else is an error', async () => {
  expect(await bytesOf([{ event: 'x' }, ['é'], 1.5, true, null])).toBe(
    'data: {"event":"x"}\n\ndata: ["é"]\n\ndata: 1.5\n\ndata: true\n\ndata: null\n\n',
  )
  for (const value of [new Uint8Array(1), () => {}, Symbol('s'), 1n, undefined]) {
    const bytes = await bytesOf(['first', value])
    expect(bytes).toMatch(
      /^data: first\n\ndata: \{"error":"Something went wrong\.".*"source\/value"/,
    )
  }
})

test('A14: silence is filled with comments, when wanted; none behind the last event', async () => {
  const quiet = async (heartbeatMs: number | false): Promise<string> => {
    const clock = controlledClock()
    let goOn!: () => void
    const silent = new Promise<void>((resolve) => (goOn = resolve))
    const route = stream({ path: '/x', heartbeatMs }, async function* () {
      yield 'a'
      await silent
      yield 'b'
    })
    const text = (await serving(route).post('/x')).text()
    await clock.advance(70)
    goOn()
    await clock.advance(70)
    clock.release()
    return text
  }
  expect(await quiet(30)).toMatch(/^data: a\n\n(: ping\n\n){2}data: b\n\n$/)
  expect(await quiet(false)).toBe('data: a\n\ndata: b\n\n')
})

test('A15: an error in the middle is the last event, reported once to onError and to the log', async () => {
  const onError = vi.fn<(error: unknown) => void>()
  const failing = stream({ path: '/x', onError }, async function* () {
    yield 'a'
    throw new Error('SECRET')
  })
  const { post, log } = serving(failing)
  const response = await post('/x')
  expect(response.status).toBe(200)
  const bytes = await response.text()
  const id = String(log.lines[0]!.fields['id'])
  const error = `{"error":"Something went wrong.","code":"source/failed","id":"${id}"}`
  expect(bytes).toBe(`data: a\n\ndata: ${error}\n\n`)
  expect(onError).toHaveBeenCalledOnce()
  expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
})

test('A16: an error before the first value is a status; `commit: open` gives the error event', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const failing = (flushHeaders: 'first-value' | 'immediately') =>
    serving(
      stream({ path: '/x', flushHeaders }, async function* () {
        throw new Error('SECRET')
      }),
    ).post('/x')
  const early = await failing('first-value')
  expect([early.status, early.headers.get('content-type')]).toEqual([
    500,
    expect.not.stringContaining('event-stream'),
  ])
  const open = await failing('immediately')
  expect(open.status).toBe(200)
  expect(await open.text()).toMatch(/^data: \{"error":"Something went wrong\."/)
  vi.restoreAllMocks()
})

test('A17: routes are made of routes, and know nothing of where they stand', async () => {
  const twice = stream({ path: '/twice' }, async function* () {
    yield* chat({ json: { message: 'once' } })
    yield* chat({ json: { message: 'more' } })
  })
  expect(await (await serving(twice).post('/twice')).text()).toBe('data: once\n\ndata: more\n\n')
})

test('A18: a client that leaves aborts the signal, and the handler is closed', async () => {
  const seen: string[] = []
  const endless = stream({ path: '/x', method: 'GET' }, async function* ({ signal }) {
    signal.addEventListener('abort', () => {
      seen.push('aborted')
    })
    try {
      for (;;) {
        yield 'tick'
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    } finally {
      seen.push('closed')
    }
  })
  const url = await serve(serving(endless).app)
  const leaving = new AbortController()
  const response = await fetch(`${url}/x`, { signal: leaving.signal })
  await response.body!.getReader().read()
  leaving.abort()
  await eventually(() => expect(seen).toEqual(['aborted', 'closed']))
})

test('A19: a plain route next to the declared ones, with or without our bodies', async () => {
  const { app } = serving(chat)
  app.get('/own', (c) => c.body('data: mine\n\n', 200, { 'content-type': 'text/event-stream' }))
  const options = { encoding: plain, heartbeatMs: false, status: 203, headers: { 'x-own': '2' } }
  app.get('/body', () => new EventStream(() => ['a'], options as object))
  expect(await (await app.request('/own')).text()).toBe('data: mine\n\n')
  const body = await app.request('/body')
  expect([body.status, body.headers.get('x-own')]).toEqual([203, '2'])
  expect(await body.text()).toBe('data: a\n\n')
})
