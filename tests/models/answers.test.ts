import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { beforeAll, describe, expect, test } from 'vitest'
import { streamWithSources, tokens, type Fragment, type NonTextPart } from 'swapstream'

import { AI_SDK_VERSIONS, importAiSdk, installAiSdk } from '../support/ai-sdk.ts'
import { ndjson as lines, provider, sse as events } from './support/provider.ts'

/** A stream of an SDK: its chunks, one by one. */
async function* stream(chunks: readonly unknown[]): AsyncGenerator<unknown> {
  for (const chunk of chunks) yield chunk
}

async function read(source: unknown) {
  const parts: NonTextPart[] = []
  let text = ''
  try {
    for await (const token of tokens(source as never, { onPart: (part) => parts.push(part) }))
      text += token
  } catch (error) {
    return { text, parts, code: (error as { code?: string }).code }
  }
  return { text, parts, code: undefined }
}

const openaiText = (content: unknown, reason: string | null = null) => ({
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: content === undefined ? {} : { content }, finish_reason: reason }],
})
const anthropicText = (index: number, text: string) => [
  { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index, delta: { type: 'text_delta', text } },
  { type: 'content_block_stop', index },
]
const anthropicEnd = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
  { type: 'message_stop' },
]
const responsesText = (item: number, delta: string) => ({
  type: 'response.output_text.delta',
  output_index: item,
  content_index: 0,
  delta,
})
const responsesMessage = (output_index: number) => ({
  type: 'response.output_item.added',
  output_index,
  item: { type: 'message', role: 'assistant' },
})

describe('texts with something between them stand apart', () => {
  test.each<[string, unknown[], string]>([
    [
      'AI SDK: the text of two steps',
      [
        { type: 'text-delta', id: '1', text: 'Let me check.' },
        { type: 'finish-step' },
        { type: 'start-step' },
        { type: 'text-delta', id: '2', text: '## Weather' },
        { type: 'finish', finishReason: 'stop' },
      ],
      'Let me check.\n\n## Weather',
    ],
    [
      'AI SDK: a tool between two texts of one step',
      [
        { type: 'text-start', id: '1' },
        { type: 'text-delta', id: '1', text: 'One.' },
        { type: 'text-end', id: '1' },
        { type: 'tool-call', toolName: 'f', input: {} },
        { type: 'text-start', id: '2' },
        { type: 'text-delta', id: '2', text: 'Two.' },
        { type: 'text-end', id: '2' },
        { type: 'finish', finishReason: 'stop' },
      ],
      'One.\n\nTwo.',
    ],
    [
      'Anthropic: text, tool, text',
      [
        ...anthropicText(0, 'Let me check.'),
        { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', name: 'f' } },
        { type: 'content_block_stop', index: 1 },
        ...anthropicText(2, '## Weather'),
        ...anthropicEnd,
      ],
      'Let me check.\n\n## Weather',
    ],
    [
      'Anthropic: text, thinking, text',
      [
        ...anthropicText(0, 'One.'),
        { type: 'content_block_start', index: 1, content_block: { type: 'thinking' } },
        { type: 'content_block_delta', index: 1, delta: { type: 'thinking_delta', thinking: 'x' } },
        { type: 'content_block_stop', index: 1 },
        ...anthropicText(2, 'Two.'),
        ...anthropicEnd,
      ],
      'One.\n\nTwo.',
    ],
    [
      'Anthropic: two texts with nothing between them, as citations split them',
      [...anthropicText(0, 'The sky '), ...anthropicText(1, 'is blue.'), ...anthropicEnd],
      'The sky is blue.',
    ],
    [
      'OpenAI responses: two messages',
      [
        responsesMessage(0),
        responsesText(0, 'Let me check.'),
        { type: 'response.output_item.done', output_index: 0, item: { type: 'message' } },
        responsesMessage(1),
        responsesText(1, '## Weather'),
        { type: 'response.completed', response: {} },
      ],
      'Let me check.\n\n## Weather',
    ],
    [
      'OpenAI responses: two parts of one message',
      [
        responsesMessage(0),
        responsesText(0, 'Hel'),
        { ...responsesText(0, 'lo'), content_index: 1 },
        { type: 'response.completed', response: {} },
      ],
      'Hello',
    ],
    [
      'a text that ends with a blank line already',
      [
        ...anthropicText(0, 'One.\n\n'),
        { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', name: 'f' } },
        ...anthropicText(2, 'Two.'),
        ...anthropicEnd,
      ],
      'One.\n\nTwo.',
    ],
    [
      'a tool before the first text and behind the last',
      [
        { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', name: 'f' } },
        ...anthropicText(1, 'Only.'),
        { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', name: 'f' } },
        ...anthropicEnd,
      ],
      'Only.',
    ],
    [
      'AI SDK: a thought inside a text that goes on',
      [
        { type: 'text-start', id: '1' },
        { type: 'text-delta', id: '1', text: 'Hel' },
        { type: 'reasoning-delta', id: 'r', text: 'Hmm.' },
        { type: 'data-progress', data: 50 },
        { type: 'text-delta', id: '1', text: 'lo' },
        { type: 'text-end', id: '1' },
        { type: 'finish', finishReason: 'stop' },
      ],
      'Hello',
    ],
    [
      'AI SDK: two texts with nothing but a source between them',
      [
        { type: 'text-start', id: '1' },
        { type: 'text-delta', id: '1', text: 'Hel' },
        { type: 'text-end', id: '1' },
        { type: 'source', sourceType: 'url', url: 'https://a.test/' },
        { type: 'text-start', id: '2' },
        { type: 'text-delta', id: '2', text: 'lo' },
        { type: 'finish', finishReason: 'stop' },
      ],
      'Hello',
    ],
    [
      'Anthropic: a search between two texts, the second of which begins with a line break',
      [
        ...anthropicText(0, 'One.'),
        {
          type: 'content_block_start',
          index: 1,
          content_block: { type: 'web_search_tool_result', content: [] },
        },
        ...anthropicText(2, '\n'),
        ...anthropicText(3, '\nTwo.'),
        ...anthropicEnd,
      ],
      'One.\n\nTwo.',
    ],
    [
      'OpenAI chat: two completions, one after the other',
      [openaiText('One.', 'stop'), openaiText('Two.'), openaiText(undefined, 'stop')],
      'One.\n\nTwo.',
    ],
    [
      'OpenAI chat: a tool between two texts',
      [
        openaiText('One.'),
        { choices: [{ index: 0, delta: { tool_calls: [{ index: 0 }] } }] },
        openaiText('Two.', 'stop'),
      ],
      'One.\n\nTwo.',
    ],
    [
      'Ollama: a tool between two texts',
      [
        { message: { content: 'One.' }, done: false },
        { message: { content: '', tool_calls: [{}] }, done: false },
        { message: { content: 'Two.' }, done: true },
      ],
      'One.\n\nTwo.',
    ],
  ])('%s', async (_, chunks, text) => {
    expect(await read(stream(chunks))).toMatchObject({ text, code: undefined })
  })
})

describe('content as a list', () => {
  test('of texts and thinking is text and reasoning', async () => {
    const { text, parts, code } = await read(
      stream([
        openaiText([
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hmm.' }] },
          { type: 'text', text: 'Hel' },
        ]),
        openaiText([{ type: 'text', text: 'lo' }], 'stop'),
      ]),
    )
    expect([text, code]).toEqual(['Hello', undefined])
    expect(parts).toContainEqual(expect.objectContaining({ type: 'reasoning', text: 'Hmm.' }))
  })

  test('thinking as a plain text is reasoning, too', async () => {
    const { text, parts } = await read(
      stream([
        openaiText([{ type: 'thinking', thinking: 'Hmm.' }]),
        openaiText([{ type: 'text', text: 'Yes' }], 'stop'),
      ]),
    )
    expect(text).toBe('Yes')
    expect(parts).toContainEqual(expect.objectContaining({ type: 'reasoning', text: 'Hmm.' }))
  })

  test('may hold a lone object, plain texts and files', async () => {
    const { text, parts } = await read(
      stream([
        openaiText({ type: 'text', text: 'Hel' }),
        openaiText(['l', { type: 'output_text', text: 'o' }]),
        openaiText([{ type: 'image_url', image_url: { url: 'https://a.test/a.png' } }], 'stop'),
      ]),
    )
    expect(text).toBe('Hello')
    expect(parts).toMatchObject([{ type: 'file', url: 'https://a.test/a.png' }, { type: 'finish' }])
  })
})

const EVENTS = { headers: { 'content-type': 'text/event-stream' } }
const LINES = { headers: { 'content-type': 'application/x-ndjson' } }
const sse = (chunks: readonly unknown[], end = ''): Response =>
  new Response(events(chunks, { end }), EVENTS)
const ndjson = (chunks: readonly unknown[], end = ''): Response =>
  new Response(lines(chunks) + end, LINES)

describe('an answer without a good sign at its end was cut', () => {
  test.each<[name: string, source: unknown, text?: string]>([
    ['OpenAI chat, SDK', stream([openaiText('Hel'), openaiText('lo')])],
    ['OpenAI chat, body', sse([openaiText('Hel'), openaiText('lo')])],
    ['OpenAI chat, cut in an event', sse([openaiText('Hello')], 'data: {"choices":[{"in')],
    ['OpenAI chat, finish_reason error', stream([openaiText('Hello', 'error')])],
    ['OpenAI responses', stream([responsesMessage(0), responsesText(0, 'Hello')])],
    ['Anthropic', stream(anthropicText(0, 'Hello'))],
    ['Ollama', stream([{ message: { content: 'Hello' }, done: false }])],
    ['Ollama, body', ndjson([{ message: { content: 'Hello' }, done: false }])],
    ['Ollama, cut in a line', ndjson([{ message: { content: 'Hello' }, done: false }], '{"mess')],
    ['AI SDK', stream([{ type: 'text-delta', id: '1', text: 'Hello' }])],
    [
      'AI SDK, thoughts alone',
      stream([
        { type: 'text-delta', id: '1', text: 'Hello' },
        { type: 'reasoning-delta', id: '2', text: 'x' },
      ]),
    ],
    ['OpenAI chat, a list', [openaiText('Hello')]],
    [
      'OpenAI chat, chunks without a finish_reason',
      sse([{ choices: [{ delta: { content: 'Hello' } }] }]),
    ],
    ['OpenAI chat, finish_reason abort', stream([openaiText('Hello', 'abort')])],
    ['OpenAI chat, an empty finish_reason', stream([openaiText('Hello', '')])],
    [
      'OpenAI chat, a second completion',
      stream([openaiText('Hel', 'stop'), openaiText('lo')]),
      'Hel\n\nlo',
    ],
    ['texts, cut in an event', new Response('data: Hello\n\ndata: wor', EVENTS)],
    ['texts, cut behind an event name', new Response('data: Hello\n\nevent: tok', EVENTS)],
    ['texts, cut behind the line of a name', new Response('data: Hello\n\nevent: token\n', EVENTS)],
    ['texts, cut in the name of a field', new Response('data: Hello\n\nda', EVENTS)],
    ['lines of text, cut in one', new Response('"Hello"\n"wor', LINES)],
    [
      'AI SDK, finishReason error',
      stream([
        { type: 'text-delta', id: '1', text: 'Hello' },
        { type: 'finish', finishReason: 'error' },
      ]),
    ],
  ])('%s', async (_, source, text = 'Hello') => {
    expect(await read(source)).toMatchObject({ text, code: 'source/failed' })
  })

  test.each<[name: string, source: unknown, code?: string]>([
    ['a body of events', new Response('', EVENTS), 'source/failed'],
    [
      'nothing but comments',
      new Response(': processing\n\n: processing\n\n', EVENTS),
      'source/failed',
    ],
    ['a body of lines', new Response('\n', LINES), 'source/failed'],
    ['events with an end alone', new Response('event: done\ndata:\n\n', EVENTS)],
    ['[DONE] alone', new Response('data: [DONE]\n\n', EVENTS)],
    ['a body of text', new Response('')],
    ['a list', []],
  ])('before its first word: %s', async (_, source, code) => {
    const { text, code: found } = await read(source)
    expect([text, found]).toEqual(['', code])
  })

  test.each<[name: string, before: unknown[], sign: unknown]>([
    ['chat', [openaiText('Hello')], openaiText(undefined, 'stop')],
    ['Anthropic', [{ type: 'message_start' }, ...anthropicText(0, 'Hello')], anthropicEnd[0]],
    ['responses', [responsesText(0, 'Hello')], { type: 'response.completed', response: {} }],
  ])('wherever the events of a body are cut: %s', async (_, before, sign) => {
    const body = events([...before, sign])
    // The last event may lack its empty line.
    const enough = body.length - 2
    for (let at = events(before.slice(0, 1)).length; at <= body.length; at++) {
      const { code } = await read(new Response(body.slice(0, at), EVENTS))
      expect([at, code]).toEqual([at, at < enough ? 'source/failed' : undefined])
    }
  })
})

describe('any one good sign is a good end', () => {
  test.each<[string, unknown]>([
    ['OpenAI chat, finish_reason', stream([openaiText('Hello', 'stop')])],
    ['OpenAI chat, finish_reason length', stream([openaiText('Hello', 'length')])],
    ['OpenAI chat, [DONE] alone', sse([openaiText('Hello')], 'data: [DONE]\n\n')],
    [
      'Anthropic, message_stop alone',
      stream([...anthropicText(0, 'Hello'), { type: 'message_stop' }]),
    ],
    [
      'Anthropic, stop_reason alone',
      stream([
        ...anthropicText(0, 'Hello'),
        { type: 'message_delta', delta: { stop_reason: 'max_tokens' } },
      ]),
    ],
    [
      'OpenAI responses, incomplete',
      stream([
        responsesText(0, 'Hello'),
        { type: 'response.incomplete', response: { incomplete_details: { reason: 'x' } } },
      ]),
    ],
    ['Ollama', ndjson([{ message: { content: 'Hello' }, done: true }])],
    [
      'AI SDK',
      stream([
        { type: 'text-delta', id: '1', text: 'Hello' },
        { type: 'finish', finishReason: 'stop' },
      ]),
    ],
    ['plain text', new Response('Hello', { headers: { 'content-type': 'text/plain' } })],
    ['a generator of texts', stream(['Hel', 'lo'])],
    ['a generator of our own parts', stream([{ type: 'text', text: 'Hello' }])],
    ['a text', 'Hello'],
    ['parts of an agent of one\u2019s own', stream([{ type: 'text-delta', text: 'Hello' }])],
    ['a list of chunks that were made by hand', [{ choices: [{ delta: { content: 'Hello' } }] }]],
    ['[DONE] without its empty line', sse([openaiText('Hello')], 'data: [DONE]')],
    ['a comment behind the last text', new Response('data: Hello\n\n: bye', EVENTS)],
    ['lines of text, the last without its end', new Response('"Hel"\n"lo"', LINES)],
    [
      'events of plain text',
      new Response('data: Hel\n\ndata: lo\n\n', {
        headers: { 'content-type': 'text/event-stream' },
      }),
    ],
  ])('%s', async (_, source) => {
    expect(await read(source)).toMatchObject({ text: 'Hello', code: undefined })
  })
})

test('parts that are neither text nor known otherwise reach onPart', async () => {
  const { parts } = await read(
    stream([
      { type: 'file', file: { mediaType: 'image/png' } },
      { type: 'data-weather', data: { degrees: 20 } },
      { type: 'text-delta', id: '1', text: 'x' },
      { type: 'finish', finishReason: 'stop' },
    ]),
  )
  expect(parts).toMatchObject([
    { type: 'file', mediaType: 'image/png', raw: { file: { mediaType: 'image/png' } } },
    {
      type: 'data',
      name: 'weather',
      data: { degrees: 20 },
      raw: { type: 'data-weather', data: { degrees: 20 } },
    },
    { type: 'finish' },
  ])
})

test('streamWithSources tells onPart, and draws what it gives', async () => {
  const answer = stream([
    { type: 'reasoning', text: 'Hmm.' },
    { type: 'text', text: 'Hello' },
  ])
  const fragments: Fragment[] = []
  for await (const fragment of streamWithSources(answer as never, 'x.html', {
    sources: [{ title: 'A' }],
    onPart: (part: NonTextPart) => part.type === 'reasoning' && { reasoning: part.text },
  } as never))
    fragments.push(fragment)
  expect(fragments.at(-1)!.context).toMatchObject({
    reasoning: 'Hmm.',
    text: 'Hello',
    sources: [{ title: 'A' }],
  })
})

const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }] }
const message = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  content: [],
  model: 'm',
  usage: { input_tokens: 3, output_tokens: 1 },
}
const anthropicBegin = [{ type: 'message_start', message }, ...anthropicText(0, 'Hello')]

describe('a cut answer, through the real SDK, fails', () => {
  const openai = (body: string): OpenAI =>
    new OpenAI({ apiKey: 'k', baseURL: 'http://model.test/v1', maxRetries: 0, ...provider(body) })
  const anthropic = (body: string): Anthropic =>
    new Anthropic({ apiKey: 'k', baseURL: 'http://model.test', maxRetries: 0, ...provider(body) })
  const chat = [openaiText('Hello')]

  test.each<[string, () => unknown]>([
    ['openai chat', () => openai(events(chat)).chat.completions.create({ ...ask, stream: true })],
    [
      'openai chat, cut in an event',
      () =>
        openai(events(chat, { end: 'data: {"cho' })).chat.completions.create({
          ...ask,
          stream: true,
        }),
    ],
    ['openai chat, stream()', () => openai(events(chat)).chat.completions.stream(ask)],
    [
      'openai responses',
      () =>
        openai(events([responsesText(0, 'Hello')], { named: true })).responses.create({
          model: 'm',
          input: 'Hi',
          stream: true,
        }),
    ],
    [
      'Anthropic',
      () =>
        anthropic(events(anthropicBegin, { named: true })).messages.create({
          ...ask,
          max_tokens: 9,
          stream: true,
        }),
    ],
    [
      'Anthropic, stream()',
      () =>
        anthropic(events(anthropicBegin, { named: true })).messages.stream({
          ...ask,
          max_tokens: 9,
        }),
    ],
    [
      'Ollama',
      () =>
        new Ollama({
          host: 'http://model.test',
          ...provider(lines([{ message: { content: 'Hello' }, done: false }]), {
            contentType: 'application/x-ndjson',
          }),
        }).chat({ ...ask, stream: true }),
    ],
  ])('%s', async (_, source) => {
    expect(await read(source())).toMatchObject({ text: 'Hello', code: 'source/failed' })
  })

  test('openai chat, with no event at all', async () => {
    const nothing = openai('').chat.completions.create({ ...ask, stream: true })
    expect(await read(nothing)).toMatchObject({ text: '', code: 'source/failed' })
  })
})

interface AiSdk {
  streamText(options: object): { toUIMessageStreamResponse(): Response }
}
interface AiAnthropic {
  createAnthropic(options: object): (model: string) => object
}

describe.each(AI_SDK_VERSIONS)('through the AI SDK %i', (version) => {
  let ai: AiSdk
  let providers: AiAnthropic
  beforeAll(async () => {
    await installAiSdk(version)
    ai = await importAiSdk('ai', version)
    providers = await importAiSdk('@ai-sdk/anthropic', version)
  }, 240_000)
  const answer = (chunks: readonly unknown[]) => {
    const { fetch } = provider(events(chunks, { named: true }))
    const anthropic = providers.createAnthropic({
      apiKey: 'k',
      baseURL: 'http://model.test/v1',
      fetch,
    })
    return ai.streamText({
      model: anthropic('m'),
      prompt: 'Hi',
      maxOutputTokens: 9,
      maxRetries: 0,
      onError: () => {},
    })
  }

  test('an answer that its provider cut fails', async () => {
    expect(await read(answer(anthropicBegin))).toMatchObject({
      text: 'Hello',
      code: 'source/failed',
    })
  })

  test('an answer that reached the limit of its tokens is whole, and onPart hears of it', async () => {
    const delta = { stop_reason: 'max_tokens' }
    const usage = { output_tokens: 9 }
    const whole = answer([
      ...anthropicBegin,
      { type: 'message_delta', delta, usage },
      { type: 'message_stop' },
    ])
    const { text, parts, code } = await read(whole)
    expect([text, code]).toEqual(['Hello', undefined])
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'length' })
  })

  test('a body of its messages that is cut anywhere fails', async () => {
    const whole = await answer([...anthropicBegin, anthropicStop, { type: 'message_stop' }])
      .toUIMessageStreamResponse()
      .text()
    expect(await read(new Response(whole, EVENTS))).toMatchObject({ text: 'Hello' })
    const finish = whole.indexOf('{"type":"finish"')
    for (const at of [finish, finish + 9, whole.indexOf('"Hello"') + 9]) {
      const { code } = await read(new Response(whole.slice(0, at), EVENTS))
      expect([at, code]).toEqual([at, 'source/failed'])
    }
  })
})
const anthropicStop = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn' },
  usage: { output_tokens: 9 },
}
