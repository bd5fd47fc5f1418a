import { afterEach, describe, expect, test } from 'vitest'
import { events, produce, scope, ServerSentEvent, type StreamWriter } from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/shared/limits.ts'
import { Stream } from '../../src/streams/stream.ts'
import { ValueBuffer } from '../../src/streams/buffer.ts'
import type { Slot } from '../../src/streams/registry.ts'
import type { Source } from '../../src/streams/source.ts'
import type { StreamEnd } from '../../src/streams/end.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { toBody } from '../../src/streams/returned.ts'

function stream(source: Source<unknown>, limits: Partial<Limits> = {}) {
  const log = recordingLog()
  const ends: StreamEnd[] = []
  const buffer = new ValueBuffer(events()())
  let free = (): void => {}
  const torn = new Promise<void>((resolve) => (free = resolve))
  const driver = new Stream<unknown>(source, {
    slot: { ended: () => {}, release: free } as unknown as Slot,
    asyncContext: { run: (run) => run() },
    client: { onDisconnect: () => () => {} },
    lastEventId: undefined,
    route: 'GET /',
    log,
    expose: false,
    heartbeatMs: false,
    frameMs: () => 0,
    reads: 'pause',
    limits: { ...DEFAULT_LIMITS, ...limits },
    onError: undefined,
    onEnd: (end) => ends.push(end),
  })
  return {
    driver,
    torn,
    log,
    ends,
    start: () => driver.start(buffer),
    body: () => toBody(driver),
    text: () => new Response(toBody(driver)).text(),
  }
}
const connect = (): string[] => {
  throw new Error('no database')
}
const never = new Promise<never>(() => {})
const DONE = 'event: done\ndata: {"reason":"done"}\n\n'

afterEach(() => expectNothingLeft(timersRunning))

describe('scope', () => {
  test('sets up, gives the values, and tears down, in this order', async () => {
    const seen: string[] = []
    const { start, text, torn } = stream(
      scope(async function* () {
        seen.push('opened')
        yield ['a', 'b']
        seen.push('closed')
      }),
    )
    await start()
    expect(await text()).toBe(`data: a\n\ndata: b\n\n${DONE}`)
    await torn
    expect(seen).toEqual(['opened', 'closed'])
  })

  test('tears down when the values fail', async () => {
    const seen: string[] = []
    const { start, text, torn } = stream(
      scope(async function* () {
        yield (async function* () {
          yield 'a'
          throw new Error('gone')
        })()
        seen.push('closed')
      }),
    )
    await start()
    expect(await text()).toMatch(
      /^data: a\n\nevent: error\ndata: \{"reason":"error","code":"source\/failed"/,
    )
    await torn
    expect(seen).toEqual(['closed'])
  })

  test('tears down at once when the reader leaves, also when the values hang for ever', async () => {
    const seen: string[] = []
    const { start, body, torn } = stream(
      scope(async function* () {
        yield (async function* () {
          yield 'a'
          await never
        })()
        seen.push('closed')
      }),
    )
    await start()
    const reader = body().getReader()
    await reader.read()
    void reader.read()
    await new Promise((resolve) => setTimeout(resolve, 10))
    await reader.cancel()
    await torn
    expect(seen).toEqual(['closed'])
  })

  test('tears down what was set up although the values were never read', async () => {
    const seen: string[] = []
    let opened!: () => void
    const { driver, start } = stream(
      scope(async function* () {
        await new Promise<void>((resolve) => (opened = resolve))
        seen.push('opened')
        yield ['a']
        seen.push('closed')
      }),
    )
    const started = start()
    await new Promise((resolve) => setTimeout(resolve, 10))
    driver.stop('shutdown')
    await started
    await toBody(driver).cancel()
    opened()
    await eventually(() => expect(seen).toEqual(['opened', 'closed']))
  })

  test('is an ordinary error when the setup throws', async () => {
    const { start } = stream(
      scope(async function* () {
        yield connect()
      }),
    )
    await expect(start()).rejects.toThrow('no database')
  })

  test('refuses to yield never', async () => {
    const { start } = stream(scope(async function* () {}))
    await expect(start()).rejects.toMatchObject({ code: 'source/scope' })
  })

  test('logs that it yielded twice, and sends what it gave first', async () => {
    const { start, text, log, torn } = stream(
      scope(async function* () {
        yield ['a']
        yield ['b']
      }),
    )
    await start()
    expect(await text()).toBe(`data: a\n\n${DONE}`)
    await torn
    expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { fields: { err: { code: 'source/scope' } } },
    ])
  })

  test('is over only when its teardown is, also when its values came to their end', async () => {
    const seen: string[] = []
    const { start, text, torn } = stream(
      scope(async function* () {
        yield ['a']
        await new Promise((resolve) => setTimeout(resolve, 20))
        seen.push('closed')
      }),
    )
    await start()
    expect(await text()).toBe(`data: a\n\n${DONE}`)
    expect(seen).toEqual([])
    await torn
    expect(seen).toEqual(['closed'])
  })

  test('logs a teardown that throws', async () => {
    const { start, text, log, torn } = stream(
      scope(async function* () {
        yield ['a']
        throw new Error('cannot close')
      }),
    )
    await start()
    expect(await text()).toBe(`data: a\n\n${DONE}`)
    await torn
    expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { fields: { err: { message: 'cannot close' } } },
    ])
  })
})

describe('produce', () => {
  test('sends what is written, and ends when the function returns', async () => {
    const { start, text } = stream(
      produce<string>(async (writer) => {
        await writer.write('a')
        await writer.write('b')
      }),
    )
    await start()
    expect(await text()).toBe(`data: a\n\ndata: b\n\n${DONE}`)
  })

  test('sends writes that were not awaited, in their order, before the end', async () => {
    const { start, text } = stream(
      produce<string>((writer) => {
        void writer.write('a')
        void writer.write('b')
        writer.close()
      }),
    )
    await start()
    expect(await text()).toBe(`data: a\n\ndata: b\n\n${DONE}`)
  })

  test('makes the writer wait for the reader', async () => {
    let written = 0
    const { start, body } = stream(
      produce<string>(async (writer) => {
        while (!writer.cancelled) {
          await writer.write('x')
          written += 1
        }
      }),
    )
    await start()
    const reader = body().getReader()
    await reader.read()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(written).toBeLessThanOrEqual(2)
    await reader.cancel()
  })

  test.each<[string, (writer: StreamWriter<string>) => unknown]>([
    ['fails', (writer) => writer.fail(new Error('SECRET'))],
    ['throws', () => Promise.reject(new Error('SECRET'))],
  ])('ends with a failure when the writer %s', async (_, fail) => {
    const { start, text } = stream(
      produce<string>(async (writer) => {
        await writer.write('a')
        await fail(writer)
      }),
    )
    await start()
    const got = await text()
    expect(got).toMatch(
      /^data: a\n\nevent: error\ndata: \{"reason":"error","code":"source\/failed"/,
    )
    expect(got).not.toContain('SECRET')
  })

  test('aborts the signal of the writer once when the stream ends, and lets a waiting write go', async () => {
    const seen: unknown[] = []
    const { start, body } = stream(
      produce<string>(async (writer) => {
        writer.onCancel(() => seen.push('cancelled'))
        await writer.write('a')
        await writer.write('b')
        seen.push(writer.cancelled)
        // After a cancel, a call is no error: a loop may look at `cancelled` when it comes around.
        await writer.write('c')
        writer.close()
        writer.onCancel(() => seen.push('late'))
      }),
    )
    await start()
    const reader = body().getReader()
    await reader.read()
    await reader.cancel()
    await eventually(() => expect(seen).toEqual(['cancelled', true, 'late']))
  })

  test.each(['write', 'close', 'fail'] as const)(
    'refuses %s after the end with a typed error',
    async (call) => {
      let writer!: StreamWriter<string>
      const { start, text } = stream(
        produce<string>((given) => {
          writer = given
          given.close()
        }),
      )
      await start()
      await text()
      expect(() => (writer[call] as (value: string) => unknown)('x')).toThrow(
        expect.objectContaining({ code: 'source/ended' }),
      )
    },
  )
})

describe('named', () => {
  const sent = async (values: unknown[], options = {}): Promise<string> => {
    const wire = events(options)()
    let text = ''
    for (const value of values) text += await wire.value(value)
    return text + (await wire.end({ reason: 'done' }))
  }

  test('sends text as text and everything else as JSON, under its name', async () => {
    expect(await sent(['a\nb', { n: 1 }, null, [1], true])).toBe(
      `data: a\ndata: b\n\ndata: {"n":1}\n\ndata: null\n\ndata: [1]\n\ndata: true\n\n${DONE}`,
    )
    expect(await sent(['x'], { event: 'content', done: 'complete' })).toBe(
      'event: content\ndata: x\n\nevent: complete\ndata: {"reason":"done"}\n\n',
    )
  })

  test('sends an event with its own fields', async () => {
    expect(
      await sent([new ServerSentEvent({ event: 'added', id: '2', retry: 1000, data: 'x' })]),
    ).toBe(`event: added\nid: 2\nretry: 1000\ndata: x\n\n${DONE}`)
  })

  test('tells a failure under its own name, and no good end after it', async () => {
    const wire = events()()
    expect(
      await wire.end({
        reason: 'error',
        error: { code: 'source/failed', id: '1234', message: 'Something went wrong.' },
      }),
    ).toBe(
      'event: error\ndata: {"reason":"error","code":"source/failed","id":"1234","message":"Something went wrong."}\n\n',
    )
  })

  test('sends a shutdown event with a time to come back that differs', async () => {
    const wire = events()()
    const retries = new Set<string>()
    for (let n = 0; n < 20; n++) {
      const farewell = String(await wire.end({ reason: 'shutdown' }))
      expect(farewell).toMatch(/^event: shutdown\nretry: \d+\ndata: \{"reason":"shutdown"\}\n\n$/)
      retries.add(farewell)
    }
    expect(retries.size).toBeGreaterThan(5)
  })

  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  test.each([
    [undefined],
    [() => 1],
    [Symbol('x')],
    [1n],
    [new Uint8Array(1)],
    [circle],
    [{ toJSON: () => undefined }],
  ])('refuses %s', (value) => {
    expect(() => events()().value(value)).toThrow(expect.objectContaining({ code: 'source/value' }))
  })

  test('refuses names that the browser would act on, when it is made', () => {
    for (const options of [
      { event: 'submit' },
      { done: 'load' },
      { error: 'a b' },
      { event: 'a\nb' },
    ]) {
      expect(() => events(options)).toThrow(expect.objectContaining({ code: 'wire/field' }))
    }
  })
})
