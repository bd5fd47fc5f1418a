import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import {
  EventStream,
  events,
  stats,
  swapstream,
  type EventStreamOptions,
  type Source,
  type EventEncoding,
} from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { useServer } from '../support/serve-app.ts'
import { connect, type RawConnection } from './support/raw-connection.ts'
import type { RawResponse } from './support/raw-response.ts'
import { readEvents } from './support/read-events.ts'

/** The runner fails on any rejection or exception that nobody handled: that is half of what is tested here. */
const serveApp = useServer()
const encoding = events()
const connections: RawConnection[] = []

afterEach(async () => {
  for (const { socket } of connections.splice(0)) socket.destroy()
  await eventually(() => expect(stats().open).toBe(0))
  await expectNothingLeft(timersRunning)
})

async function ask(source: unknown, options: EventStreamOptions = {}): Promise<RawResponse> {
  const app = new Hono()
  app.onError((_, c) => c.text('failed', 500))
  app.use(swapstream({ templates: {}, log: recordingLog(), heartbeatMs: 30 }))
  app.get('/', () => new EventStream(source as Source<unknown>, { encoding, ...options }))
  const connection = await connect(Number(new URL(await serveApp(app)).port))
  connections.push(connection)
  return connection.request('/')
}

/** An iterator of one value, with some of its parts replaced. */
function iterator(parts: Record<string, unknown>): unknown {
  let asked = 0
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () =>
        asked++ === 0 ? { done: false, value: 'one' } : { done: true, value: undefined },
      ...parts,
    }),
  }
}
const boom = (): never => {
  throw new Error('boom')
}
const wired = (parts: Partial<ReturnType<EventEncoding>>): EventStreamOptions => ({
  encoding: () => ({ ...encoding(), ...parts }),
})
const untilTold = async function* ({ signal }: { signal: AbortSignal }): AsyncGenerator<string> {
  yield 'one'
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
}

describe('a stream whose parts break', () => {
  test.each<[string, unknown, EventStreamOptions?]>([
    ['a factory that throws', boom],
    ['a factory that rejects', () => Promise.reject(new Error('boom'))],
    ['a factory that rejects with nothing', () => Promise.reject()],
    ['a factory that gives nothing', () => undefined],
    ['a factory that gives a number', () => 1],
    ['an iterable that throws', { [Symbol.asyncIterator]: boom }],
    ['an iterable that gives no iterator', { [Symbol.asyncIterator]: () => undefined }],
    ['a next that throws', iterator({ next: boom })],
    ['a next that gives no result', iterator({ next: async () => undefined })],
    ['a next that is missing', iterator({ next: undefined })],
    ['a encoding that throws over the first value', ['one'], wired({ value: boom })],
    [
      'a encoding that rejects over the first value',
      ['one'],
      wired({ value: () => Promise.reject(new Error('boom')) }),
    ],
    ['a first value that has no JSON', [10n]],
    ['a first value that contains itself', [circular({})]],
  ])('before the first value is an HTTP error: %s', async (_, source, options) => {
    const response = await ask(source, options)
    expect((await response.head).status).toBeGreaterThanOrEqual(500)
    expect(await response.text()).not.toContain('boom')
  })

  test.each<[string, unknown, EventStreamOptions?]>([
    ['a value that has no JSON', ['one', 10n]],
    ['a value that is a function', ['one', boom]],
    ['a value that is undefined', ['one', undefined]],
    ['a value of bytes', ['one', new Uint8Array(3)]],
    ['a value whose toJSON throws', ['one', { toJSON: boom }]],
    ['a value that contains itself', ['one', circular({})]],
    ['a null that is thrown', thrower(null)],
    ['a symbol that is thrown', thrower(Symbol('x'))],
    ['an object without a prototype that is thrown', thrower(Object.create(null))],
    [
      'an error whose message throws',
      thrower(Object.defineProperty(new Error('x'), 'message', { get: boom })),
    ],
    ['an error without a stack', thrower(Object.assign(new Error('x'), { stack: undefined }))],
    [
      'a proxy that throws whatever one does',
      thrower(new Proxy({}, { get: boom, getPrototypeOf: boom, has: boom })),
    ],
  ])('after the first value ends with one error: %s', async (_, source, options) => {
    const response = await ask(source, options)
    const body = await response.text()
    const { events: received } = readEvents(body)
    expect(received.map(({ event }) => event)).toEqual([undefined, 'error'])
    expect(body).not.toContain('boom')
  })

  test.each<[string, unknown, EventStreamOptions?]>([
    ['a return that throws', iterator({ return: boom })],
    ['a return that rejects', iterator({ return: () => Promise.reject(new Error('boom')) })],
    ['a return that is no function', iterator({ return: 1 })],
    ['a return that gives nothing', iterator({ return: () => undefined })],
    ['an onEnd that throws', ['one'], { onEnd: boom }],
    [
      'an onEnd that rejects',
      ['one'],
      { onEnd: (() => Promise.reject(new Error('boom'))) as never },
    ],
  ])('at its end ends well all the same: %s', async (_, source, options) => {
    const { events: received } = readEvents(await (await ask(source, options)).text())
    expect(received).toEqual([{ data: 'one' }, { event: 'done', data: '{"reason":"done"}' }])
  })

  test.each<[string, () => unknown]>([
    ['throws', boom],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ])('after its first value ends with one error, also when an onError %s', async (_, onError) => {
    const body = await (
      await ask(thrower(new Error('x')), { onError } as EventStreamOptions)
    ).text()
    expect(readEvents(body).events.map(({ event }) => event)).toEqual([undefined, 'error'])
    expect(body).not.toContain('boom')
  })

  test.each<[string, EventStreamOptions]>([
    ['a heartbeat that throws', wired({ heartbeat: boom })],
    ['a terminal that throws', { ...wired({ end: boom }), limits: { maxDurationMs: 100 } }],
    [
      'a terminal that rejects',
      {
        ...wired({ end: () => Promise.reject(new Error('boom')) }),
        limits: { maxDurationMs: 100 },
      },
    ],
  ])('in its encoding ends, and leaves nothing behind: %s', async (_, options) => {
    const response = await ask(untilTold, options)
    expect((await response.head).status).toBe(200)
    await response.complete
    expect(response.body).not.toContain('boom')
  })

  test.each<[string, unknown]>([
    ['a return that throws', iterator({ next: () => new Promise(() => {}), return: boom })],
    [
      'a next that rejects when it is told to stop',
      ({ signal }: { signal: AbortSignal }) =>
        iterator({
          next: () =>
            new Promise((_, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason)),
            ),
        }),
    ],
    [
      'a factory that comes too late',
      ({ signal }: { signal: AbortSignal }) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve(iterator({ return: boom }))),
        ),
    ],
    [
      'a factory that fails when it is told to stop',
      ({ signal }: { signal: AbortSignal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('boom'))),
        ),
    ],
  ])('when its client leaves, leaves nothing behind: %s', async (_, source) => {
    const response = await ask(source)
    expect((await response.head).status).toBe(200)
    await response.until((body) => body.includes(': ping'))
    connections.at(-1)!.reset()
    await eventually(() => expect(stats().open).toBe(0))
  })
})

function circular(value: object): object {
  return Object.assign(value, { itself: value })
}

function thrower(error: unknown): () => AsyncGenerator<string> {
  return async function* () {
    yield 'one'
    throw error
  }
}
