import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tokens, type TokenSource } from '../../src/core.ts'
import { timersRunning } from '../../src/shared/clock.ts'
import { fakeTokens } from '../../src/testing.ts'
import { ndjson, provider, sse } from './support/provider.ts'
import { readAll } from './support/read-all.ts'

const chat = (content: string): object => ({ choices: [{ index: 0, delta: { content } }] })
const response = (body: BodyInit, type: string, status = 200): Response =>
  new Response(body, { status, headers: type ? { 'content-type': type } : {} })

function bytesOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const left = [...chunks]
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift()
      if (chunk) controller.enqueue(chunk)
      else controller.close()
    },
  })
}

describe('tokens of bytes', () => {
  test('are the same text wherever its characters are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        // A byte order mark at the beginning is no text.
        fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replace(/^\uFEFF/, '')),
        fc.array(fc.nat(80), { maxLength: 5 }),
        async (text, offsets) => {
          const whole = new TextEncoder().encode(text)
          const at = offsets.filter((offset) => offset < whole.length).toSorted((a, b) => a - b)
          const chunks = [0, ...at].map((from, index) =>
            whole.slice(from, at[index] ?? whole.length),
          )
          expect((await readAll(bytesOf(chunks))).whole).toBe(text)
          expect((await readAll(chunks)).whole).toBe(text)
          expect((await readAll(response(bytesOf(chunks), 'text/plain'))).whole).toBe(text)
        },
      ),
    )
  })
})

describe('tokens of a response', () => {
  test.each<[string, string, string]>([
    [
      'chat events',
      sse([chat('Hel'), chat('lo')], { end: 'data: [DONE]\n\ndata: junk\n\n' }),
      'text/event-stream',
    ],
    [
      'Anthropic events',
      sse(
        [
          { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hello' } },
          { type: 'message_stop' },
        ],
        { named: true },
      ),
      'text/event-stream; charset=utf-8',
    ],
    [
      'events of text',
      'data: Hel\n\nevent: token\ndata: lo\n\nevent: done\ndata: {"reason":"stop"}\n\n',
      'text/event-stream',
    ],
    [
      'NDJSON',
      ndjson([{ response: 'Hel', done: false }, { response: 'lo', done: false }, { done: true }]),
      'application/x-ndjson',
    ],
    ['NDJSON of text', '"Hel"\n"lo"\n', 'application/jsonl'],
    ['text', 'Hello', 'text/plain'],
    ['no type', 'Hello', ''],
  ])('are its text: %s', async (_, body, type) => {
    const bytes = new TextEncoder().encode(body)
    const { whole, error } = await readAll(Promise.resolve(response(bytesOf([bytes]), type)))
    expect(error).toBe(undefined)
    expect(whole).toBe('Hello')
  })

  test('keep JSON that a model writes over events of text', async () => {
    const body = 'data: {"a":\n\ndata: {"type":"x"}\n\n'
    expect((await readAll(response(body, 'text/event-stream'))).texts).toEqual([
      '{"a":',
      '{"type":"x"}',
    ])
  })

  test.each([
    ['a ping with JSON', 'event: ping\ndata: {"at":1}\n\n'],
    ['an empty ping', 'event: ping\ndata:\n\n'],
    ['an event of white space', 'data: \n\n'],
  ])('are those of an SDK, whatever comes before: %s', async (_, before) => {
    const whole = `${before}${sse([chat('Hel'), chat('lo')], { end: 'data: [DONE]\n\n' })}`
    expect((await readAll(response(whole, 'text/event-stream'))).whole?.trim()).toBe('Hello')
  })

  test('of an SDK may stand behind more than one blank, and end with an event of their own', async () => {
    const body = `data:   ${JSON.stringify(chat('Hello'))}\n\ndata:\n\nevent: done\ndata: {"reason":"stop"}\n\ndata: [DONE]\n\n`
    expect(await readAll(response(body, 'text/event-stream'))).toMatchObject({ whole: 'Hello' })
  })

  test.each<[string, Response, object]>([
    [
      'events with JSON of an unknown shape',
      response('data: {"token":"Hel","generated_text":null}\n\n', 'text/event-stream'),
      {
        code: 'source/value',
        message: /an Object with token, generated_text as its part 1.*readE/,
      },
    ],
    [
      'the same under a name',
      response('event: token\ndata: {"v":{"content":"Hel"}}\n\n', 'text/event-stream'),
      { code: 'source/value', message: /an Object with v as its part 1/ },
    ],
    [
      'lines with JSON of an unknown shape',
      response('{"token":"Hel"}\n', 'application/x-ndjson'),
      { code: 'source/value', message: /an Object with token as its part 1.*readNDJSON/ },
    ],
    [
      'a failure under a name, behind chunks of an SDK',
      response(
        `${sse([chat('a')])}event: error\ndata: {"message":"overloaded"}\n\n`,
        'text/event-stream',
      ),
      { code: 'source/failed', message: /overloaded/ },
    ],
    [
      'an error status',
      response('{"error":"quota"}', 'application/json', 429),
      { code: 'source/failed', message: /429.*quota/ },
    ],
    [
      'an error event',
      response(
        'data: Hel\n\nevent: error\ndata: {"code":"x","message":"gone"}\n\n',
        'text/event-stream',
      ),
      { code: 'source/failed', message: /gone/ },
    ],
    [
      'an error line',
      response('{"error":"gone"}\n', 'application/x-ndjson'),
      { code: 'source/failed', message: /gone/ },
    ],
    [
      'JSON',
      response('{}', 'application/json'),
      { code: 'source/value', message: /"stream": true/ },
    ],
    ['a page', response('<p>', 'text/html'), { code: 'source/value', message: /this is a page/ }],
    [
      'foreign events',
      response('event: weather\ndata: rain\n\n', 'text/event-stream'),
      { code: 'source/value', message: /events named "weather".*readEvents/ },
    ],
    [
      'an event that is no JSON',
      response(`${sse([chat('a')])}data: oops\n\n`, 'text/event-stream'),
      { code: 'source/value', message: /no JSON: "oops"/ },
    ],
  ])('fail clearly: %s', async (_, source, wanted) => {
    expect((await readAll(source)).error).toMatchObject(wanted)
  })

  test('hang up at once, also while the provider is silent', async () => {
    for (const type of ['text/event-stream', 'application/x-ndjson', 'text/plain']) {
      const body =
        type === 'text/event-stream' ? sse([chat('Hi')]) : type === 'text/plain' ? 'Hi' : '"Hi"\n'
      const thinking = provider(body, { contentType: type, thinks: true, bytesAtOnce: 999 })
      const read = tokens((signal) => thinking.fetch('', { signal }))
      expect(await read.next()).toEqual({ done: false, value: 'Hi' })
      const pending = read.next()
      await read.return('')
      expect(await pending).toMatchObject({ done: true })
      expect(thinking.noticed).toMatchObject({ requests: 1, cancelled: true })
    }
  })
})

describe('tokens', () => {
  test('of a promise of text are one token', async () => {
    expect(await readAll(Promise.resolve('Hello you'))).toMatchObject({
      texts: ['Hello you'],
      whole: 'Hello you',
    })
    expect((await readAll(async () => 'Hello you')).texts).toEqual(['Hello you'])
  })

  test('call a function once, at the first read, with a signal that aborts when the reader stops', async () => {
    const signals: AbortSignal[] = []
    const source = (signal: AbortSignal): string[] => {
      signals.push(signal)
      return ['a', 'b']
    }
    const read = tokens(source)
    expect(signals).toEqual([])
    await read.next()
    expect(signals[0]!.aborted).toBe(false)
    await read.return('')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    await tokens(source).return('')
    expect(signals).toHaveLength(1)
    for await (const _ of tokens(source)) continue
    expect(signals[1]!.aborted).toBe(false)
  })

  test('return, then abort, then abort the controller of what they read', async () => {
    const calls: string[] = []
    const source = {
      abort: () => calls.push('abort'),
      controller: { abort: () => calls.push('controller.abort'), signal: { aborted: false } },
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: 'a' }),
        return: async () => {
          calls.push('return')
          return { done: true as const, value: undefined }
        },
      }),
    }
    for await (const _ of tokens(source as TokenSource)) break
    expect(calls).toEqual(['return', 'abort', 'controller.abort'])
  })

  test('throw the reason of their signal, at once, and do not start when it had aborted before', async () => {
    const stop = new AbortController()
    const read = tokens(() => new ReadableStream<string>(), { signal: stop.signal })
    const pending = read.next()
    stop.abort(new Error('enough'))
    await expect(pending).rejects.toThrow('enough')
    let started = 0
    const late = tokens(() => [String((started += 1))], {
      signal: AbortSignal.abort(new Error('late')),
    })
    await expect(late.next()).rejects.toThrow('late')
    expect(started).toBe(0)
  })

  test('do not end the process when a call fails that is never read', async () => {
    tokens(Promise.reject(new Error('refused')))
    await new Promise((resolve) => setImmediate(resolve))
    expect(timersRunning()).toBe(0)
  })

  test('let through what a generator of our own throws, and wrap what a provider throws', async () => {
    const own = new Error('own')
    const failing = async function* (): AsyncGenerator<string> {
      throw own
    }
    expect((await readAll(failing())).error).toBe(own)
    expect((await readAll(() => failing())).error).toBe(own)
    expect((await readAll(Promise.reject(own))).error).toMatchObject({
      code: 'source/failed',
      cause: own,
    })
    const answer = Object.assign(new Error('teapot'), { getResponse: () => new Response() })
    expect((await readAll(Promise.reject(answer))).error).toBe(answer)
  })

  test('skip unknown types, and refuse a source that has no others', async () => {
    expect((await readAll([{ type: 'brand-new' }, { type: 'text-delta', text: 'a' }])).whole).toBe(
      'a',
    )
    expect((await readAll([{ type: 'brand-new' }, { type: 'weather' }])).error).toMatchObject({
      code: 'source/value',
      message: /No part of this source is of a known type: "brand-new", "weather"/,
    })
  })

  test('of an iterator whose next() gives no result are refused, and end no process', async () => {
    for (const [answer, kind] of [
      [undefined, 'undefined'],
      [null, 'null'],
      ['text', 'a string'],
    ] as const) {
      const next = async (): Promise<never> => answer as never
      const source: AsyncIterable<string> = { [Symbol.asyncIterator]: () => ({ next }) }
      await expect(tokens(source).next()).rejects.toMatchObject({
        code: 'source/value',
        message: expect.stringContaining(
          `The next() of a source gave ${kind}, which is no result. It has to give { done, value }; an async generator does so by itself.`,
        ),
      })
    }
  })

  test('of a locked stream say that it has a reader', async () => {
    const stream = new ReadableStream<string>()
    stream.getReader()
    expect((await readAll(stream)).error).toMatchObject({ message: /has a reader already/ })
  })

  test('can be asked for several values at once, in order', async () => {
    const read = tokens(fakeTokens('a b c'))
    const values = await Promise.all([read.next(), read.next(), read.next(), read.next()])
    expect(values.map(({ value }) => value)).toEqual(['a ', 'b ', 'c', 'a b c'])
  })
})
