import { beforeAll, describe, expect, test } from 'vitest'
import { tokens, type TokenSource } from '../../src/core.ts'
import { AI_SDK_VERSIONS, importAiSdk, installAiSdk } from '../support/ai-sdk.ts'
import { sse } from './support/provider.ts'
import { readAll, spelt } from './support/read-all.ts'

interface Ai {
  streamText(options: object): TokenSource & {
    textStream: AsyncIterable<string>
    fullStream: AsyncIterable<{ type: string }>
    toUIMessageStreamResponse(): Response
    toTextStreamResponse(): Response
  }
  generateText(options: object): Promise<{ text: string }>
}
type MockModel = new (options: object) => object
interface AiTest {
  MockLanguageModelV2?: MockModel
  MockLanguageModelV3?: MockModel
  MockLanguageModelV4?: MockModel
  simulateReadableStream(options: object): ReadableStream
}
interface AiAnthropic {
  createAnthropic(options: object): (model: string) => object
}

/** Each version of the SDK has its own version of what a model is. */
const MODELS = {
  5: 'MockLanguageModelV2',
  6: 'MockLanguageModelV3',
  7: 'MockLanguageModelV4',
} as const

const CHUNKS = [
  { type: 'stream-start', warnings: [] },
  { type: 'reasoning-start', id: 'r' },
  { type: 'reasoning-delta', id: 'r', delta: 'Hmm.' },
  { type: 'reasoning-end', id: 'r' },
  { type: 'source', sourceType: 'url', id: 's', url: 'https://a.test/', title: 'A' },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Grüße' },
  { type: 'text-delta', id: 't', delta: '' },
  { type: 'text-delta', id: 't', delta: ' 👋' },
  { type: 'text-end', id: 't' },
]

const quietly = { prompt: 'Hi', maxRetries: 0, onError: () => {} }

describe.each(AI_SDK_VERSIONS as (5 | 6 | 7)[])('tokens of the AI SDK %i', (version) => {
  let ai: Ai
  let mocks: AiTest
  let Mock: MockModel
  beforeAll(async () => {
    await installAiSdk(version)
    ai = await importAiSdk<Ai>('ai', version)
    mocks = await importAiSdk<AiTest>('ai/test', version)
    Mock = mocks[MODELS[version]]!
  }, 240_000)

  const usage =
    version === 5
      ? { inputTokens: 3, outputTokens: 2, totalTokens: 5 }
      : { inputTokens: { total: 3 }, outputTokens: { total: 2 } }
  const finishReason = version === 5 ? 'stop' : { unified: 'stop', raw: 'stop' }
  const ALL = [...CHUNKS, { type: 'finish', finishReason, usage }]

  function model(chunks: readonly object[] = ALL): object {
    return new Mock({
      doStream: async () => ({ stream: mocks.simulateReadableStream({ chunks }) }),
      doGenerate: async () => ({
        content: [{ type: 'text', text: 'Hello' }],
        finishReason,
        usage,
        warnings: [],
      }),
    })
  }

  test('are the text of a result, and all else goes to onPart', async () => {
    const { texts, parts, error } = await readAll(ai.streamText({ model: model(), ...quietly }))
    expect(error).toBe(undefined)
    expect(texts).toEqual(['Grüße', ' 👋'])
    expect(spelt(parts)).toEqual([
      { type: 'reasoning', text: 'Hmm.' },
      { type: 'source', url: 'https://a.test/', title: 'A' },
      { type: 'usage', inputTokens: 3, outputTokens: 2 },
      { type: 'finish', reason: 'stop' },
    ])
  })

  test('are the same from its fullStream, its textStream, and its responses', async () => {
    const result = (): ReturnType<Ai['streamText']> => ai.streamText({ model: model(), ...quietly })
    for (const source of [
      result().fullStream,
      result().textStream,
      result().toUIMessageStreamResponse(),
      result().toTextStreamResponse(),
    ]) {
      const { whole, error } = await readAll(source)
      expect(error).toBe(undefined)
      expect(whole).toBe('Grüße 👋')
    }
  })

  test('fail with the cause when the model fails in mid-stream, where textStream would end well', async () => {
    const cause = new Error('overloaded')
    const failing = model([...CHUNKS.slice(0, 7), { type: 'error', error: cause }])
    const { texts, error } = await readAll(ai.streamText({ model: failing, ...quietly }))
    expect(texts).toEqual(['Grüße'])
    expect(error).toMatchObject({
      code: 'source/failed',
      message: expect.stringMatching(/^The model failed: overloaded\. See /),
      cause,
    })
  })

  test('fail with the cause when the model cannot be reached', async () => {
    const failing = new Mock({
      doStream: async () => {
        throw new Error('connect ECONNREFUSED')
      },
    })
    const { error } = await readAll(ai.streamText({ model: failing, ...quietly }))
    expect(error).toMatchObject({ code: 'source/failed', message: /ECONNREFUSED/ })
  })

  test('stop a model that thinks, at once, through the signal of a function', async () => {
    const signals: AbortSignal[] = []
    const thinking = new Mock({
      doStream: async ({ abortSignal }: { abortSignal: AbortSignal }) => {
        signals.push(abortSignal)
        const stream = new ReadableStream({
          start(controller) {
            for (const chunk of CHUNKS.slice(0, 7)) controller.enqueue(chunk)
            abortSignal.addEventListener('abort', () => controller.error(abortSignal.reason))
          },
        })
        return { stream }
      },
    })
    const read = tokens((abortSignal) =>
      ai.streamText({ model: thinking, ...quietly, abortSignal }),
    )
    expect(await read.next()).toEqual({ done: false, value: 'Grüße' })
    const pending = read.next()
    await read.return('')
    expect(await pending).toMatchObject({ done: true })
    expect(signals[0]!.aborted).toBe(true)
  })

  test('are not whole when something else aborts the model', async () => {
    const stop = new AbortController()
    const thinking = new Mock({
      doStream: async () => ({
        stream: new ReadableStream({
          start(controller) {
            for (const chunk of CHUNKS.slice(0, 7)) controller.enqueue(chunk)
            stop.signal.addEventListener('abort', () => controller.error(stop.signal.reason))
          },
        }),
      }),
    })
    const read = tokens(ai.streamText({ model: thinking, ...quietly, abortSignal: stop.signal }))
    await read.next()
    stop.abort()
    await expect(read.next()).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('are the text of a provider over HTTP, and end with its failure', async () => {
    const { createAnthropic } = await importAiSdk<AiAnthropic>('@ai-sdk/anthropic', version)
    const begins = [
      {
        type: 'message_start',
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          content: [],
          model: 'm',
          usage: { input_tokens: 3, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grü' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'ße' } },
    ]
    const done = [
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
      { type: 'message_stop' },
    ]
    const fails = [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }]
    const briefly = { ...quietly, maxOutputTokens: 9 }
    const asked: string[] = []
    const answering = (events: readonly object[]): object => {
      const fetch = async (url: unknown, init: RequestInit): Promise<Response> => {
        asked.push(`${String(url)} ${String(init.body).includes('"stream":true')}`)
        return new Response(sse(events, { named: true }), {
          headers: { 'content-type': 'text/event-stream' },
        })
      }
      return createAnthropic({ apiKey: 'k', baseURL: 'http://model.test/v1', fetch })('m')
    }
    const whole = await readAll(
      ai.streamText({ model: answering([...begins, ...done]), ...briefly }),
    )
    expect([whole.texts, whole.error]).toEqual([['Grü', 'ße'], undefined])
    expect(spelt(whole.parts)).toContainEqual({ type: 'usage', inputTokens: 3, outputTokens: 2 })
    const cut = await readAll(
      ai.streamText({ model: answering([...begins, ...fails]), ...briefly }),
    )
    expect(cut.texts).toEqual(['Grü', 'ße'])
    expect(cut.error).toMatchObject({ code: 'source/failed', message: /Overloaded/ })
    expect(asked).toEqual(Array(2).fill('http://model.test/v1/messages true'))
  })

  test('say what was meant when the answer is finished', async () => {
    const finished = ai.generateText({ model: model(), prompt: 'Hi' })
    const { error } = await readAll(finished as unknown as TokenSource)
    expect(error).toMatchObject({
      code: 'source/value',
      message: /streamText\(\) instead of generateText/,
    })
  })
})
