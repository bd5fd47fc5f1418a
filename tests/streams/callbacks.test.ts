import { AsyncLocalStorage } from 'node:async_hooks'
import { Hono } from 'hono'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  createRuns,
  EventStream,
  events,
  NDJSON,
  produce,
  streamToFragments,
  swapstream,
  type EventEncoding,
  type EventStreamOptions,
  type Source,
} from 'swapstream'
import { serve } from 'swapstream/node'
import { controlledClock } from 'swapstream/testing'
import { eventually } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

let release = (): void => {}
const uncaught: unknown[] = []
const onUncaught = (error: unknown): void => void uncaught.push(error)
afterEach(() => {
  release()
  release = () => {}
  vi.restoreAllMocks()
})
/** Runs a step, and gives what reached the process meanwhile. */
async function uncaughtIn(step: () => Promise<void>): Promise<unknown[]> {
  process.on('uncaughtException', onUncaught)
  process.on('unhandledRejection', onUncaught)
  try {
    await step()
    await new Promise((resolve) => setTimeout(resolve, 20))
    return uncaught.splice(0)
  } finally {
    process.off('uncaughtException', onUncaught)
    process.off('unhandledRejection', onUncaught)
  }
}

function appOf(source: Source<unknown>, options: EventStreamOptions<unknown> = {}) {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates: {}, log, heartbeatMs: 1_000 }))
  app.get('/x', () => new EventStream(source, { encoding: events(), ...options }))
  return { app, log }
}
const forever: Source<string> = async function* ({ signal }) {
  yield 'x'
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
}
const breaks: Source<string> = async function* () {
  yield 'x'
  throw new Error('broken')
}
const boom = (): never => {
  throw new Error('boom')
}
const rejects = async (): Promise<never> => boom()

describe('callbacks run in the context of the request:', () => {
  const storage = new AsyncLocalStorage<string>()
  const seen: string[] = []
  const note = (what: string) => (): void => void seen.push(`${what} ${storage.getStore()}`)
  const log = { debug: note('log'), info: note('log'), warn: note('log'), error: note('log') }
  afterEach(() => void seen.splice(0))

  const noting = (end: 'fails' | 'waits'): Source<string> =>
    async function* ({ signal }) {
      signal.addEventListener('abort', note('abort'))
      try {
        yield 'x'
        if (end === 'fails') throw new Error('broken')
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      } finally {
        note('teardown')()
      }
    }
  const encoding: EventEncoding = () => ({
    value: (value) => {
      note('value')()
      return String(value)
    },
    end: ({ reason }) => {
      note('end event')()
      return reason
    },
  })
  function storingApp(source: Source<string>) {
    const app = new Hono()
    app.use((_, next) => storage.run('request', next))
    app.use(swapstream({ templates: {}, log }))
    const callbacks = { onEnd: note('end'), onError: note('error') }
    app.get('/events', () => new EventStream(source, { encoding, ...callbacks }))
    app.get('/lines', () => new NDJSON(source, callbacks))
    const runs = createRuns()
    app.get('/run', async () => {
      const run = await runs.start(source, { owner: 'me', ...callbacks })
      return new EventStream(run, { encoding })
    })
    app.get('/stop', async (c) => {
      for (const id of [c.req.query('id')!]) await runs.stop(id, { owner: 'me' })
      return c.text('')
    })
    return { app, runs }
  }
  const expectAll = (...wanted: string[]): Promise<void> =>
    eventually(() => {
      for (const what of wanted) expect(seen).toContain(`${what} request`)
      expect(seen.filter((line) => !line.endsWith(' request'))).toEqual([])
    })

  test.each(['/events', '/lines', '/run'])('of a stream that fails (%s)', async (path) => {
    const { app, runs } = storingApp(noting('fails'))
    await (await app.request(path)).text().catch(() => {})
    await expectAll('end', 'error', 'log', 'teardown')
    await storage.run('request', () => runs.close())
  })

  test('of an encoding', async () => {
    const { app } = storingApp(noting('fails'))
    await (await app.request('/events')).text()
    await expectAll('value', 'end event')
  })

  test.each([
    ['/frames', 'text/event-stream'],
    ['/frames', 'text/html'],
    ['/runs', 'text/event-stream'],
    ['/runs', 'text/html'],
  ])('of templates, and of what makes their context (%s as %s)', async (path, accept) => {
    const own = { g: note('global') }
    const filters = { f: (text: unknown) => (note('filter')(), text) }
    const block = '{% block b %}<p>{{ g() }}{{ text | f }}</p>{% endblock %}'
    const app = new Hono()
    app.use((_, next) => storage.run('request', next))
    const context = () => (note('context')(), {})
    const templates = { 'x.html': block }
    app.use(swapstream({ templates, log, globals: own, filters, context }))
    const model = async function* () {
      yield { type: 'reasoning', text: 'hm' }
      await new Promise((resolve) => setTimeout(resolve, 60))
      yield { type: 'text-delta', text: 'Hi' }
    }
    const options = { onPart: note('part'), onDone: note('done') }
    const source = () => streamToFragments(model(), 'x.html', 'b', options)
    const runs = createRuns()
    app.get('/frames', () => new EventStream(source))
    app.get('/runs', async () => new EventStream(await runs.start(source, { owner: 'me' })))
    const server = serve(app, { port: 0, hostname: '127.0.0.1', signals: false, onListen() {} })
    try {
      await (await fetch(`${await server.ready}${path}`, { headers: { accept } })).text()
      await expectAll('global', 'filter', 'context', 'part', 'done', 'log')
    } finally {
      await server.close(0)
      await storage.run('request', () => runs.close())
    }
  })

  test('of a client that leaves', async () => {
    const { app } = storingApp(noting('waits'))
    const response = await app.request('/events')
    await response.body!.cancel()
    await expectAll('abort', 'teardown', 'end', 'log')
  })

  test('of a run that another request stops', async () => {
    const { app, runs } = storingApp(noting('waits'))
    const run = await storage.run('request', () =>
      runs.start(noting('waits'), { owner: 'me', onEnd: note('end') }),
    )
    await eventually(async () => expect((await runs.health()).running).toBe(1))
    await new Promise((resolve) => setTimeout(resolve, 10))
    await runs.stop(run.id, { owner: 'me' })
    await expectAll('abort', 'teardown', 'end')
    void app
    await storage.run('request', () => runs.close())
  })
})

describe('what a callback does wrong ends its stream, and nothing else:', () => {
  test.each([
    ['throws', boom],
    ['rejects', rejects],
  ])('a writer whose onCancel %s', async (_, callback) => {
    const source = produce<string>(async (writer) => {
      writer.onCancel(callback)
      await writer.write('x')
      await new Promise<void>((resolve) => writer.onCancel(resolve))
    })
    const { app, log } = appOf(source)
    const escaped = await uncaughtIn(async () => {
      const response = await app.request('/x')
      await response.body!.cancel()
      await eventually(() =>
        expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toContain(
          'error a callback of a source failed: boom',
        ),
      )
    })
    expect(escaped).toEqual([])
  })

  test.each([
    ['throws', boom],
    ['rejects', rejects],
  ])('an onEnd and an onError that %s', async (_, callback) => {
    const { app, log } = appOf(breaks, { onEnd: callback, onError: callback })
    const escaped = await uncaughtIn(async () => {
      expect(await (await app.request('/x')).text()).toMatch(/^data: x\n\nevent: error/)
    })
    expect(escaped).toEqual([])
    const messages = log.lines.map(({ message }) => message)
    expect(messages).toContain('onEnd of a stream failed')
    expect(messages).toContain('onError of a stream failed')
  })

  test.each([
    ['a number', () => 7],
    ['nothing', () => undefined],
    ['null', () => null],
    ['a promise', async () => ': ping\n\n'],
    ['an error', boom],
  ])('an encoding whose heartbeat is %s', async (_, heartbeat) => {
    const clock = controlledClock()
    release = clock.release
    const encoding: EventEncoding = () => ({
      value: (value) => String(value),
      end: ({ reason }) => ` ${reason}`,
      heartbeat: heartbeat as () => never,
    })
    const { app, log } = appOf(forever, { encoding })
    const escaped = await uncaughtIn(async () => {
      const text = (await app.request('/x')).text()
      await new Promise((resolve) => setTimeout(resolve, 5))
      await clock.advance(1_000)
      expect(await text).toBe('x error')
    })
    expect(escaped).toEqual([])
    const { fields } = log.lines.find(({ level }) => level === 'error')!
    expect((fields['err'] as Error).message).toMatch(/heartbeat of an encoding returned|boom/)
  })

  test('an encoding whose heartbeat is empty sends nothing, and the stream goes on', async () => {
    const clock = controlledClock()
    release = clock.release
    let beats = 0
    const encoding: EventEncoding = () => ({
      value: (value) => String(value),
      end: ({ reason }) => ` ${reason}`,
      heartbeat() {
        beats += 1
        return ''
      },
    })
    const { app } = appOf(forever, { encoding, limits: { maxDurationMs: 3_500 } })
    const text = (await app.request('/x')).text()
    await new Promise((resolve) => setTimeout(resolve, 5))
    for (let n = 0; n < 4; n += 1) await clock.advance(1_000)
    expect([await text, beats]).toEqual(['x limit', 3])
  })

  test.each(['start', 'value'] as const)('an encoding whose %s is no text', async (method) => {
    const encoding: EventEncoding = () => ({
      value: (value) => String(value),
      end: ({ reason }) => reason,
      [method]: () => ({ data: 'x' }) as never,
    })
    const { app, log } = appOf(forever, { encoding })
    expect((await app.request('/x')).status).toBe(502)
    const { message } = log.lines.find(({ level }) => level === 'error')!
    expect(message).toMatch(`${method} of an encoding returned object`)
  })

  test('an encoding whose end is no text cuts the body', async () => {
    const encoding: EventEncoding = () => ({ value: String, end: () => 7 as never })
    const { app, log } = appOf(['x'], { encoding })
    await expect((await app.request('/x')).text()).rejects.toThrow('cut')
    expect(log.lines.some(({ level }) => level === 'error')).toBe(true)
  })
})

describe('a log that fails', () => {
  test.each([
    ['throws', boom],
    ['rejects', rejects],
  ])('and %s is on the console once, and the stream ends as it should', async (_, fails) => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    const app = new Hono()
    const log = { debug: fails, info: fails, warn: fails, error: fails }
    app.use(swapstream({ templates: {}, log }))
    app.get('/x', () => new EventStream(breaks, { encoding: events() }))
    app.get('/early', () => new EventStream(boom, { encoding: events() }))
    const runs = createRuns({ log })
    const escaped = await uncaughtIn(async () => {
      expect(await (await app.request('/x')).text()).toMatch(/^data: x\n\nevent: error/)
      const run = await runs.start(breaks, { owner: 'me' })
      await eventually(async () => expect((await runs.health()).running).toBe(0))
      void run
      await runs.close()
    })
    expect(escaped).toEqual([])
    // One for the app, one for the runs.
    expect(said).toHaveBeenCalledTimes(2)
    expect(said.mock.calls[0]![0]).toMatch(/^The log of swapstream failed with ".*": boom$/)
  })
})
