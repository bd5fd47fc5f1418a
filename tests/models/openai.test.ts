import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { SourceError, tokens, type TokenSource } from '../../src/core.ts'
import { provider, sse, type Provider } from './support/provider.ts'
import { readAll, spelt } from './support/read-all.ts'

const client = ({ fetch }: Provider): OpenAI =>
  new OpenAI({ apiKey: 'k', baseURL: 'http://model.test/v1', fetch, maxRetries: 0 })
const messages = [{ role: 'user' as const, content: 'Hi' }]
const chunk = (delta: object, more: object = {}): object => ({
  id: '1',
  object: 'chat.completion.chunk',
  created: 0,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
})
const CHAT = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ reasoning_content: 'Hmm.' }),
  chunk({ content: 'Grüße, ' }),
  chunk({ content: null }),
  chunk({ content: '世界 👋' }),
  chunk({
    tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
  }),
  chunk({}, { finish_reason: 'stop' }),
  { ...chunk({}), choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
]
const chatBody = sse(CHAT, { end: 'data: [DONE]\n\n' })
const ask = (openai: OpenAI) =>
  openai.chat.completions.create({ model: 'm', messages, stream: true })

describe('tokens of openai, chat', () => {
  test.each<[string, (openai: OpenAI) => TokenSource | Promise<TokenSource>]>([
    ['a promise', (openai) => ask(openai)],
    ['a stream', async (openai) => ask(openai)],
    ['stream()', (openai) => openai.chat.completions.stream({ model: 'm', messages })],
    [
      'a function',
      (openai) => (signal: AbortSignal) =>
        openai.chat.completions.create({ model: 'm', messages, stream: true }, { signal }),
    ],
  ])('are the text, and all else goes to onPart: %s', async (_, source) => {
    const { texts, whole, parts, error } = await readAll(
      (await source(client(provider(chatBody)))) as TokenSource,
    )
    expect(error).toBe(undefined)
    expect(texts).toEqual(['Grüße, ', '世界 👋'])
    expect(whole).toBe('Grüße, 世界 👋')
    expect(spelt(parts)).toEqual([
      { type: 'reasoning', text: 'Hmm.' },
      { type: 'tool' },
      { type: 'finish', reason: 'stop' },
      { type: 'usage', inputTokens: 3, outputTokens: 2 },
    ])
  })

  test('fail with the cause when the provider fails in mid-stream, after the text before it', async () => {
    const body = sse([CHAT[2], { error: { message: 'overloaded', type: 'server_error' } }])
    const { texts, error } = await readAll(ask(client(provider(body))))
    expect(texts).toEqual(['Grüße, '])
    expect(error).toBeInstanceOf(SourceError)
    expect(error).toMatchObject({ code: 'source/failed', message: /overloaded/ })
    expect((error as Error).cause).toBeInstanceOf(OpenAI.APIError)
  })

  test('fail when the connection breaks', async () => {
    const { texts, error } = await readAll(ask(client(provider(sse([CHAT[2]]), { breaks: true }))))
    expect(texts).toEqual(['Grüße, '])
    expect(error).toMatchObject({ code: 'source/failed', cause: { message: 'terminated' } })
  })

  test('fail when the provider refuses', async () => {
    const refusing = provider('{"error":{"message":"wrong key"}}', {
      status: 401,
      contentType: 'application/json',
    })
    const { error } = await readAll(ask(client(refusing)))
    expect(error).toMatchObject({ code: 'source/failed', message: /wrong key/ })
    expect((error as Error).cause).toBeInstanceOf(OpenAI.AuthenticationError)
  })

  test('hang up on a model that thinks, at once', async () => {
    for (const source of [
      (openai: OpenAI) => ask(openai),
      (openai: OpenAI) => (signal: AbortSignal) =>
        openai.chat.completions.create({ model: 'm', messages, stream: true }, { signal }),
    ]) {
      const thinking = provider(sse([CHAT[2]]), { thinks: true })
      const read = tokens(source(client(thinking)))
      expect(await read.next()).toEqual({ done: false, value: 'Grüße, ' })
      const pending = read.next()
      await read.return('')
      expect(await pending).toMatchObject({ done: true })
      await thinking.letGo
      expect(thinking.noticed.aborted).toBe(true)
    }
  })

  test('hang up on a call that was never read', async () => {
    const thinking = provider(sse([CHAT[2]]), { thinks: true })
    await tokens(ask(client(thinking))).return('')
    await thinking.letGo
    expect(thinking.noticed.requests).toBe(1)
  })

  test('are not whole when something else aborts the stream', async () => {
    const stream = await ask(client(provider(sse([CHAT[2]]), { thinks: true })))
    const read = tokens(stream)
    await read.next()
    stream.controller.abort()
    await expect(read.next()).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('say what was forgotten when the answer is finished', async () => {
    const finished = provider(
      JSON.stringify({ object: 'chat.completion', choices: [{ message: { content: 'Hi' } }] }),
      { contentType: 'application/json' },
    )
    const completion = client(finished).chat.completions.create({ model: 'm', messages })
    const { error } = await readAll(completion as unknown as TokenSource)
    expect(error).toMatchObject({
      code: 'source/value',
      message: expect.stringContaining(
        'This is a finished chat completion, not a stream. Pass `stream: true` to create().',
      ),
    })
  })
})

describe('tokens of openai, responses', () => {
  const item = { item_id: 'i', output_index: 0, content_index: 0 }
  const response = { id: 'r', object: 'response', status: 'in_progress', output: [] }
  const EVENTS = [
    { type: 'response.created', response },
    { type: 'response.reasoning_summary_text.delta', delta: 'Hmm.', ...item },
    {
      type: 'response.output_item.added',
      item: { type: 'function_call', name: 'look_up' },
      output_index: 1,
    },
    { type: 'response.output_text.delta', delta: 'Hel', ...item },
    { type: 'response.output_text.delta', delta: 'lo', ...item },
    {
      type: 'response.output_text.annotation.added',
      annotation: { type: 'url_citation', url: 'https://a.test/', title: 'A' },
      ...item,
    },
    { type: 'response.output_text.done', text: 'Hello', ...item },
    {
      type: 'response.completed',
      response: { ...response, status: 'completed', usage: { input_tokens: 3, output_tokens: 2 } },
    },
  ]

  test('are the text, and all else goes to onPart', async () => {
    const body = sse(EVENTS, { named: true })
    const { texts, parts, error } = await readAll(
      client(provider(body)).responses.create({ model: 'm', input: 'Hi', stream: true }),
    )
    expect(error).toBe(undefined)
    expect(texts).toEqual(['Hel', 'lo'])
    expect(spelt(parts)).toEqual([
      { type: 'reasoning', text: 'Hmm.' },
      { type: 'tool', name: 'look_up' },
      { type: 'source', url: 'https://a.test/', title: 'A' },
      { type: 'usage', inputTokens: 3, outputTokens: 2 },
      { type: 'finish', reason: 'stop' },
    ])
  })

  test.each([
    [{ type: 'error', message: 'out of credit', code: 'x' }],
    [
      {
        type: 'response.failed',
        response: { ...response, error: { code: 'x', message: 'out of credit' } },
      },
    ],
  ])('fail in mid-stream: %o', async (failure) => {
    const body = sse([EVENTS[3], failure], { named: true })
    const { texts, error } = await readAll(
      client(provider(body)).responses.create({ model: 'm', input: 'Hi', stream: true }),
    )
    expect(texts).toEqual(['Hel'])
    expect(error).toMatchObject({ code: 'source/failed', message: /out of credit/ })
  })
})
