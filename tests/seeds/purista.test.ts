/**
 * What PURISTA's streams could do, one test for each of its promises, in the order of the list we keep of them (P1 to
 * P14).
 */
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import {
  createRuns,
  EventStream,
  sequenced,
  mount,
  events,
  produce,
  ServerSentEvent,
  stream,
  swapstream,
  type StreamEnd,
  type StreamWriter,
} from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { printedPackages, useEmptyProject } from '../support/empty-project.ts'
import { useLetGo } from '../support/let-go.ts'
import { recordingLog } from '../support/recording-log.ts'

afterEach(() => expectNothingLeft(timersRunning))
const letGo = useLetGo()
const emptyProject = useEmptyProject()

function serving(...routes: object[]) {
  const log = recordingLog()
  const app = letGo(new Hono())
  app.use(swapstream({ templates: {}, log }))
  if (routes.length > 0) mount(app, ...(routes as [object]))
  const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  return { app, log, post }
}

const report = stream(
  {
    path: '/report',
    input: {
      json: z.object({ pages: z.int().min(1).max(50) }),
      query: z.object({ bad: z.enum(['chunk', 'final']).optional() }),
    },
    chunk: z.object({ pct: z.number().max(100) }),
    final: z.object({ url: z.string().startsWith('/') }),
    encoding: sequenced,
  },
  async function* ({ json, query }) {
    for (let page = 1; page <= json.pages; page++) {
      yield { pct: (100 * page) / json.pages }
      if (query.bad === 'chunk') yield { pct: 101 }
    }
    return { url: query.bad === 'final' ? 'nowhere' : '/report' }
  },
)

const typesOf = (text: string): string[] =>
  Array.from(text.matchAll(/^event: (.+)$/gm), ([, type]) => type!)

/** The bytes of a source on the `frames` wire, without the random id of an error. */
async function bytesOf(run: (writer: StreamWriter<unknown>) => unknown): Promise<string> {
  const { app } = serving()
  app.get(
    '/',
    () => new EventStream(produce(run), { encoding: sequenced, flushHeaders: 'immediately' }),
  )
  return (await (await app.request('/')).text()).replace(/"id":"\w+"/, '"id":"1"')
}

test('P1: one options object and a generator; it may use whatever it closes over', async () => {
  const prefix = '/files'
  const route = stream({ path: '/x', final: z.string(), encoding: sequenced }, async function* () {
    return `${prefix}/1`
  })
  expect(await (await serving(route).post('/x')).text()).toContain('"final":"/files/1"')
})

test('P2: numbered frames with their type, exactly', async () => {
  const response = await serving(report).post('/report', { pages: 2 })
  expect(await response.text()).toBe(
    [
      'event: start\ndata: {"type":"start","seq":0}\n\n',
      'event: chunk\ndata: {"type":"chunk","seq":1,"chunk":{"pct":50}}\n\n',
      'event: chunk\ndata: {"type":"chunk","seq":2,"chunk":{"pct":100}}\n\n',
      'event: complete\ndata: {"type":"complete","seq":3,"final":{"url":"/report"}}\n\n',
    ].join(''),
  )
})

test('P3: over HTTP all frames are sent, an event passes through as it is, one terminal is last', async () => {
  const route = stream({ path: '/x', encoding: sequenced }, async function* () {
    yield new ServerSentEvent({ event: 'usage', data: '7' })
    yield { event: 'x', data: 'only a value' }
  })
  const response = await serving(route).post('/x')
  expect(response.headers.get('cache-control')).toBe('no-store, no-transform')
  expect(await response.text()).toBe(
    [
      'event: start\ndata: {"type":"start","seq":0}\n\n',
      'event: usage\ndata: 7\n\n',
      'event: chunk\ndata: {"type":"chunk","seq":1,"chunk":{"event":"x","data":"only a value"}}\n\n',
      'event: complete\ndata: {"type":"complete","seq":2}\n\n',
    ].join(''),
  )
})

test('P4: a generator and a writer give identical bytes', async () => {
  const route = stream(
    { path: '/x', encoding: sequenced, flushHeaders: 'immediately' },
    async function* () {
      yield 1
      yield 'two'
      return { url: '/x' }
    },
  )
  const generated = await (await serving(route).post('/x')).text()
  const written = async (writer: StreamWriter<unknown>): Promise<void> => {
    await writer.write(1)
    await writer.write('two')
  }
  const closing = await bytesOf(async (writer) => {
    await written(writer)
    writer.close({ url: '/x' })
  })
  const returning = await bytesOf(async (writer) => {
    await written(writer)
    return { url: '/x' }
  })
  expect([closing, returning]).toEqual([generated, generated])
})

test('P4: a writer hears of a cancel at once, and may go on without harm', async () => {
  const seen: unknown[] = []
  const { app } = serving()
  const source = produce<number>(async (writer) => {
    writer.onCancel(() => seen.push('cancelled'))
    for (let n = 0; !writer.cancelled; n++) await writer.write(n)
    await writer.write(-1)
    writer.close()
    seen.push(writer.cancelled)
  })
  app.get('/', () => new EventStream(source, { encoding: sequenced }))
  const reader = (await app.request('/')).body!.getReader()
  await reader.read()
  await reader.cancel()
  await eventually(() => expect(seen).toEqual(['cancelled', true]))
})

test('P5: whatever a writer does, there is one terminal, last, and nothing behind it', async () => {
  const orders: [(writer: StreamWriter<unknown>) => unknown, string][] = [
    [() => {}, 'complete'],
    [(w) => w.close(), 'complete'],
    [(w) => w.fail(new Error('failed')), 'error'],
    [() => Promise.reject(new Error('thrown')), 'error'],
    [(w) => (w.close(), w.fail(new Error('late'))), 'complete'],
    [(w) => (w.fail(new Error('first')), w.close()), 'error'],
    [(w) => (w.close(), void w.write('late').catch(() => {})), 'complete'],
    [(w) => (w.close(), Promise.reject(new Error('late'))), 'complete'],
  ]
  for (const [run, terminal] of orders) {
    const types = typesOf(await bytesOf(run))
    expect(types).toEqual(['start', terminal])
  }
  const refused: unknown[] = []
  await bytesOf(async (writer) => {
    writer.close()
    try {
      await writer.write('late')
    } catch (error) {
      refused.push(error)
    }
  })
  expect(refused).toMatchObject([{ code: 'source/ended' }])
})

test('P6: chunk and final are held to their schemas, and so is the input', async () => {
  const { post } = serving(report)
  const chunk = await (await post('/report?bad=chunk', { pages: 2 })).text()
  expect(typesOf(chunk)).toEqual(['start', 'chunk', 'error'])
  expect(chunk).not.toContain('101')
  const final = await (await post('/report?bad=final', { pages: 1 })).text()
  expect(typesOf(final)).toEqual(['start', 'chunk', 'error'])
  expect(final).not.toContain('nowhere')
  const input = await post('/report?bad=x', { pages: 0 })
  expect(input.status).toBe(422)
  expect((await input.json()).errors).toMatchObject([
    { in: 'json', path: 'pages' },
    { in: 'query', path: 'bad' },
  ])
  const loose = stream(
    { path: '/x', chunk: z.number(), validate: 'never', encoding: sequenced },
    async function* () {
      yield 'text' as unknown as number
    },
  )
  expect(await (await serving(loose).post('/x')).text()).toContain('"chunk":"text"')
})

test('P7: guards before the start run side by side, after the input; a failure is a real status', async () => {
  const order: string[] = []
  const hook =
    (name: string) =>
    async ({ json }: { json: { user: string } }): Promise<string> => {
      order.push(`${name} in`)
      await new Promise((resolve) => setTimeout(resolve, 2))
      order.push(`${name} out`)
      if (json.user === 'nobody') throw new HTTPException(403, { message: 'Not you.' })
      return `${name} ${json.user}`
    }
  const route = stream(
    {
      path: '/x',
      input: { json: z.object({ user: z.string() }) },
      before: { a: hook('a'), b: hook('b') },
    },
    async function* ({ before }) {
      order.push('handler')
      yield `${before.a}, ${before.b}`
    },
  )
  const { post } = serving(route)
  expect(await (await post('/x', { user: 'Ada' })).text()).toBe('data: a Ada, b Ada\n\n')
  expect(order).toEqual(['a in', 'b in', 'a out', 'b out', 'handler'])
  order.length = 0
  expect((await post('/x', { user: 'nobody' })).status).toBe(403)
  expect(order).not.toContain('handler')
})

test('P8: guards behind the end run after the final value and before its frame; then onEnd', async () => {
  const order: unknown[] = []
  const ends: StreamEnd[] = []
  const route = (fails: boolean) =>
    stream(
      {
        path: '/x',
        final: z.string(),
        encoding: sequenced,
        after: {
          async audit({ final }) {
            order.push(`audit ${final}`)
            if (fails) throw new Error('SECRET')
          },
        },
        onEnd: (end) => void (order.push('end'), ends.push(end)),
      },
      async function* () {
        yield 1
        order.push('closing')
        return 'done'
      },
    )
  expect(typesOf(await (await serving(route(false)).post('/x')).text()).at(-1)).toBe('complete')
  expect(order).toEqual(['closing', 'audit done', 'end'])
  // PURISTA's words: outcome is `reason`, chunks are `values`, ms is `durationMs`; final and error are the same here.
  expect(ends[0]).toEqual({
    reason: 'done',
    final: 'done',
    values: 1,
    frames: 3,
    bytes: expect.any(Number),
    durationMs: expect.any(Number),
  })
  const text = await (await serving(route(true)).post('/x')).text()
  expect(typesOf(text)).toEqual(['start', 'chunk', 'error'])
  expect(ends[1]).toMatchObject({ reason: 'error', error: new Error('SECRET') })
  expect(ends[1]).not.toHaveProperty('final')

  const { app } = serving()
  const plainRoute = async function* () {
    yield 1
    return { url: '/x' }
  }
  app.get(
    '/',
    () => new EventStream(plainRoute, { encoding: sequenced, onEnd: (end) => ends.push(end) }),
  )
  await (await app.request('/')).text()
  expect(ends[2]).toMatchObject({ reason: 'done', final: { url: '/x' } })
})

test('P9: Accept chooses the form; a closed route is never open; bodies have a limit', async () => {
  const { post } = serving(report)
  const ask = async (accept: string) => {
    const response = await post('/report', { pages: 2 }, { accept })
    return [response.headers.get('content-type'), await response.text()]
  }
  expect((await ask('text/event-stream'))[0]).toBe('text/event-stream; charset=utf-8')
  expect(await ask('application/x-ndjson')).toEqual([
    'application/x-ndjson',
    '{"pct":50}\n{"pct":100}\n{"url":"/report"}\n',
  ])
  expect(await ask('application/json')).toEqual(['application/json', '{"url":"/report"}'])
  const failing = await post('/report?bad=final', { pages: 2 }, { accept: 'application/json' })
  expect([failing.status, (await failing.json()).code]).toEqual([502, 'source/final'])

  const closed = stream({ path: '/closed', auth: true }, async function* () {})
  expect(() => serving(closed)).toThrow(/no guard/)
  expect(() => stream({ path: '/x', headers: { Connection: 'x' } }, async function* () {})).toThrow(
    /server does/,
  )
  expect(() => stream({ path: '/x', headers: { a: 'b\r\nc' } }, async function* () {})).toThrow(
    /no valid header/,
  )
  const large = await post('/report', { pages: 1, padding: 'x'.repeat(70_000) })
  expect(large.status).toBe(413)
})

test('P10: a cancel reaches the handler as a signal, and the log says why it ended', async () => {
  let aborted = false
  const endless = stream({ path: '/x' }, async function* ({ signal }) {
    signal.addEventListener('abort', () => (aborted = true))
    for (;;) {
      yield 1
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  })
  const { post, log } = serving(endless)
  const reader = (await post('/x')).body!.getReader()
  await reader.read()
  await reader.cancel()
  await eventually(() => {
    expect(aborted).toBe(true)
    expect(log.lines).toMatchObject([{ fields: { route: 'POST /x', reason: 'disconnected' } }])
  })
})

test('P11: what should go on is a run: it is found by its id, outlives its first client, and the rest is there for one that comes back', async () => {
  const { app } = serving()
  const runs = createRuns()
  let opened = 0
  async function* parts({ signal }: { signal: AbortSignal }): AsyncGenerator<string> {
    opened += 1
    for (let n = 1; n <= 6 && !signal.aborted; n++) {
      yield `part ${n}`
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const mine = { owner: 'me' }
  app.post('/jobs', async (c) => {
    const { path } = await runs.start(parts, { ...mine, key: 'report' })
    return c.json({ stream: path }, 202)
  })
  app.get('/runs/:id', (c) => {
    const lastEventId = c.req.header('last-event-id')
    const followed = runs.subscribe(c.req.param('id'), {
      ...mine,
      ...(lastEventId && { lastEventId }),
    })
    return new EventStream(followed, { encoding: events() })
  })
  const asked = await app.request('/jobs', { method: 'POST' })
  expect(asked.status).toBe(202)
  const path = ((await asked.json()) as { stream: string }).stream
  // Asked twice, it is paid for once.
  const again = await app.request('/jobs', { method: 'POST' })
  expect(await again.json()).toEqual({ stream: path })

  const accept = 'text/event-stream'
  const first = (await app.request(path, { headers: { accept } })).body!.getReader()
  expect(new TextDecoder().decode((await first.read()).value)).toBe('data: part 1\nid: 1-1\n\n')
  await first.cancel()
  const rest = await app.request(path, { headers: { accept, 'last-event-id': '1-2' } })
  expect(await rest.text()).toBe(
    [3, 4, 5, 6].map((n) => `data: part ${n}\nid: 1-${n}\n\n`).join('') +
      'event: done\ndata: {"reason":"done"}\n\n',
  )
  expect(opened).toBe(1)
  await runs.close()
})

test('P12: a stream made of others is held to both schemas, and a cancel goes all the way in', async () => {
  const seen: string[] = []
  const inner = stream(
    {
      path: '/inner',
      input: { json: z.object({ from: z.number() }) },
      chunk: z.number(),
      final: z.object({ last: z.number() }),
    },
    async function* ({ json, signal }) {
      signal.addEventListener('abort', () => seen.push('aborted'))
      try {
        let n = json.from
        while (n < json.from + 3) yield n++
        return { last: n - 1 }
      } finally {
        seen.push('closed')
      }
    },
  )
  const outer = stream(
    { path: '/outer', chunk: z.number().max(12), encoding: sequenced },
    async function* ({ c, signal }) {
      const from = Number(c.req.query('from'))
      const { last } = yield* inner({ json: { from }, signal })
      return last
    },
  )
  const { post } = serving(outer)
  expect(await (await post('/outer?from=10')).text()).toContain('"final":12')
  expect(seen).toEqual(['closed'])
  const tooFar = await (await post('/outer?from=11')).text()
  expect(typesOf(tooFar)).toEqual(['start', 'chunk', 'chunk', 'error'])
  seen.length = 0
  const reader = (await post('/outer?from=1')).body!.getReader()
  await reader.read()
  await reader.cancel()
  await eventually(() => expect(seen).toEqual(['aborted', 'closed']))
})

test('P13: a route is tested without a server: its values, its final value, its outcome', async () => {
  const values = report({ json: { pages: 2 }, query: {} })
  const chunks: unknown[] = []
  let step = await values.next()
  for (; !step.done; step = await values.next()) chunks.push(step.value)
  expect({ chunks, final: step.value }).toEqual({
    chunks: [{ pct: 50 }, { pct: 100 }],
    final: { url: '/report' },
  })
  const failing = report({ json: { pages: 1 }, query: { bad: 'final' } })
  await failing.next()
  await expect(failing.next()).rejects.toMatchObject({ code: 'source/final' })
})

test('P14: in an empty folder a stream is added by command: it compiles, its tests pass, it is found right, and it answers', async () => {
  const { run, start, install } = await emptyProject()
  const added = await run('swapstream', 'add', 'stream', 'live-feed', '--fragment')
  expect(added.stderr).toBe('')
  expect(added.stdout.match(/^wrote .+$/gm)).toEqual([
    'wrote src/streams/live-feed.ts',
    'wrote src/streams/live-feed.test.ts',
    'wrote templates/live-feed.html',
    'wrote src/streams/index.ts',
    'wrote src/app.ts',
    'wrote src/server.ts',
    'wrote templates/index.html',
    'wrote package.json',
    'wrote tsconfig.json',
  ])
  const second = await run('swapstream', 'add', 'stream', 'report')
  expect(second.stdout.match(/^wrote .+$/gm)).toEqual([
    'wrote src/streams/report.ts',
    'wrote src/streams/report.test.ts',
    'wrote src/streams/index.ts',
  ])

  // With what comes with swapstream and what the command prints, and no other package.
  install(...printedPackages(added.stdout))
  expect(await run('tsc')).toEqual({ code: 0, stdout: '', stderr: '' })
  const tested = await run('npm', 'test')
  expect(tested.stdout).toMatch(/pass 6\b[^]*fail 0\b/)
  const checked = await run('swapstream', 'check', '--app', 'src/app.ts')
  expect(checked).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/No faults \(2 templates, \d+ routes, 4 source files\)/),
  })

  const url = await start('tsx', 'src/server.ts')
  expect(await (await fetch(url)).text()).toMatch(/<a href="\/live-feed">[^]*POST \/report/)
  expect(await (await fetch(`${url}/live-feed`)).text()).toContain('hx-target="#live-feed-answer"')
  const answer = await fetch(`${url}/live-feed`, {
    method: 'POST',
    body: new URLSearchParams({ prompt: 'Is it there?' }),
    headers: { accept: 'text/html, text/event-stream', 'hx-request': 'true' },
  })
  expect(await answer.text()).toMatch(
    /You wrote: Is it there\?[^]*event: done\ndata: {"reason":"done"}\n\n$/,
  )
  const document = await fetch(`${url}/report`, {
    method: 'POST',
    body: '{"prompt":"Hi"}',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
  })
  expect(await document.json()).toEqual({ characters: 13 })
}, 120_000)
