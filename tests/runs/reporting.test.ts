import { Hono, type Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createRuns,
  errorPages,
  EventStream,
  events,
  NDJSON,
  produce,
  runRoutes,
  SourceError,
  streamToFragments,
  swapstream,
  type EventStreamOptions,
  type Runs,
  type Source,
} from 'swapstream'
import type { RunsOptions } from 'swapstream/core'
import { createMemoryStore } from 'swapstream/stores'
import { eventually } from '../support/eventually.ts'
import { recordingLog, type RecordedLine } from '../support/recording-log.ts'

const created: Runs[] = []
function createdRuns(options?: RunsOptions): Runs {
  const runs = createRuns(options)
  created.push(runs)
  return runs
}
afterEach(async () => {
  for (const runs of created.splice(0)) await runs.close()
})

const templates = { 'x.html': '{% block b %}<p>{{ text }}</p>{% endblock %}' }
const owner = (): string => 'user-7'
const unreadable = new Proxy(
  {},
  {
    get: () => {
      throw new Error('no')
    },
  },
)
const encoding = events()
const causes = (lines: readonly RecordedLine[]) =>
  lines
    .filter(({ level }) => level === 'error')
    .map(({ fields }) => [fields['id'], (fields['err'] as Error).message])
const idIn = (text: string): unknown =>
  (JSON.parse(/event: error\ndata: (.*)\n/.exec(text)![1]!) as { id: string }).id

const throwsText = (): never => {
  throw 'no key'
}
async function* failsLate(): AsyncGenerator<string> {
  yield 'one'
  throw new Error('the model is away')
}
async function* failsAtOnce(): AsyncGenerator<string> {
  throw new Error('no key')
}

function appOf(runs: Runs, source: Source<unknown>, more: { expose?: boolean } = {}) {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates, log, expose: false, ...more }))
  errorPages(app)
  app.post('/chat', async () => {
    return new EventStream(await runs.start(source, { owner: owner() }), { encoding })
  })
  app.post('/page', async () => new EventStream(await runs.start(source, { owner: owner() })))
  app.post('/start', async (c) => c.json(await runs.start(source, { owner: owner() })))
  app.route('/runs', runRoutes(runs, { owner, stream: { encoding } }))
  return { app, log }
}

describe('a run that fails, of runs without settings,', () => {
  test('leaves its cause in the log of the app, under the id that the client sees', async () => {
    const { app, log } = appOf(createdRuns(), failsLate)
    const text = await (await app.request('/chat', { method: 'POST' })).text()
    expect(causes(log.lines)).toEqual([[idIn(text), 'the model is away']])
    expect(text).not.toContain('the model is away')
  })

  test('shows its cause where the app exposes causes', async () => {
    const { app } = appOf(createdRuns(), failsLate, { expose: true })
    const text = await (await app.request('/chat', { method: 'POST' })).text()
    expect(text).toContain('the model is away')
  })

  test('shows that id in the page, too', async () => {
    const source: Source<unknown> = () => streamToFragments(failsLate(), 'x.html', 'b')
    const { app, log } = appOf(createdRuns(), source)
    const headers = { accept: 'text/event-stream', 'hx-request': 'true' }
    const text = await (await app.request('/page', { method: 'POST', headers })).text()
    const [[id, cause]] = causes(log.lines) as [[string, string]]
    expect(cause).toBe('the model is away')
    expect(text).toContain(id)
  })

  test('before its first value is one line in the log, under the id of the error page', async () => {
    const { app, log } = appOf(createdRuns(), failsAtOnce)
    const headers = { accept: 'text/html' }
    const response = await app.request('/chat', { method: 'POST', headers })
    expect(response.status).toBe(500)
    const [[id, cause], ...more] = causes(log.lines) as [[string, string]]
    expect([cause, more]).toEqual(['no key', []])
    expect(await response.text()).toContain(id)
  })

  const thrown: [string, unknown][] = [
    ['a text', 'no key'],
    ['an object', { message: 'no key' }],
    ['a bare object', Object.create(null)],
    ['a symbol', Symbol('no key')],
    ['nothing', undefined],
    ['null', null],
    ['an object that cannot be looked at', unreadable],
  ]
  test.each(thrown)(
    'before its first value with %s has its id in the log, once',
    async (_, what) => {
      const sources: Source<unknown>[] = [
        async function* () {
          throw what
        },
        () => {
          throw what
        },
        () => Promise.reject(what),
        produce(({ fail }) => fail(what)),
      ]
      for (const source of sources) {
        const { app, log } = appOf(createdRuns(), source)
        app.post('/stream', () => new EventStream(source, { encoding }))
        app.post('/frames', () => new EventStream(source))
        app.post('/lines', () => new NDJSON(source))
        for (const path of ['/chat', '/stream', '/frames', '/lines']) {
          log.lines.splice(0)
          const response = await app.request(path, {
            method: 'POST',
            headers: { accept: 'text/html' },
          })
          expect(response.status).toBe(500)
          const [[id], ...more] = causes(log.lines) as [[string, string]]
          expect([await response.text(), more]).toEqual([expect.stringContaining(id), []])
        }
      }
    },
  )

  test.each([['/runs'], ['/page']])(
    'is no line of the log each time it is looked at (%s)',
    async (path) => {
      const fails = () => {
        throw new SourceError('source/failed', 'overloaded')
      }
      const runs = createdRuns()
      const { app, log } = appOf(runs, fails)
      app.get(
        '/page/:id',
        (c) => new EventStream(runs.subscribe(c.req.param('id'), { owner: owner() })),
      )
      const run = (await (await app.request('/start', { method: 'POST' })).json()) as { id: string }
      const ids = []
      for (let look = 0; look < 3; look++) {
        const response = await app.request(`${path}/${run.id}`, {
          headers: { accept: 'text/html' },
        })
        expect(response.status).toBe(502)
        ids.push(/source\/failed (\w{8})/.exec(await response.text())![1])
      }
      expect(new Set(ids).size).toBe(1)
      expect(causes(log.lines)).toEqual([[ids[0], expect.stringMatching('overloaded')]])
    },
  )

  test('while no app shows it says so to the first app that does', async () => {
    const { app, log } = appOf(createdRuns(), failsLate)
    const run = await (await app.request('/start', { method: 'POST' })).json()
    const { path } = run as { path: string }
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(causes(log.lines)).toEqual([])
    const text = await (await app.request(path)).text()
    expect(causes(log.lines)).toEqual([[idIn(text), 'the model is away']])
  })

  test('on another node keeps its id, also as an error page', async () => {
    const store = createMemoryStore()
    const first = createdRuns({ store })
    const { app, log } = appOf(createdRuns({ store }), failsAtOnce)
    const run = await first.start(failsAtOnce, { owner: owner() })
    let id: string | undefined
    await eventually(async () => {
      const step = await (
        await run.open({ signal: new AbortController().signal, lastEventId: undefined })
      ).next()
      id = (step.value as { publicError: { id: string } }).publicError.id
    })
    const response = await app.request(run.path, { headers: { accept: 'text/html' } })
    expect([response.status, await response.text()]).toEqual([502, expect.stringContaining(id!)])
    // The log of that node has the cause; here is only what it was asked for.
    expect(log.lines.find(({ fields }) => fields['id'] === id)?.level).toBe('debug')
  })
})

test('runs with a log of their own keep it, and its level of detail', async () => {
  const own = recordingLog()
  const { app, log } = appOf(createdRuns({ log: own, expose: true }), failsLate)
  const text = await (await app.request('/chat', { method: 'POST' })).text()
  expect(causes(own.lines)).toEqual([[idIn(text), 'the model is away']])
  expect([causes(log.lines), text.includes('the model is away')]).toEqual([[], true])
})

describe('an error before the first value', () => {
  const answers: [string, (source: Source<unknown>) => EventStream][] = [
    ['events', (source) => new EventStream(source, { encoding })],
    ['a page', (source) => new EventStream(source)],
  ]
  test.each(answers)('stands in the log of the app once (%s)', async (_, answer) => {
    const log = recordingLog()
    const app = new Hono()
    app.onError((error, c) => c.text(`sorry ${error.message}`, 500))
    app.use(swapstream({ templates, log }))
    app.get('/x', () => answer(failsAtOnce))
    const response = await app.request('/x', { headers: { accept: 'text/html' } })
    expect([response.status, await response.text()]).toEqual([500, 'sorry no key'])
    expect(causes(log.lines)).toEqual([[expect.stringMatching(/^\w{8}$/), 'no key']])
  })

  test.each<[string, EventStreamOptions, object]>([
    ['an encoding', { encoding: () => throwsText() }, {}],
    ['a value of an encoding', { encoding: () => ({ value: throwsText, end: () => '' }) }, {}],
    ['pageContext', { pageContext: throwsText }, {}],
    ['context', {}, { context: throwsText }],
  ])('may be a text that %s throws', async (_, options, settings) => {
    const log = recordingLog()
    const app = new Hono()
    app.use(swapstream({ templates, log, ...settings }))
    errorPages(app)
    app.get('/x', () => new EventStream(() => ['x'], options))
    const response = await app.request('/x', { headers: { accept: 'text/html' } })
    const [[id, cause], ...more] = causes(log.lines) as [[string, string]]
    expect([response.status, cause, more]).toEqual([500, 'no key', []])
    expect(await response.text()).toContain(id)
  })

  test('that is one of ours stands there once, too', async () => {
    const log = recordingLog()
    const app = new Hono()
    app.use(swapstream({ templates, log }))
    app.get('/x', () => {
      const source = () => {
        throw new SourceError('source/failed', 'overloaded')
      }
      return new EventStream(source, { encoding })
    })
    const response = await app.request('/x')
    const { id } = (await response.json()) as { id: string }
    expect(causes(log.lines)).toEqual([[id, expect.stringMatching(/^overloaded\. See /)]])
  })
})

describe('a run that is asked for by another owner than it was started for', () => {
  async function asked(method: string, path: string) {
    const runs = createdRuns()
    const log = recordingLog()
    const app = new Hono()
    app.use(swapstream({ templates, log }))
    const never: Source<string> = async function* ({ signal }) {
      yield 'x'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
    app.post('/chat', async (c: Context) => {
      const run = await runs.start(never, { owner: 'user-7' })
      c.header('x-run', run.path)
      return new EventStream(run, { encoding })
    })
    app.route('/runs', runRoutes(runs))
    const response = await app.request('/chat', { method: 'POST' })
    const url = `${response.headers.get('x-run')}${path}`
    const { status } = await app.request(url, { method })
    await response.body!.cancel()
    return { status, lines: log.lines }
  }

  test.each([
    ['POST', '/stop'],
    ['GET', ''],
  ])('does not exist, and the log names the option (%s %s)', async (method, path) => {
    const { status, lines } = await asked(method, path)
    expect(status).toBe(404)
    const warnings = lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
    expect(warnings[0]).toMatch('pass the same owner to runRoutes(runs, { owner })')
    expect(JSON.stringify(lines)).not.toContain('user-7')
  })
})

describe('the owner of a run', () => {
  test.each([
    ['a number', 7, () => 7],
    ['a number here and a text there', 7, () => '7'],
    ['a text here and a number there', '7', () => 7],
    ['what a promise gives', 'user-7', async () => 'user-7'],
  ])('may be %s', async (_, starts, asks) => {
    const store = createMemoryStore()
    const runs = createdRuns({ store })
    const app = new Hono()
    app.use(swapstream({ templates, log: recordingLog() }))
    // The id of a user that nothing has given a type.
    app.route('/runs', runRoutes(runs, { owner: asks as () => string, stream: { encoding } }))
    const run = await runs.start(() => ['x'], { owner: starts as string, key: 'k' })
    expect((await app.request(run.path)).status).toBe(200)
    expect((await runs.current({ owner: (await asks()) as string, key: 'k' }))?.id).toBe(run.id)
    expect((await app.request(`${run.path}/stop`, { method: 'POST' })).status).toBe(204)
    expect((await store.find(run.id))?.owner).toBe(String(starts))
  })

  test.each([
    ['is signed out', () => undefined, 404],
    ['has an empty name', () => '', 404],
    ['is refused', () => Promise.reject(new HTTPException(401)), 401],
  ])('is none where the client %s', async (_, asks, status) => {
    const runs = createdRuns()
    const app = new Hono()
    app.use(swapstream({ templates, log: recordingLog() }))
    app.route('/runs', runRoutes(runs, { owner: asks, stream: { encoding } }))
    const run = await runs.start(() => ['x'], { owner: 'user-7' })
    expect((await app.request(run.path)).status).toBe(status)
    expect((await app.request(`${run.path}/stop`, { method: 'POST' })).status).toBe(status)
  })
})
