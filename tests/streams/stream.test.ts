import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { timersRunning } from '../../src/shared/clock.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/shared/limits.ts'
import { Stream } from '../../src/streams/stream.ts'
import type { StreamEnd } from '../../src/streams/end.ts'
import type { Source, StreamContext } from '../../src/streams/source.ts'
import { ValueBuffer } from '../../src/streams/buffer.ts'
import type { Encoder } from '../../src/streams/encoder.ts'
import { controlledClock, type ControlledClock } from '../../src/testing/controlled-clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { toBody } from '../../src/streams/returned.ts'
import type { StreamOptions } from '../../src/streams/options.ts'

const plain: Encoder<string> = {
  value: (value) => value,
  end: ({ reason, error }) => `[${reason}${error ? ` ${error.code} ${error.message}` : ''}]`,
  heartbeat: () => '.',
}

function drive(
  source: Source<string>,
  options: Partial<Omit<StreamOptions, 'limits'>> & { limits?: Partial<Limits> } = {},
) {
  const log = recordingLog()
  const ends: StreamEnd[] = []
  const stream = new Stream<string>(source, {
    asyncContext: { run: (run) => run() },
    client: { onDisconnect: () => () => {} },
    lastEventId: undefined,
    route: 'POST /test',
    log,
    expose: false,
    heartbeatMs: false,
    frameMs: () => 0,
    reads: 'pause',
    onError: undefined,
    onEnd: (end) => ends.push(end),
    ...options,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  })
  return { stream, log, ends }
}

const read = async (body: ReadableStream<Uint8Array>): Promise<string> => new Response(body).text()
const never = new Promise<never>(() => {})

let clock: ControlledClock
beforeEach(() => (clock = controlledClock()))
afterEach(async () => {
  await expectNothingLeft(timersRunning)
  clock.release()
})

/** Reads a body beside the test. */
function reading(body: ReadableStream<Uint8Array>) {
  const seen = { text: '', isOver: false }
  void (async () => {
    const decoder = new TextDecoder()
    for await (const bytes of body) seen.text += decoder.decode(bytes, { stream: true })
    seen.isOver = true
  })()
  return seen
}

/** Waits as a model does that never answers. */
const untilAborted = ({ signal }: StreamContext): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener('abort', resolve))

describe('Stream', () => {
  test('sends the values, then one end event, and calls onEnd once', async () => {
    const { stream, ends } = drive(['a', 'b', 'c'])
    await stream.start(new ValueBuffer(plain))
    expect(await read(toBody(stream))).toBe('abc[done]')
    expect(ends).toEqual([
      { reason: 'done', values: 3, frames: 4, bytes: 9, durationMs: expect.any(Number) },
    ])
  })

  test('does not abort the signal of a source that ended by itself', async () => {
    let context: StreamContext | undefined
    const { stream } = drive((given) => {
      context = given
      return ['a']
    })
    await stream.start(new ValueBuffer(plain))
    await read(toBody(stream))
    expect(context!.signal.aborted).toBe(false)
  })

  test('reads async iterables, plain ones, web streams, and promises of them', async () => {
    const webStream = (): ReadableStream<string> =>
      new ReadableStream({
        start(controller) {
          controller.enqueue('a')
          controller.close()
        },
      })
    for (const source of [
      ['a'],
      async () => ['a'],
      webStream(),
      () => webStream(),
      async () => webStream(),
    ]) {
      const { stream } = drive(source)
      await stream.start(new ValueBuffer(plain))
      expect(await read(toBody(stream))).toBe('a[done]')
    }
  })

  test('does not touch the source before it is started', async () => {
    let opened = 0
    const { stream } = drive(() => {
      opened += 1
      return ['a']
    })
    toBody(stream)
    await clock.advance(1_000)
    expect(opened).toBe(0)
  })

  test('asks for one value at a time, and only when the client wants it', async () => {
    let asked = 0
    const { stream } = drive(async function* () {
      for (;;) {
        asked += 1
        yield 'x'
      }
    })
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    expect(asked).toBe(1)
    await reader.read()
    await reader.read()
    await clock.advance(1_000)
    expect(asked).toBe(2)
    await reader.cancel()
  })

  test('throws what the source throws before its first value, and closes everything', async () => {
    const { stream, ends } = drive(async function* () {
      throw new Error('no key')
    })
    await expect(stream.start(new ValueBuffer(plain))).rejects.toThrow('no key')
    expect(ends).toMatchObject([{ reason: 'error', values: 0 }])
  })

  test('waits 250 ms for the first value, not longer', async () => {
    let signal: AbortSignal | undefined
    const { stream } = drive(async function* (context: StreamContext) {
      signal = context.signal
      await untilAborted(context)
    })
    let isStarted = false
    void stream.start(new ValueBuffer(plain)).then(() => (isStarted = true))
    await clock.advance(249)
    expect(isStarted).toBe(false)
    await clock.advance(1)
    expect(isStarted).toBe(true)
    await toBody(stream).cancel()
    expect(signal!.aborted).toBe(true)
  })

  test('names a source in the log that still runs 5 s after its signal aborted', async () => {
    const { stream, log } = drive(async function* () {
      yield 'x'
      await never
    })
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    await reader.read()
    void reader.read()
    await clock.advance(10)
    await reader.cancel()
    await clock.advance(4_999)
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([])
    await clock.advance(1)
    expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { route: 'POST /test' } },
    ])
  })

  test.each([
    ['an error', new Error('SECRET')],
    ['undefined', undefined],
    ['text', 'SECRET'],
  ])(
    'says in the end event that the source threw %s, without its words, and logs them',
    async (_, thrown) => {
      const { stream, log, ends } = drive(async function* () {
        yield 'a'
        throw thrown
      })
      await stream.start(new ValueBuffer(plain))
      expect(await read(toBody(stream))).toBe('a[error source/failed Something went wrong.]')
      expect(ends).toMatchObject([{ reason: 'error', values: 1 }])
      const err = thrown instanceof Error ? thrown : expect.objectContaining({ cause: thrown })
      expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
        { fields: { route: 'POST /test', code: 'source/failed', err } },
      ])
    },
  )

  test('shows the words of a failure when that is asked for', async () => {
    const { stream } = drive(
      async function* () {
        yield 'a'
        throw new Error('the cause')
      },
      { expose: true },
    )
    await stream.start(new ValueBuffer(plain))
    expect(await read(toBody(stream))).toBe('a[error source/failed the cause]')
  })

  test('throws from the start when the first value cannot be sent', async () => {
    const { stream, ends } = drive(['a', 'b'])
    const failing: Encoder<string> = {
      ...plain,
      value: async () => {
        throw new TypeError('no template')
      },
    }
    await expect(stream.start(new ValueBuffer(failing))).rejects.toThrow('no template')
    expect(ends).toMatchObject([{ reason: 'error' }])
  })

  test('closes the source and says so when a later value cannot be sent', async () => {
    let closed = 0
    const { stream } = drive(async function* () {
      try {
        yield 'a'
        yield 'b'
      } finally {
        closed += 1
      }
    })
    const failing: Encoder<string> = {
      ...plain,
      value: (value) => {
        if (value === 'a') return value
        throw new TypeError('no template')
      },
    }
    await stream.start(new ValueBuffer(failing))
    expect(await read(toBody(stream))).toBe('a[error source/failed Something went wrong.]')
    await eventually(() => expect(closed).toBe(1))
  })

  test('aborts the signal and closes the generator as soon as the client leaves', async () => {
    const seen: string[] = []
    const { stream, ends } = drive(async function* ({ signal }: StreamContext) {
      signal.addEventListener('abort', () => seen.push('aborted'))
      try {
        for (;;) yield 'x'
      } finally {
        seen.push('closed')
      }
    })
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    await reader.read()
    await reader.cancel()
    await eventually(() => expect(seen).toEqual(['aborted', 'closed']))
    expect(ends).toMatchObject([{ reason: 'disconnected', values: 1 }])
  })

  test('lets go of a generator that hangs: the client leaves at once, the signal says why', async () => {
    let signal: AbortSignal | undefined
    const { stream, ends } = drive(async function* (context: StreamContext) {
      signal = context.signal
      yield 'x'
      // Hangs until it is told: what cannot be interrupted can still listen.
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
    })
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    await reader.read()
    const waiting = reader.read()
    await reader.cancel()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(signal!.aborted).toBe(true)
    expect(ends).toHaveLength(1)
  })

  test('hears that the client left while the first value is still awaited', async () => {
    let leave = (): void => {}
    let signal: AbortSignal | undefined
    const { stream, ends } = drive(
      async function* (context: StreamContext) {
        signal = context.signal
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
      },
      { client: { onDisconnect: (run) => ((leave = run), () => {}) } },
    )
    const started = stream.start(new ValueBuffer(plain))
    await eventually(() => expect(signal).toBeDefined())
    leave()
    await started
    expect(signal!.aborted).toBe(true)
    expect(ends).toMatchObject([{ reason: 'disconnected' }])
    expect(await read(toBody(stream))).toBe('')
  })

  test('never opens the source of a client that had already left', async () => {
    let opened = 0
    const { stream } = drive(
      () => {
        opened += 1
        return ['x']
      },
      { client: { onDisconnect: (run) => (run(), () => {}) } },
    )
    await stream.start(new ValueBuffer(plain))
    expect(await read(toBody(stream))).toBe('')
    expect(opened).toBe(0)
  })

  test('shows life while the source is silent, and asks it only once', async () => {
    let asked = 0
    let answer!: (step: IteratorResult<string>) => void
    const { stream } = drive(
      {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            asked += 1
            return new Promise<IteratorResult<string>>((resolve) => (answer = resolve))
          },
        }),
      },
      { heartbeatMs: 20 },
    )
    const started = stream.start(new ValueBuffer(plain))
    await eventually(() => expect(asked).toBe(1))
    answer({ done: false, value: 'x' })
    await started
    const seen = reading(toBody(stream))
    await eventually(() => expect(asked).toBe(2))
    await clock.advance(19)
    expect(seen.text).toBe('x')
    await clock.advance(76)
    expect(seen.text).toBe('x....')
    answer({ done: true, value: undefined })
    await eventually(() => expect(seen).toEqual({ text: 'x....[done]', isOver: true }))
    expect(asked).toBe(2)
  })

  test('stops from outside with the reason in the end event', async () => {
    let signal: AbortSignal | undefined
    const { stream, ends } = drive(async function* (context: StreamContext) {
      signal = context.signal
      yield 'x'
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
    })
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    await reader.read()
    const last = reader.read()
    stream.stop('shutdown')
    expect(new TextDecoder().decode((await last).value)).toBe('[shutdown]')
    expect((await reader.read()).done).toBe(true)
    expect(signal!.aborted).toBe(true)
    expect(ends).toMatchObject([{ reason: 'shutdown' }])
  })

  test('survives an onEnd that throws, and logs it', async () => {
    const { stream, log } = drive(['a'], {
      onEnd: () => {
        throw new Error('mine')
      },
    })
    await stream.start(new ValueBuffer(plain))
    expect(await read(toBody(stream))).toBe('a[done]')
    expect(log.lines.some(({ message }) => message === 'onEnd of a stream failed')).toBe(true)
  })

  test('gives the values themselves, and closes the source when the loop is left early', async () => {
    let closed = 0
    const source = async function* () {
      try {
        yield 'a'
        yield 'b'
      } finally {
        closed += 1
      }
    }
    const whole = drive(source)
    const all: string[] = []
    for await (const value of whole.stream.values()) all.push(value)
    expect(all).toEqual(['a', 'b'])
    expect(whole.ends).toMatchObject([{ reason: 'done', values: 2 }])

    const early = drive(source)
    for await (const _ of early.stream.values()) break
    await eventually(() => expect(closed).toBe(2))
    expect(early.ends).toMatchObject([{ reason: 'disconnected' }])
  })

  test('gives all values of an answer that is sent whole, however many heartbeats would be due', async () => {
    let say = (): void => {}
    let isWaiting = false
    const { stream } = drive(
      async function* () {
        yield 'a'
        isWaiting = true
        await new Promise<void>((resolve) => (say = resolve))
        yield 'b'
      },
      { heartbeatMs: 20 },
    )
    const values = (async () => {
      const all: string[] = []
      for await (const value of stream.values()) all.push(value)
      return all
    })()
    await eventually(() => expect(isWaiting).toBe(true))
    await clock.advance(50)
    say()
    expect(await values).toEqual(['a', 'b'])
  })

  test('ends with `limit` when it has lived long enough, also when the source hangs', async () => {
    const { stream, ends } = drive(
      async function* (context: StreamContext) {
        yield 'x'
        await untilAborted(context)
      },
      { limits: { maxDurationMs: 60 } },
    )
    await stream.start(new ValueBuffer(plain))
    const seen = reading(toBody(stream))
    await eventually(() => expect(seen.text).toBe('x'))
    await clock.advance(59)
    expect(seen.text).toBe('x')
    await clock.advance(1)
    await eventually(() => expect(seen).toEqual({ text: 'x[limit]', isOver: true }))
    expect(ends).toMatchObject([{ reason: 'limit' }])
  })

  test('ends with `timeout` when the source is silent for too long, counted from its last value', async () => {
    let say = (): void => {}
    let waiting = 0
    const { stream } = drive(
      async function* (context: StreamContext) {
        for (let n = 0; n < 4; n++) {
          yield 'x'
          waiting += 1
          await new Promise<void>((resolve) => (say = resolve))
        }
        waiting += 1
        await untilAborted(context)
      },
      { heartbeatMs: 30, limits: { idleSourceMs: 100 } },
    )
    await stream.start(new ValueBuffer(plain))
    const seen = reading(toBody(stream))
    for (let n = 1; n <= 4; n++) {
      await eventually(() => expect(seen.text.match(/x/g)).toHaveLength(n))
      await eventually(() => expect(waiting).toBe(n))
      await clock.advance(40)
      say()
    }
    await eventually(() => expect(waiting).toBe(5))
    // The last value came 40 ms ago.
    await clock.advance(59)
    expect(seen.isOver).toBe(false)
    await clock.advance(1)
    await eventually(() => expect(seen.isOver).toBe(true))
    expect(seen.text.replaceAll('.', '')).toBe('xxxx[timeout]')
    expect(seen.text).toContain('...[timeout]')
  })

  test('ends with `limit` when it has sent enough', async () => {
    const { stream, ends } = drive(
      async function* () {
        for (;;) yield 'xxxx'
      },
      { limits: { maxOutputBytes: 10 } },
    )
    await stream.start(new ValueBuffer(plain))
    expect(await read(toBody(stream))).toBe('xxxxxxxxxxxx[limit]')
    expect(ends).toMatchObject([{ reason: 'limit' }])
  })

  test('drops a client that stands still, tells the source, and says so in the log', async () => {
    let dropped = 0
    let signal: AbortSignal | undefined
    const { stream, ends, log } = drive(
      async function* (context: StreamContext) {
        signal = context.signal
        for (;;) yield 'x'
      },
      {
        client: { onDisconnect: () => () => {}, destroy: () => (dropped += 1) },
        limits: { sendTimeoutMs: 40 },
      },
    )
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    await reader.read()
    await clock.advance(39)
    expect(dropped).toBe(0)
    await clock.advance(1)
    expect(dropped).toBe(1)
    expect(signal!.aborted).toBe(true)
    expect(ends).toMatchObject([{ reason: 'timeout' }])
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('leaves the connection of a body that is never read, which may have been replaced', async () => {
    let dropped = 0
    const { stream, ends } = drive(['x'], {
      client: { onDisconnect: () => () => {}, destroy: () => (dropped += 1) },
      limits: { sendTimeoutMs: 40 },
    })
    await stream.start(new ValueBuffer(plain))
    await clock.advance(40)
    expect(ends).toMatchObject([{ reason: 'timeout' }])
    expect(dropped).toBe(0)
  })

  test('cuts the body of a client that stands still when there is no connection to drop', async () => {
    const { stream } = drive(['x', 'y', 'z'], { limits: { sendTimeoutMs: 40 } })
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    await reader.read()
    await clock.advance(40)
    await expect(reader.read()).rejects.toThrow('stood still')
  })

  test('keeps a client that takes its time but takes', async () => {
    const { stream } = drive(['x', 'y', 'z'], { limits: { sendTimeoutMs: 60 } })
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      text += new TextDecoder().decode(value)
      await clock.advance(59)
    }
    expect(text).toBe('xyz[done]')
  })

  test.each([
    ['stands still', { idleSourceMs: 40 }, 504],
    ['takes too long', { maxDurationMs: 40 }, 504],
  ])(
    'throws from the values of a source that %s: an answer sent whole has no end event',
    async (_, limits, status) => {
      let isWaiting = false
      const { stream, ends } = drive(
        async function* (context: StreamContext) {
          yield 'x'
          isWaiting = true
          await untilAborted(context)
        },
        { limits },
      )
      const drain = async (): Promise<unknown> => {
        try {
          for await (const value of stream.values()) expect(value).toBe('x')
        } catch (error) {
          return error
        }
        return undefined
      }
      const failure = drain()
      await eventually(() => expect(isWaiting).toBe(true))
      await clock.advance(40)
      expect(await failure).toMatchObject({ code: 'source/stalled', status })
      expect(ends).toMatchObject([{ reason: 'error' }])
    },
  )

  test('takes 200,000 values without keeping anything for each', async () => {
    const { stream, ends } = drive(
      (function* () {
        for (let n = 0; n < 200_000; n++) yield 'x'
      })(),
    )
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    let bytes = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      bytes += value.byteLength
    }
    expect(bytes).toBe(200_000 + '[done]'.length)
    expect(ends).toMatchObject([{ reason: 'done', values: 200_000 }])
  })
})
