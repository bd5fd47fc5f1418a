import fc from 'fast-check'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createRuns,
  EventStream,
  events,
  Fragment,
  ownerOf,
  runRoutes,
  streamToFragments,
  swapstream,
  type Runs,
  type Source,
  type StreamContext,
  type StreamEnd,
} from 'swapstream'
import type { RunsOptions } from 'swapstream/core'
import { readEvents } from 'swapstream/client'
import { serve } from 'swapstream/node'
import { createMemoryStore, type RunStore } from 'swapstream/stores'
import { controlledClock, openStream } from 'swapstream/testing'
import { sleep as clockSleep, timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { shownAfterEach, shownAtEnd } from '../support/shown.ts'
import { controlled } from './support/controlled.ts'

const opened: Runs[] = []
function createdRuns(options: RunsOptions = {}): Runs {
  const runs = createRuns(options)
  opened.push(runs)
  return runs
}
let release = (): void => {}
function useClock() {
  const clock = controlledClock()
  release = clock.release
  return clock
}
afterEach(async () => {
  for (const runs of opened.splice(0)) await runs.close()
  release()
  await expectNothingLeft(timersRunning)
})

const context = { signal: new AbortController().signal, lastEventId: undefined }
const me = { owner: 'me' }

/** All that one viewer is told, and how the run ended. */
async function read(
  runs: Runs,
  id: string,
  lastEventId?: string,
): Promise<{ told: [string, unknown][]; reason: unknown }> {
  const values = await runs
    .subscribe(id, { ...me, ...(lastEventId && { lastEventId }) })
    .open(context)
  const told: [string, unknown][] = []
  for (;;) {
    const step = await values.next()
    if (step.done) return { told, reason: (step.value as { reason: string }).reason }
    told.push([step.value.id, step.value.value])
  }
}

describe('a run', () => {
  test('goes on without a subscriber, and sends all of it to a later one', async () => {
    const runs = createdRuns()
    const { id } = await runs.start(['a', 'b', { c: 3 }], me)
    expect(await read(runs, id)).toEqual({
      told: [
        ['1-1', 'a'],
        ['1-2', 'b'],
        ['1-3', { c: 3 }],
      ],
      reason: 'done',
    })
    expect(await read(runs, id)).toMatchObject({ reason: 'done' })
  })

  test('goes on after the event that its subscriber names', async () => {
    const runs = createdRuns()
    const { id } = await runs.start(['a', 'b', 'c'], me)
    const after = async (lastEventId: string): Promise<unknown[]> =>
      (await read(runs, id, lastEventId)).told.map(([, value]) => value)
    expect(await after('1-2')).toEqual(['c'])
    expect(await after('1-3')).toEqual([])
    // What no viewer can have been told counts for nothing.
    for (const made of ['1-4', '2-1', '0-1', 'x', '1-2\n', '1--2', '9'.repeat(300), '1-1e1', '-1'])
      expect(await after(made), made).toEqual(['a', 'b', 'c'])
  })

  test('tells its source where it is found, and is found by its key, running or not', async () => {
    const runs = createdRuns({ path: '/answers' })
    const mine = { ...me, key: 'chat' }
    expect(await runs.current(mine)).toBe(undefined)
    const source = controlled<string>()
    const seen: unknown[] = []
    const run = await runs.start((given) => {
      seen.push(given.run)
      return source(given)
    }, mine)
    await source.say('a')
    expect(seen).toEqual([{ id: run.id, path: `/answers/${run.id}` }])
    expect(await runs.current(mine)).toMatchObject({ id: run.id, path: run.path })
    expect(await runs.current({ ...mine, owner: 'you' })).toBe(undefined)
    source.end()
    await eventually(async () => expect(await read(runs, run.id)).toMatchObject({ reason: 'done' }))
    expect(await runs.current(mine)).toMatchObject({ id: run.id })
  })

  test('has an id without a pattern, that says nothing to others', async () => {
    const runs = createdRuns()
    const ids = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => (await runs.start([], { owner: `${n}` })).id),
    )
    expect(new Set(ids).size).toBe(50)
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/)
    for (const id of [ids[1]!, 'A'.repeat(22), '', '../x', 'x'.repeat(9_999)]) {
      await expect(runs.subscribe(id, { owner: '0' }).open(context)).rejects.toMatchObject({
        code: 'run/unknown',
        status: 404,
      })
      await expect(runs.stop(id, { owner: '0' })).rejects.toMatchObject({ code: 'run/unknown' })
    }
  })

  test('has an owner, which is not empty', async () => {
    await expect(createdRuns().start([], { owner: '' })).rejects.toMatchObject({
      code: 'config/invalid',
    })
  })

  test('of an equal key runs once, and may run again after its end', async () => {
    const runs = createdRuns()
    const source = controlled<string>()
    let others = 0
    const other: Source<string> = () => {
      others += 1
      return []
    }
    const keyed = { ...me, key: 'conversation 1' }
    const [first, second] = await Promise.all([runs.start(source, keyed), runs.start(other, keyed)])
    expect([second.id, others]).toEqual([first.id, 0])
    // Another owner's key of the same name is another key.
    expect((await runs.start([], { owner: 'you', key: 'conversation 1' })).id).not.toBe(first.id)
    source.end()
    await read(runs, first.id)
    await eventually(async () => expect((await runs.health()).running).toBe(0))
    expect((await runs.start(other, keyed)).id).not.toBe(first.id)
    await eventually(() => expect(others).toBe(1))
  })

  test('is stopped by Stop and not by those who leave', async () => {
    const runs = createdRuns()
    const source = controlled<string>()
    const { id } = await runs.start(source, me)
    const viewer = await runs.subscribe(id, me).open(context)
    await source.say('a')
    expect((await viewer.next()).value).toMatchObject({ id: '1-1', value: 'a' })
    await viewer.return!()
    await source.say('b')
    expect(source.signal!.aborted).toBe(false)
    await runs.stop(id, me)
    expect(source.signal!.aborted).toBe(true)
    expect(await read(runs, id)).toEqual({
      told: [
        ['1-1', 'a'],
        ['1-2', 'b'],
      ],
      reason: 'stopped',
    })
    // What is over stays as it ended.
    await runs.stop(id, me)
    expect(await read(runs, id)).toMatchObject({ reason: 'stopped' })
  })

  test('that needs subscribers is stopped when none is left, after the grace', async () => {
    const clock = useClock()
    const runs = createdRuns()
    const source = controlled<string>()
    const { id } = await runs.start(source, { ...me, onDisconnect: 'cancel', graceMs: 60 })
    const leave = await runs.subscribe(id, me).open(context)
    await source.say('a')
    await leave.return!()
    await clock.advance(40)
    const back = await runs.subscribe(id, me).open(context)
    await clock.advance(120)
    await back.return!()
    await clock.advance(59)
    expect(source.signal!.aborted).toBe(false)
    await clock.advance(1)
    expect(source.signal!.aborted).toBe(true)
    expect(await read(runs, id)).toMatchObject({ reason: 'disconnected' })
  })

  test('that fails says a code and an id, the same to everybody, and the log says why', async () => {
    const log = recordingLog()
    const errors: unknown[] = []
    const runs = createdRuns({ log })
    const { id } = await runs.start(
      async function* () {
        yield 'a'
        throw new Error('SECRET')
      },
      {
        ...me,
        onError: (error) => errors.push(error),
        onEnd: () => {
          throw new Error('mine')
        },
      },
    )
    const ends = await Promise.all(
      [0, 1].map(async () => {
        const values = await runs.subscribe(id, me).open(context)
        for (;;) {
          const step = await values.next()
          if (step.done) return step.value as { reason: string; publicError: { id: string } }
        }
      }),
    )
    expect(ends[0]).toMatchObject({ reason: 'error', publicError: { code: 'source/failed' } })
    expect(ends[1]!.publicError).toEqual(ends[0]!.publicError)
    expect(JSON.stringify(ends[0]!.publicError)).not.toContain('SECRET')
    expect(log.lines.find(({ level }) => level === 'error')!.fields['id']).toBe(
      ends[0]!.publicError.id,
    )
    expect(errors).toEqual([new Error('SECRET')])
  })

  test('ends when its source is silent, lives, or says more than it may', async () => {
    const clock = useClock()
    const runs = createdRuns({
      limits: { maxDurationMs: 150, idleSourceMs: 100 },
      maxRunChars: 100,
    })
    const never = controlled<string>()
    const slowly = async function* ({ signal }: StreamContext): AsyncGenerator<string> {
      while (!signal.aborted) {
        await clockSleep(20, signal)
        yield 'x'
      }
    }
    const much = ['x'.repeat(60), 'x'.repeat(60)]
    const reasons = Promise.all(
      [never, slowly, much].map(async (source) => {
        const limits = source === never ? { idleSourceMs: 40 } : {}
        const { id } = await runs.start(source, { ...me, limits })
        return (await read(runs, id)).reason
      }),
    )
    await clock.advance(40)
    expect(never.signal!.aborted).toBe(true)
    await clock.advance(110)
    expect(await reasons).toEqual(['timeout', 'limit', 'limit'])
  })

  test('is refused when its owner, or the node, has too many', async () => {
    const runs = createdRuns({ maxRunningPerOwner: 1, maxRunning: 2 })
    const never = (): Source<string> => controlled<string>()
    await runs.start(never(), me)
    await expect(runs.start(never(), me)).rejects.toMatchObject({
      code: 'limit/runs-per-owner',
      status: 429,
    })
    await runs.start(never(), { owner: 'you' })
    await expect(runs.start(never(), { owner: 'they' })).rejects.toMatchObject({
      code: 'limit/runs',
      status: 503,
    })
  })

  test.each([
    ['without a key', () => ({})],
    ['with a key each', (n: number) => ({ key: `key ${n}` })],
  ])('is refused also when thousands start at once (%s)', async (_, more) => {
    const runs = createdRuns()
    let begun = 0
    const never: Source<string> = async function* ({ signal }) {
      begun += 1
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
    const starts = Array.from({ length: 10_000 }, (_run, n) =>
      runs.start(never, { ...me, ...more(n) }),
    )
    const refused = (await Promise.allSettled(starts)).filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(10_000 - 8)
    expect(refused.at(-1)).toMatchObject({ reason: { code: 'limit/runs-per-owner' } })
    await eventually(async () => expect([begun, (await runs.health()).running]).toEqual([8, 8]))
  })

  test('that runs already takes no second place, however many ask for its key at once, and frees it with its end', async () => {
    const memory = createMemoryStore()
    let asked = 0
    const slowly = async <T>(ms: number, call: () => Promise<T>): Promise<T> => {
      await new Promise((resolve) => setTimeout(resolve, ms))
      return call()
    }
    const store: RunStore = {
      ...memory,
      start(...run) {
        asked += 1
        return slowly(20, () => memory.start(...run))
      },
      append: (...lines) => slowly(60, () => memory.append(...lines)),
    }
    const runs = createdRuns({ store, maxRunningPerOwner: 1, maxRunning: 1 })
    const source = controlled<string>()
    const start = () => runs.start(source, { ...me, key: 'talk' })
    const begun = await Promise.all(Array.from({ length: 20 }, start))
    const again = await start()
    expect(new Set([...begun, again].map(({ id }) => id)).size).toBe(1)
    expect(asked).toBe(1)
    await expect(runs.start(source, { ...me, key: 'other' })).rejects.toMatchObject({
      code: 'limit/runs-per-owner',
    })

    source.end()
    await read(runs, again.id)
    const [next, same] = await Promise.all([start(), start()])
    expect(next.id).not.toBe(again.id)
    expect(same.id).toBe(next.id)
    await eventually(() => expect(source.opened).toBe(2))
  })

  test('that cannot start may be started again', async () => {
    const memory = createMemoryStore()
    let away = true
    const store: RunStore = {
      ...memory,
      start: (...run) => (away ? Promise.reject(new Error('away')) : memory.start(...run)),
    }
    const runs = createdRuns({ store })
    const start = () => runs.start(['a'], { ...me, key: 'talk' })
    for (const refused of await Promise.allSettled([start(), start()]))
      expect(refused).toMatchObject({ reason: { code: 'run/store-away' } })
    away = false
    const { id } = await start()
    expect((await read(runs, id)).told).toEqual([['1-1', 'a']])
  })

  test('that cannot be stored as JSON ends with an error that names the value', async () => {
    const log = recordingLog()
    const runs = createdRuns({ log })
    const { id } = await runs.start(['a', 1n], me)
    expect(await read(runs, id)).toEqual({ told: [['1-1', 'a']], reason: 'error' })
    expect(log.lines.find(({ level }) => level === 'error')!.message).toContain('bigint')
  })

  test('ends as interrupted when its node is closed, or by itself within the grace', async () => {
    const short = createRuns()
    const source = controlled<string>()
    const { id } = await short.start(source, me)
    const viewer = await short.subscribe(id, me).open(context)
    // On a busy machine it is asked a turn later.
    await eventually(() => expect(source.opened).toBe(1))
    const closed = short.close()
    expect((await viewer.next()).value).toMatchObject({ reason: 'interrupted' })
    await closed
    expect(source.signal!.aborted).toBe(true)
    await expect(short.start([], me)).rejects.toMatchObject({ code: 'limit/closing' })

    const long = createRuns()
    const other = controlled<string>()
    const run = await long.start(other, me)
    const looker = await long.subscribe(run.id, me).open(context)
    const closing = long.close(5_000)
    other.end()
    expect((await looker.next()).value).toMatchObject({ reason: 'done' })
    await closing
  })
})

const TEMPLATES = {
  'chat.html':
    '{% block response %}<p class="{{ "failed" if failed else "good" }}">{{ text }}</p>{% endblock %}',
}

/** An app whose answers are runs. */
function appOf(source: Source<unknown>, runs: Runs, encoding?: ReturnType<typeof events>): Hono {
  const app = new Hono()
  app.use(swapstream({ templates: TEMPLATES, log: recordingLog() }))
  const stream = encoding ? { encoding } : {}
  app.post('/chat', async (c) => {
    const run = await runs.start(source, { owner: ownerOf(c), key: 'chat' })
    c.header('x-path', run.path)
    return new EventStream(run, stream)
  })
  app.route('/runs', runRoutes(runs, { stream }))
  return app
}

const SAME_SITE = { 'sec-fetch-site': 'same-origin' }

describe('onEnd of a run', () => {
  const ended = (runs: Runs, source: Source<unknown>) => {
    const ends: unknown[] = []
    const onEnd = (reason: string, end: object): void => void ends.push([reason, end])
    return runs.start(source, { ...me, onEnd }).then((run) => ({ run, ends }))
  }
  const answer = (tokens: ReturnType<typeof controlled<string>>): Source<unknown> =>
    async function* (request) {
      yield* streamToFragments(tokens(request), 'chat.html', 'response', { contextKey: 'answer' })
      yield new Fragment('chat.html', 'response', { answer: 'a link' }, { target: '#link' })
      return 7
    }

  test('gets the reason, and the text that was written until then', async () => {
    const tokens = controlled<string>()
    const runs = createdRuns()
    const { run, ends } = await ended(runs, answer(tokens))
    await tokens.say('Hel', 'lo')
    await runs.stop(run.id, me)
    expect(ends).toEqual([['stopped', { reason: 'stopped', text: 'Hello', values: 2 }]])
  })

  test('gets the whole text and the final value of an answer that is whole', async () => {
    const tokens = controlled<string>()
    const { ends } = await ended(createdRuns(), answer(tokens))
    await tokens.say('Hel', 'lo')
    tokens.end()
    const end = { reason: 'done', text: 'Hello', values: 4, final: 7 }
    await eventually(() => expect(ends).toEqual([['done', end]]))
  })

  test('is waited for by close, so that what a shutdown cuts is stored', async () => {
    const runs = createRuns()
    const steps: string[] = []
    let store = (): void => {}
    const stored = new Promise<void>((resolve) => (store = resolve))
    const source = controlled<string>()
    const onEnd = async (reason: string): Promise<void> => {
      steps.push(reason)
      await stored
      steps.push('stored')
    }
    await runs.start(source, { ...me, onEnd })
    await source.say('a')
    const closed = runs.close().then(() => steps.push('closed'))
    await eventually(() => expect(steps).toEqual(['interrupted']))
    store()
    await closed
    expect(steps).toEqual(['interrupted', 'stored', 'closed'])
  })

  test('gets what failed, also with text that is sent as it is', async () => {
    const error = new Error('overloaded')
    const { ends } = await ended(createdRuns({ log: recordingLog() }), async function* () {
      yield 'Hel'
      yield 'lo'
      throw error
    })
    const end = { reason: 'error', text: 'Hello', values: 2, error }
    await eventually(() => expect(ends).toEqual([['error', end]]))
  })

  test('of a stream gets the text, too, however the answer is sent', async () => {
    const app = new Hono()
    const ends: unknown[] = []
    app.use(swapstream({ templates: TEMPLATES, log: recordingLog() }))
    app.post('/', () => {
      const onEnd = ({ reason, text }: StreamEnd): void => void ends.push([reason, text])
      return new EventStream(() => streamToFragments(['Hel', 'lo'], 'chat.html', 'response'), {
        onEnd,
      })
    })
    for (const accept of ['text/event-stream', 'text/html'])
      await (await app.request('/', { method: 'POST', headers: { accept } })).text()
    expect(ends).toEqual([
      ['done', 'Hello'],
      ['done', 'Hello'],
    ])
    const left = await openStream(app, '/', { method: 'POST' })
    await left.disconnect()
    await eventually(() => expect(ends).toHaveLength(3))
  })
})

describe('a run', () => {
  test('says whether it is running: on its node, on another one, and after its end', async () => {
    const store = createMemoryStore()
    const [one, two] = [createdRuns({ store }), createdRuns({ store })]
    const source = controlled<string>()
    const run = await one.start(source, { ...me, key: 'chat' })
    const current = async () => (await two.current({ ...me, key: 'chat' }))!
    const found = await current()
    expect([run.running, found.running]).toEqual([true, true])
    await source.say('a')
    source.end()
    await eventually(async () => expect((await current()).running).toBe(false))
    expect(run.running).toBe(false)
    const own = await one.current({ ...me, key: 'chat' })
    expect([own!.id, own!.running]).toEqual([run.id, false])
  })
})

describe('ownerOf', () => {
  const app = new Hono<{ Variables: { user?: { id: string } } }>()
  app.use(swapstream({ templates: {}, owner: (c) => c.get('user')?.id, log: recordingLog() }))
  app.use((c, next) => {
    const id = c.req.header('x-user')
    if (id) c.set('user', { id })
    return next()
  })
  app.get('/', (c) => c.text(ownerOf(c)))
  const asked = async (headers: Record<string, string>) => {
    const response = await app.request('/', { headers })
    return [await response.text(), response.headers.has('set-cookie')]
  }

  test('gives the person that the app names, and sets no cookie', async () => {
    expect(await asked({ 'x-user': 'ada' })).toEqual(['ada', false])
  })

  test('gives a guest an id of its own, so that no cookie can name a person', async () => {
    const id = 'AAAAAAAAAAAAAAAAAAAAAA'
    const [guest, isSet] = await asked({})
    expect([guest, isSet]).toEqual([expect.stringMatching(/^guest:[\w-]{22}$/), true])
    expect(await asked({ cookie: `swapstream-owner=${id}` })).toEqual([`guest:${id}`, false])
    expect(await asked({ 'x-user': id })).toEqual([id, false])
  })
})

describe('runs over HTTP', () => {
  test.each([
    ['https://example.com/', 0, {}, true],
    ['http://example.com/', 1, { 'x-forwarded-proto': 'https' }, true],
    ['http://example.com/', 1, { 'x-forwarded-proto': 'https, http' }, false],
    ['http://example.com/', 2, { 'x-forwarded-proto': 'https, http' }, true],
    ['http://example.com/', 2, { 'x-forwarded-proto': 'https' }, true],
    ['http://example.com/', 2, { 'x-forwarded-proto': 'https, http, http' }, false],
    ['http://example.com/', 1, {}, false],
    ['http://example.com/', 0, { 'x-forwarded-proto': 'https' }, false],
  ])(
    'belong to a cookie that goes over TLS only where %s with %i proxies and %j says so',
    async (url, proxies, headers, secure) => {
      const app = new Hono()
      app.use(swapstream({ templates: {}, log: recordingLog(), proxies }))
      app.get('/', (c) => c.text(ownerOf(c)))
      const response = await app.request(url, { headers })
      expect(response.headers.get('set-cookie')).toMatch(secure ? /; Secure/ : /^(?!.*Secure)/)
    },
  )

  test('are resumed where the reader was, by the browser that started them only', async () => {
    const source = controlled<string>()
    const app = appOf(source, createdRuns(), events())
    const posted = await openStream(app, '/chat', { method: 'POST' })
    await source.say('a', 'b')
    await posted.until(({ data }) => data === 'b')
    await posted.disconnect()
    const path = posted.response.headers.get('x-path')!
    const set = posted.response.headers.get('set-cookie')!
    expect(set).toMatch(/^swapstream-owner=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax$/)
    const cookie = { cookie: set.split(';')[0]!, ...SAME_SITE }

    const [stranger, other] = await Promise.all([
      app.request(path, { headers: SAME_SITE }),
      app.request('/runs/AAAAAAAAAAAAAAAAAAAAAA', { headers: cookie }),
    ])
    expect([stranger.status, other.status]).toEqual([404, 404])

    const resumed = await openStream(app, path, { headers: { ...cookie, 'last-event-id': '1-1' } })
    await source.say('c')
    source.end()
    const text = (await resumed.all()).map(({ id, event, data }) => [id, event, data])
    expect(text).toEqual([
      ['1-2', undefined, 'b'],
      ['1-3', undefined, 'c'],
      [undefined, 'done', '{"reason":"done"}'],
    ])
    const late = await app.request(path, { headers: { ...cookie, accept: 'text/event-stream' } })
    expect([late.status, await late.text()]).toEqual([
      200,
      'data: a\nid: 1-1\n\ndata: b\nid: 1-2\n\ndata: c\nid: 1-3\n\nevent: done\ndata: {"reason":"done"}\n\n',
    ])
  })

  test('are stopped by a POST, and what was written stays, drawn as cut', async () => {
    const source = controlled<string>()
    const app = appOf(
      ({ signal }) =>
        streamToFragments(source({ signal, lastEventId: undefined }), 'chat.html', 'response'),
      createdRuns(),
    )
    const posted = await openStream(app, '/chat', { method: 'POST' })
    await source.say('Hel')
    const begun = await posted.until(({ data }) => data.includes('Hel'))
    const path = posted.response.headers.get('x-path')!
    const cookie = posted.response.headers.get('set-cookie')!.split(';')[0]!
    const headers = { cookie, ...SAME_SITE }

    const strange = await app.request(`${path}/stop`, { method: 'POST', headers: SAME_SITE })
    expect(strange.status).toBe(404)
    const stopped = await app.request(`${path}/stop`, { method: 'POST', headers })
    expect([stopped.status, source.signal!.aborted]).toEqual([204, true])
    // A browser without scripts goes back to its page, and to no other one.
    for (const [referer, status] of [
      ['http://localhost/?page=1', 303],
      ['https://elsewhere.example/', 204],
    ] as const) {
      const form = { ...headers, accept: 'text/html', referer }
      const back = await app.request(`${path}/stop`, { method: 'POST', headers: form })
      expect([back.status, back.headers.get('location')]).toEqual([
        status,
        status === 303 ? referer : null,
      ])
    }
    const rest = await posted.all()
    expect(rest.at(-1)).toMatchObject({ event: 'done', data: '{"reason":"stopped"}' })
    expect(shownAfterEach([...begun, ...rest]).at(-1)).toBe(
      '<p class="failed">Hel</p><p class="swapstream-notice" role="status">Stopped.</p>',
    )

    // One who comes late sees the same, also without scripts.
    const late = await openStream(app, path, { headers })
    expect(shownAtEnd(await late.all())).toMatch(/^<p class="failed">Hel<\/p>/)
    const page = await app.request(path, { headers: { ...headers, accept: 'text/html' } })
    expect(await page.text()).toBe('<p class="failed">Hel</p>')
  })

  test('that are slow to read cost one state, with the id of all that it stands for', async () => {
    const source = controlled<string>()
    const runs = createdRuns()
    const app = appOf(
      ({ signal }) =>
        streamToFragments(source({ signal, lastEventId: undefined }), 'chat.html', 'response'),
      runs,
    )
    const posted = await openStream(app, '/chat', { method: 'POST' })
    await posted.disconnect()
    for (const word of ['one ', 'two ', 'three ']) await source.say(word)
    const headers = {
      cookie: posted.response.headers.get('set-cookie')!.split(';')[0]!,
      ...SAME_SITE,
    }
    const late = await openStream(app, posted.response.headers.get('x-path')!, { headers })
    const [first] = await late.until(({ data }) => data.includes('three'))
    expect(first!.id).toBe('1-3')
    expect(shownAfterEach([first!])).toEqual(['<p class="good">one two three </p>'])
    await source.say('four')
    const [second] = await late.until(({ data }) => data.includes('four'))
    expect([second!.id, second!.data]).toEqual([
      '1-4',
      expect.stringMatching(/^<p hx-swap-oob="[^"]*">four$/),
    ])
    await late.disconnect()
  })

  test('that fail before they say anything are ordinary HTTP errors to who started them', async () => {
    const app = appOf(async function* () {
      throw new Error('SECRET')
    }, createdRuns())
    app.onError((error, c) => c.text(`500 ${error.message.length}`, 500))
    const response = await app.request('/chat', {
      method: 'POST',
      headers: { ...SAME_SITE, accept: 'text/event-stream' },
    })
    expect([response.status, await response.text()]).toEqual([500, '500 6'])
  })
})

describe('a server that shuts down', () => {
  test('sends subscribers to another node, and then ends what it makes itself', async () => {
    const runs = createRuns()
    const source = controlled<string>()
    const app = appOf(
      ({ signal }) =>
        streamToFragments(source({ signal, lastEventId: undefined }), 'chat.html', 'response'),
      runs,
    )
    const ends: string[] = []
    const server = serve(app, {
      port: 0,
      hostname: '127.0.0.1',
      onListen: () => {},
      signals: false,
      onClose: async () => {
        ends.push((await runs.health()).running === 1 ? 'runs go on' : 'runs are over')
        await runs.close()
      },
    })
    const url = await server.ready
    const response = await fetch(`${url}/chat`, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'hx-request': 'true' },
    })
    await source.say('Hel')
    const received = readEvents(response)
    await received.next()
    const closed = server.close()
    const rest = []
    for await (const event of received) rest.push(event)
    // Nothing is drawn as cut: the answer goes on.
    expect(rest.map(({ event, data }) => [event, data])).toEqual([
      ['shutdown', '{"reason":"shutdown"}'],
    ])
    await closed
    expect([ends, source.signal!.aborted]).toEqual([['runs go on'], true])
  })
})

test('over any number of cuts no subscriber misses or repeats a value', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 20 }),
      fc.array(fc.nat({ max: 6 }), { maxLength: 8 }),
      async (values, cuts) => {
        const runs = createRuns()
        const source = async function* (): AsyncGenerator<unknown> {
          for (const value of values) {
            await Promise.resolve()
            yield value
          }
        }
        const { id } = await runs.start(source, me)
        const told: [string, unknown][] = []
        for (const cut of [...cuts, Infinity]) {
          const lastEventId = told.at(-1)?.[0]
          const viewer = await runs.subscribe(id, me).open({ ...context, lastEventId })
          for (let n = 0; n < cut; n++) {
            const step = await viewer.next()
            if (step.done) break
            told.push([step.value.id, step.value.value])
          }
          await viewer.return!()
        }
        expect(told).toEqual(values.map((value, at) => [`1-${at + 1}`, value]))
        await runs.close()
      },
    ),
  )
})
