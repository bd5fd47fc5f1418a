import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { tokens, type TokenSource } from '../../src/core.ts'
import { provider, sse, type Provider } from './support/provider.ts'
import { readAll, spelt } from './support/read-all.ts'

const client = ({ fetch }: Provider): Anthropic =>
  new Anthropic({ apiKey: 'k', baseURL: 'http://model.test', fetch, maxRetries: 0 })
const question = {
  model: 'm',
  max_tokens: 9,
  messages: [{ role: 'user' as const, content: 'Hi' }],
}
const delta = (index: number, change: object): object => ({
  type: 'content_block_delta',
  index,
  delta: change,
})
const EVENTS = [
  {
    type: 'message_start',
    message: {
      id: 'm',
      type: 'message',
      role: 'assistant',
      content: [],
      model: 'm',
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 1 },
    },
  },
  {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'thinking', thinking: '', signature: '' },
  },
  delta(0, { type: 'thinking_delta', thinking: 'Hmm.' }),
  { type: 'content_block_stop', index: 0 },
  { type: 'ping' },
  {
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'text', text: '', citations: [] },
  },
  delta(1, { type: 'text_delta', text: 'Grüße' }),
  delta(1, { type: 'text_delta', text: '' }),
  delta(1, { type: 'text_delta', text: ' 👋' }),
  delta(1, {
    type: 'citations_delta',
    citation: {
      type: 'web_search_result_location',
      url: 'https://a.test/',
      title: 'A',
      cited_text: 'x',
    },
  }),
  { type: 'content_block_stop', index: 1 },
  {
    type: 'content_block_start',
    index: 2,
    content_block: { type: 'tool_use', id: 't', name: 'look_up', input: {} },
  },
  delta(2, { type: 'input_json_delta', partial_json: '{}' }),
  { type: 'content_block_stop', index: 2 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 7 },
  },
  { type: 'message_stop' },
]
const BODY = sse(EVENTS, { named: true })

describe('tokens of Anthropic', () => {
  test.each<[string, (anthropic: Anthropic) => TokenSource]>([
    ['create()', (anthropic) => anthropic.messages.create({ ...question, stream: true })],
    ['stream()', (anthropic) => anthropic.messages.stream(question)],
    ['a function', (anthropic) => (signal) => anthropic.messages.stream(question, { signal })],
  ])('are the text, and all else goes to onPart: %s', async (_, source) => {
    const { texts, parts, error } = await readAll(source(client(provider(BODY))))
    expect(error).toBe(undefined)
    expect(texts).toEqual(['Grüße', ' 👋'])
    expect(spelt(parts)).toEqual([
      { type: 'usage', inputTokens: 3, outputTokens: 1 },
      { type: 'reasoning', text: 'Hmm.' },
      { type: 'source', url: 'https://a.test/', title: 'A' },
      { type: 'tool', name: 'look_up' },
      { type: 'tool' },
      { type: 'usage', outputTokens: 7 },
      { type: 'finish', reason: 'end_turn' },
    ])
  })

  test.each<[string, (anthropic: Anthropic) => TokenSource]>([
    ['create()', (anthropic) => anthropic.messages.create({ ...question, stream: true })],
    ['stream()', (anthropic) => anthropic.messages.stream(question)],
  ])('fail with the cause when the provider fails in mid-stream: %s', async (_, source) => {
    const body = sse(
      [
        ...EVENTS.slice(0, 7),
        { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      ],
      { named: true },
    )
    const { texts, error } = await readAll(source(client(provider(body))))
    expect(texts).toEqual(['Grüße'])
    expect(error).toMatchObject({ code: 'source/failed', message: /Overloaded/ })
    expect((error as Error).cause).toBeInstanceOf(Error)
  })

  test.each<[string, (anthropic: Anthropic) => TokenSource]>([
    ['create()', (anthropic) => anthropic.messages.create({ ...question, stream: true })],
    ['stream()', (anthropic) => anthropic.messages.stream(question)],
  ])('hang up on a model that thinks, at once: %s', async (_, source) => {
    const thinking = provider(sse(EVENTS.slice(0, 7), { named: true }), { thinks: true })
    const read = tokens(source(client(thinking)))
    expect(await read.next()).toEqual({ done: false, value: 'Grüße' })
    const pending = read.next()
    await read.return('')
    expect(await pending).toMatchObject({ done: true })
    await thinking.letGo
  })

  test('say what was forgotten when the answer is finished', async () => {
    const finished = provider(
      JSON.stringify({ type: 'message', content: [{ type: 'text', text: 'Hi' }] }),
      {
        contentType: 'application/json',
      },
    )
    const message = client(finished).messages.create(question)
    const { error } = await readAll(message as unknown as TokenSource)
    expect(error).toMatchObject({ code: 'source/value', message: /finished message of Anthropic/ })
  })
})
