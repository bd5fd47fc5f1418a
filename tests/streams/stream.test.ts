import { afterEach, describe, expect, test, vi } from 'vitest'
import { timersRunning } from '../../src/shared/clock.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/shared/limits.ts'
import { toBody } from '../../src/streams/body.ts'
import { Stream, type StreamOptions } from '../../src/streams/stream.ts'
import type { StreamEnd } from '../../src/streams/end.ts'
import type { Source, StreamContext } from '../../src/streams/source.ts'
import { ValueBuffer } from '../../src/streams/buffer.ts'
import type { Encoder } from '../../src/streams/encoder.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

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

afterEach(() => expectNothingLeft(timersRunning))

describe('Stream', () => {
  test('sends the values, then one terminal, and tells the end once', async () => {
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
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(opened).toBe(0)
  })

  test('asks for one value at a time, and only when the reader wants it', async () => {
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
    await new Promise((resolve) => setTimeout(resolve, 20))
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
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
    })
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    await reader.cancel()
    expect(signal!.aborted).toBe(true)
  })

  test('names a source in the log that still runs 5 s after it was told to stop', async () => {
    vi.useFakeTimers()
    try {
      const { stream, log } = drive(async function* () {
        yield 'x'
        await never
      })
      await stream.start(new ValueBuffer(plain))
      const reader = toBody(stream).getReader()
      await reader.read()
      void reader.read()
      await vi.advanceTimersByTimeAsync(10)
      await reader.cancel()
      await vi.advanceTimersByTimeAsync(4_999)
      expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([])
      await vi.advanceTimersByTimeAsync(1)
      expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
        { fields: { route: 'POST /test' } },
      ])
    } finally {
      vi.useRealTimers()
    }
  })

  test.each([
    ['an error', new Error('SECRET')],
    ['undefined', undefined],
    ['text', 'SECRET'],
  ])(
    'says in the terminal that the source threw %s, without its words, and logs them',
    async (_, thrown) => {
      const { stream, log, ends } = drive(async function* () {
        yield 'a'
        throw thrown
      })
      await stream.start(new ValueBuffer(plain))
      expect(await read(toBody(stream))).toBe('a[error source/failed Something went wrong.]')
      expect(ends).toMatchObject([{ reason: 'error', values: 1 }])
      expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
        { fields: { route: 'POST /test', code: 'source/failed', err: thrown } },
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

  test('aborts the signal and closes the generator as soon as the reader leaves', async () => {
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

  test('lets go of a generator that hangs: the reader leaves at once, the signal says why', async () => {
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
    const { stream } = drive(
      {
        [Symbol.asyncIterator]: () => ({
          next: async () => {
            asked += 1
            await new Promise((resolve) => setTimeout(resolve, 95))
            return asked === 1 ? { done: false, value: 'x' } : { done: true, value: undefined }
          },
        }),
      } as AsyncIterable<string>,
      { heartbeatMs: 20 },
    )
    await stream.start(new ValueBuffer(plain))
    expect(await read(toBody(stream))).toMatch(/^x\.{2,5}\[done\]$/)
    expect(asked).toBe(2)
  })

  test('stops from outside with the reason in the terminal', async () => {
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

  test('gives the values themselves to a reader who wants them whole, and closes the source when he stops early', async () => {
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

  test('ends with `limit` when it has lived long enough, also when the source hangs', async () => {
    const { stream, ends } = drive(
      async function* ({ signal }: StreamContext) {
        yield 'x'
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
      { limits: { maxDurationMs: 60 } },
    )
    await stream.start(new ValueBuffer(plain))
    expect(await read(toBody(stream))).toBe('x[limit]')
    expect(ends).toMatchObject([{ reason: 'limit' }])
  })

  test('ends with `timeout` when the source is silent for too long, counted from its last value', async () => {
    const { stream } = drive(
      async function* ({ signal }: StreamContext) {
        for (let n = 0; n < 4; n++) {
          await new Promise((resolve) => setTimeout(resolve, 40))
          yield 'x'
        }
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
      { heartbeatMs: 30, limits: { idleSourceMs: 100 } },
    )
    await stream.start(new ValueBuffer(plain))
    const text = await read(toBody(stream))
    expect(text.replaceAll('.', '')).toBe('xxxx[timeout]')
    expect(text).toContain('..[timeout]')
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

  test('drops a reader who stands still, tells the source, and says so in the log', async () => {
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
    await eventually(() => expect(dropped).toBe(1))
    expect(signal!.aborted).toBe(true)
    expect(ends).toMatchObject([{ reason: 'timeout' }])
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('cuts the body of a reader who stands still when there is no connection to drop', async () => {
    const { stream } = drive(['x', 'y', 'z'], { limits: { sendTimeoutMs: 40 } })
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    await reader.read()
    await new Promise((resolve) => setTimeout(resolve, 80))
    await expect(reader.read()).rejects.toThrow('stood still')
  })

  test('keeps a reader who takes his time but takes', async () => {
    const { stream } = drive(['x', 'y', 'z'], { limits: { sendTimeoutMs: 60 } })
    await stream.start(new ValueBuffer(plain))
    const reader = toBody(stream).getReader()
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      text += new TextDecoder().decode(value)
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    expect(text).toBe('xyz[done]')
  })

  test.each([
    ['stands still', { idleSourceMs: 40 }, 504],
    ['takes too long', { maxDurationMs: 40 }, 504],
  ])(
    'throws from the values of a source that %s: an answer sent whole has no terminal',
    async (_, limits, status) => {
      const { stream, ends } = drive(
        async function* ({ signal }: StreamContext) {
          yield 'x'
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        },
        { limits },
      )
      const drain = async (): Promise<void> => {
        for await (const value of stream.values()) expect(value).toBe('x')
      }
      await expect(drain()).rejects.toMatchObject({ code: 'source/stalled', status })
      expect(ends).toMatchObject([{ reason: 'error' }])
    },
  )

  test('takes a million values without keeping anything for each', async () => {
    const { stream, ends } = drive(
      (function* () {
        for (let n = 0; n < 1_000_000; n++) yield 'x'
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
    expect(bytes).toBe(1_000_000 + '[done]'.length)
    expect(ends).toMatchObject([{ reason: 'done', values: 1_000_000 }])
  })
})
