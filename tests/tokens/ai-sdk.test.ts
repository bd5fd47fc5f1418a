import { beforeAll, describe, expect, test } from 'vitest'
import { tokens, type TokenSource } from '../../src/core.ts'
import { importAiSdk, installAiSdk } from '../support/ai-sdk.ts'
import { saidBy, spelt } from './support/said.ts'

interface Ai {
  streamText(options: object): TokenSource & {
    textStream: AsyncIterable<string>
    fullStream: AsyncIterable<{ type: string }>
    toUIMessageStreamResponse(): Response
    toTextStreamResponse(): Response
  }
  generateText(options: object): Promise<{ text: string }>
}
interface AiTest {
  MockLanguageModelV3: new (options: object) => object
  simulateReadableStream(options: object): ReadableStream
}

let ai: Ai
let mocks: AiTest
beforeAll(async () => {
  await installAiSdk()
  ai = await importAiSdk<Ai>('ai')
  mocks = await importAiSdk<AiTest>('ai/test')
}, 240_000)

const usage = { inputTokens: { total: 3 }, outputTokens: { total: 2 } }
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
  { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage },
]

function model(chunks: readonly object[] = CHUNKS): { model: object; signals: AbortSignal[] } {
  const signals: AbortSignal[] = []
  return {
    signals,
    model: new mocks.MockLanguageModelV3({
      doStream: async ({ abortSignal }: { abortSignal?: AbortSignal }) => {
        if (abortSignal) signals.push(abortSignal)
        return { stream: mocks.simulateReadableStream({ chunks }) }
      },
      doGenerate: async () => ({
        content: [{ type: 'text', text: 'Hello' }],
        finishReason: { unified: 'stop', raw: 'stop' },
        usage,
        warnings: [],
      }),
    }),
  }
}
const quietly = { prompt: 'Hi', maxRetries: 0, onError: () => {} }

describe('tokens of the AI SDK', () => {
  test('are the text of a result, and all else is kept apart', async () => {
    const { texts, parts, error } = await saidBy(
      ai.streamText({ model: model().model, ...quietly }),
    )
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
    const result = (): ReturnType<Ai['streamText']> =>
      ai.streamText({ model: model().model, ...quietly })
    for (const source of [
      result().fullStream,
      result().textStream,
      result().toUIMessageStreamResponse(),
      result().toTextStreamResponse(),
    ]) {
      const { whole, error } = await saidBy(source)
      expect(error).toBe(undefined)
      expect(whole).toBe('Grüße 👋')
    }
  })

  test('fail with the cause when the model fails in mid-stream, where textStream would end well', async () => {
    const cause = new Error('overloaded')
    const failing = model([...CHUNKS.slice(0, 7), { type: 'error', error: cause }]).model
    const { texts, error } = await saidBy(ai.streamText({ model: failing, ...quietly }))
    expect(texts).toEqual(['Grüße'])
    expect(error).toMatchObject({
      code: 'source/failed',
      message: 'The model failed: overloaded',
      cause,
    })
  })

  test('fail with the cause when the model cannot be reached', async () => {
    const failing = new mocks.MockLanguageModelV3({
      doStream: async () => {
        throw new Error('connect ECONNREFUSED')
      },
    })
    const { error } = await saidBy(ai.streamText({ model: failing, ...quietly }))
    expect(error).toMatchObject({ code: 'source/failed', message: /ECONNREFUSED/ })
  })

  test('stop a model that thinks, at once, through the signal of a function', async () => {
    const signals: AbortSignal[] = []
    const thinking = new mocks.MockLanguageModelV3({
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

  test('are not whole when somebody else aborts the model', async () => {
    const stop = new AbortController()
    const thinking = new mocks.MockLanguageModelV3({
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

  test('say what was meant when the answer is finished', async () => {
    const finished = ai.generateText({ model: model().model, prompt: 'Hi' })
    const { error } = await saidBy(finished as unknown as TokenSource)
    expect(error).toMatchObject({
      code: 'source/value',
      message: /streamText\(\) instead of generateText/,
    })
  })
})
