import { Hono } from 'hono'
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest'
import {
  Bytes,
  createRuns,
  EventStream,
  events,
  Fragment,
  NDJSON,
  plain,
  sequenced,
  ServerSentEvent,
  streamWithSources,
  swapstream,
  type EventStreamOptions,
  type SwapstreamOptions,
} from 'swapstream'
import { readEvents } from 'swapstream/client'
import { recordingLog } from '../support/recording-log.ts'

const log = recordingLog()
afterEach(() => void log.lines.splice(0))

function appWith(answer: () => object, options: SwapstreamOptions = {}): Hono {
  const app = new Hono()
  app.use(swapstream({ templates: {}, log, expose: true, ...options }))
  app.get('/x', answer as () => Response)
  return app
}

const encoded = (values: Iterable<unknown>, options: EventStreamOptions) =>
  appWith(() => new EventStream(() => values, options))
const read = async (app: Hono, headers: Record<string, string> = {}): Promise<string> =>
  (await app.request('/x', { headers: { accept: 'text/event-stream', ...headers } })).text()

const DONE = 'event: done\ndata: {"reason":"done"}\n\n'

describe('events() named "message"', () => {
  test('are events without a name, which every client calls so', async () => {
    const app = encoded(['Hi'], { encoding: events({ event: 'message', done: 'done' }) })
    expect(await read(app)).toBe(`data: Hi\n\n${DONE}`)
    const names = []
    for await (const { event } of readEvents(app.request('/x') as Promise<Response>))
      names.push(event)
    expect(names).toEqual([undefined, 'done'])
  })

  test('are so on every encoding, from an event of their author', async () => {
    const event = new ServerSentEvent({ event: 'message', data: 'Hi', id: '1' })
    for (const encoding of [plain, sequenced, events()])
      expect(await read(encoded([event], { encoding }))).toContain('id: 1\ndata: Hi\n\n')
  })

  test.each(['done', 'error'])('cannot be the end: %s', (option) => {
    expect(() => events({ [option]: 'message' })).toThrow(
      `events({ ${option}: 'message' }) would send an end that looks like a value: events without a name are called "message". Use a name such as "${option}".`,
    )
  })
})

describe('events() whose values would look like an end', () => {
  test.each([
    [{ event: 'done' }],
    [{ event: 'error' }],
    [{ event: 'shutdown' }],
    [{ event: 'end', done: 'end' }],
    [{ event: 'failed', error: 'failed' }],
  ])('are refused: %j', (names) => {
    expect(() => events(names)).toThrow(
      /which has the same name\. Use another|use a name of your own/,
    )
    expect(() => events(names)).toThrow(expect.objectContaining({ code: 'wire/field' }))
  })

  test('may have the name that the end gives up', async () => {
    const app = encoded(['Hi'], { encoding: events({ event: 'done', done: 'end' }) })
    expect(await read(app)).toBe('event: done\ndata: Hi\n\nevent: end\ndata: {"reason":"done"}\n\n')
  })
})

describe('an encoding', () => {
  test.each([
    ['events', events],
    ['events()', events()],
  ])('may be %s', async (_, encoding) => {
    expect(await read(encoded(['Hi'], { encoding }))).toBe(`data: Hi\n\n${DONE}`)
  })

  test('that is no function is refused, with those that are', () => {
    expect(() => encoded([], { encoding: sequenced() as never }).request('/x')).not.toThrow()
    expect(() => new EventStream(() => [], { encoding: sequenced() as never })).toThrow(
      'encoding cannot be an Object. Give the function itself: plain, sequenced, events or events({ … }).',
    )
    expect(() => new EventStream(() => [], { encoding: 'events' as never })).toThrow(
      /cannot be a string/,
    )
  })

  test.each([
    ['an object', { a: 1 }, /cannot send an Object\. .*encoding: plain/],
    ['a list', [1], /cannot send an Array\. .*encoding: plain/],
    ['a number', 1, /cannot send a number\. .*encoding: plain/],
    ['nothing', undefined, /cannot send undefined\. .*encoding: plain/],
    ['bytes', new Uint8Array(1), /cannot send a Uint8Array\. .*new Bytes/],
  ])('is named where htmx cannot read a value: %s', async (_, value, message) => {
    const app = appWith(() => new EventStream(() => [value]))
    const response = await app.request('/x', { headers: { accept: 'text/event-stream' } })
    expect(response.status).toBe(502)
    expect(await response.text()).toMatch(message)
  })

  test.each<[string, (source: () => unknown[]) => object]>([
    ['plain', (source) => new EventStream(source, { encoding: plain })],
    ['events()', (source) => new EventStream(source, { encoding: events() })],
    ['sequenced', (source) => new EventStream(source, { encoding: sequenced })],
    ['NDJSON', (source) => new NDJSON(source)],
  ])('that renders nothing sends no context of a fragment: %s', async (_, answer) => {
    const app = appWith(() => answer(() => [new Fragment('x.html', 'b', { secret: 'top' })]))
    const text = await read(app)
    expect(text).not.toContain('top')
    expect(text).toMatch(/renders no fragments/)
  })

  test('of bytes names what it got', async () => {
    const app = appWith(() => new Bytes(() => [{ a: 1 }] as never))
    expect(await read(app)).toContain('A stream of bytes cannot send an Object.')
  })
})

describe('the data of an event', () => {
  const movie = { title: 'Ä', year: 1979 }

  test.each([
    ['an object', movie, '{"title":"Ä","year":1979}'],
    ['a list', [1, 'a\nb'], '[1,"a\\nb"]'],
    ['null', null, 'null'],
    ['a number', 0, '0'],
    ['a text as it is', '{"a"', '{"a"'],
  ])('is %s', async (_, data, text) => {
    const event = new ServerSentEvent({ event: 'movie', data })
    expect(await read(encoded([event], { encoding: plain }))).toBe(
      `event: movie\ndata: ${text}\n\n`,
    )
    expect(await read(appWith(() => new EventStream(() => [event])))).toContain(`data: ${text}\n`)
  })

  test('is refused at once when it has no JSON', () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    for (const data of [circular, () => 'x', 1n, new Uint8Array(1)])
      expect(() => new ServerSentEvent({ data })).toThrow(
        expect.objectContaining({ code: 'source/value' }),
      )
  })

  test.each([
    ['a Map', new Map([[1, 2]])],
    ['a Set', new Set([1])],
    ['a Promise', Promise.resolve(1)],
    ['a TypeError', new TypeError('x')],
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
  ])('is refused when JSON would empty it: %s', async (kind, value) => {
    const refused = { code: 'source/value', message: expect.stringContaining(`send ${kind}.`) }
    expect(() => new ServerSentEvent({ data: value })).toThrow(expect.objectContaining(refused))
    expect(await read(encoded([value], { encoding: plain }))).toContain(`send ${kind}.`)
  })

  test('is what its toJSON gives', () => {
    const error = Object.assign(new Error('x'), { toJSON: () => ({ message: 'x' }) })
    for (const data of [error, new Date(0), new URL('http://a.test')])
      expect(() => new ServerSentEvent({ data })).not.toThrow()
  })

  test('has the type of its author', () => {
    expectTypeOf(new ServerSentEvent({ data: movie }).data).toEqualTypeOf<
      typeof movie | undefined
    >()
    expectTypeOf(new ServerSentEvent<string>({ data: 'x' }).data).toEqualTypeOf<
      string | undefined
    >()
    // @ts-expect-error no movie
    void new ServerSentEvent<typeof movie>({ data: { title: 1 } })
  })

  test('goes through a run', async () => {
    const runs = createRuns()
    const run = await runs.start(
      async function* () {
        yield new ServerSentEvent({ event: 'movie', data: movie })
      },
      { owner: 'ada' },
    )
    const app = appWith(() => new EventStream(run, { encoding: plain }))
    expect(await read(app)).toContain('data: {"title":"Ä","year":1979}\n')
  })
})

test.each([null, false] as const)('heartbeatMs: %s is none', async (heartbeatMs) => {
  for (const app of [
    encoded(['x'], { encoding: plain, heartbeatMs }),
    appWith(() => new EventStream(() => ['x'], { encoding: plain }), { heartbeatMs }),
  ])
    expect(await read(app)).toBe('data: x\n\n')
})

test.each([
  [-1, 'cannot be -1.'],
  [Number.NaN, 'cannot be NaN.'],
  ['5', 'cannot be a string.'],
  [true, 'cannot be a boolean.'],
])('heartbeatMs: %s is refused with what to give', (value, message) => {
  const heartbeatMs = value as number
  const said = expect.objectContaining({
    code: 'config/invalid',
    message: expect.stringContaining(
      `heartbeatMs ${message} Give milliseconds above 0, such as 15000, or false for none.`,
    ),
  })
  expect(() => new EventStream(() => [], { heartbeatMs })).toThrow(said)
  expect(() => swapstream({ templates: {}, heartbeatMs })).toThrow(said)
})

describe('the numbers of a sequenced run', () => {
  async function* count(): AsyncGenerator<string, string> {
    yield 'a'
    yield 'b'
    yield 'c'
    return 'all'
  }
  const seqOf = (body: string): number[] =>
    Array.from(body.matchAll(/"seq":(\d+)/g), ([, seq]) => Number(seq))

  test('go on after a resume, without a second start', async () => {
    const runs = createRuns()
    const run = await runs.start(() => count(), { owner: 'ada' })
    const app = appWith(() => new EventStream(run, { encoding: sequenced }))
    const whole = await read(app)
    expect(seqOf(whole)).toEqual([0, 1, 2, 3, 4])
    const ids = Array.from(whole.matchAll(/^id: (.+)$/gm), ([, id]) => id!)
    const after = (at: number): string => whole.split('\n\n').slice(at).join('\n\n')
    expect(await read(app, { 'last-event-id': ids[0]! })).toBe(after(2))
    expect(await read(app, { 'last-event-id': ids[1]! })).toBe(after(3))
    expect(await read(app, { 'last-event-id': ids[2]! })).toBe(after(4))
  })

  test('begin at the first value for a position that cannot be', async () => {
    const runs = createRuns()
    const run = await runs.start(() => count(), { owner: 'ada' })
    const app = appWith(() => new EventStream(run, { encoding: sequenced }))
    expect(seqOf(await read(app, { 'last-event-id': 'junk' }))).toEqual([1, 2, 3, 4])
    expect(seqOf(await read(app, { 'last-event-id': '1-99999' }))).toEqual([1, 2, 3, 4])
  })

  test('begin anew in a stream that is no run, whatever a client says it has', async () => {
    const app = appWith(() => new EventStream(() => count(), { encoding: sequenced }))
    expect(seqOf(await read(app, { 'last-event-id': '1-2' }))).toEqual([0, 1, 2, 3, 4])
  })
})

describe('sources of a template without a block for them', () => {
  const templates = {
    'x.html': '{% block response %}<p>{{ text }}{{ sources[0] }}</p>{% endblock %}',
    'y.html':
      '{% block sources %}<i>{{ sources }}</i>{% endblock %}{% block response %}<p>{{ text }}</p>{% endblock %}',
  }
  const asking = (options: object, template = 'x.html') =>
    appWith(
      () =>
        new EventStream(() =>
          streamWithSources(['Hello'], template, { sources: ['A'], ...options }),
        ),
      { templates },
    )

  test.each([
    ['none is named', {}],
    ['null is', { sourcesBlock: null }],
    ['undefined is', { sourcesBlock: undefined }],
  ])('are shown by the answer alone, when %s', async (_, options) => {
    for (const headers of [{}, { accept: 'text/html', 'hx-request': 'true' }, { accept: '*/*' }]) {
      const text = await read(asking(options), headers)
      expect(text).toContain('HelloA')
      expect(text).not.toContain('#sources')
    }
  })

  test('are not drawn with null, even where there is a block', async () => {
    expect(await read(asking({ sourcesBlock: null }, 'y.html'))).not.toContain('<i>')
    expect(await read(asking({}, 'y.html'))).toContain('<i>A</i>')
  })

  test('are an error with a block that is named and is not there', async () => {
    expect(await read(asking({ sourcesBlock: 'refs' }))).toMatch(/block .*refs.* not found/)
  })

  test('are left out of a run, too', async () => {
    const runs = createRuns()
    const source = () => streamWithSources(['Hello'], 'x.html', { sources: ['A'] })
    const run = await runs.start(source, { owner: 'ada' })
    const text = await read(appWith(() => new EventStream(run), { templates }))
    expect(text).toContain('HelloA')
    expect(text).toContain('"reason":"done"')
  })
})
