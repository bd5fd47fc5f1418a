import { AIMessageChunk } from '@langchain/core/messages'
import { describe, expect, test } from 'vitest'
import { tokens, type NonTextPart } from 'swapstream'
import { spelt } from './support/read-all.ts'
import { ndjson as lines, sse as events } from './support/provider.ts'

async function* stream(chunks: readonly unknown[]): AsyncGenerator<unknown> {
  for (const chunk of chunks) yield chunk
}
const body = (chunks: readonly unknown[], end = ''): Response =>
  new Response(events(chunks, { end }), { headers: { 'content-type': 'text/event-stream' } })

async function read(source: unknown) {
  const parts: NonTextPart[] = []
  let text = ''
  let code: string | undefined
  try {
    for await (const token of tokens(source as never, { onPart: (part) => parts.push(part) }))
      text += token
  } catch (error) {
    code = (error as { code?: string }).code
  }
  return { text, code, parts: spelt(parts) }
}

const gemini = (parts: object[], finishReason?: string): object => ({
  candidates: [{ content: { parts, role: 'model' }, finishReason, index: 0 }],
  usageMetadata: { promptTokenCount: 3, candidatesTokenCount: finishReason ? 9 : 1 },
})

describe('Gemini', () => {
  const whole = [
    gemini([{ text: 'Hmm.', thought: true }]),
    gemini([{ text: 'Hel' }]),
    gemini([{ text: 'lo' }], 'STOP'),
  ]
  const parts = [
    { type: 'reasoning', text: 'Hmm.' },
    { type: 'usage', inputTokens: 3, outputTokens: 9 },
    { type: 'finish', reason: 'STOP' },
  ]

  test.each([
    ['its SDK', stream(whole)],
    ['its body', body(whole)],
  ])('gives text, thoughts and counts: %s', async (_, source) => {
    expect(await read(source)).toEqual({ text: 'Hello', code: undefined, parts })
  })

  test.each([
    ['its SDK', stream(whole.slice(0, 2))],
    ['its body', body(whole.slice(0, 2))],
  ])('fails when it is cut: %s', async (_, source) => {
    expect(await read(source)).toMatchObject({ text: 'Hel', code: 'source/failed' })
  })

  test('keeps two texts apart that a call stands between, and gives files and sources', async () => {
    const grounds = { groundingChunks: [{ web: { uri: 'https://a.test/', title: 'A' } }] }
    const last = { candidates: [{ groundingMetadata: grounds, finishReason: 'MAX_TOKENS' }] }
    const answer = await read(
      stream([
        gemini([{ text: 'One.' }, { functionCall: { name: 'f' } }]),
        gemini([{ text: 'Two.' }, { inlineData: { mimeType: 'image/png', data: 'AA==' } }]),
        last,
      ]),
    )
    expect(answer).toEqual({
      text: 'One.\n\nTwo.',
      code: undefined,
      parts: [
        { type: 'tool', name: 'f' },
        { type: 'file', mediaType: 'image/png' },
        { type: 'source', url: 'https://a.test/', title: 'A' },
        { type: 'finish', reason: 'MAX_TOKENS' },
      ],
    })
  })

  test('that refuses a question says why', async () => {
    const { parts: said } = await read(stream([{ promptFeedback: { blockReason: 'SAFETY' } }]))
    expect(said).toEqual([{ type: 'finish', reason: 'SAFETY' }])
  })
})

describe('Mistral, through its SDK', () => {
  const chunk = (content: unknown, finishReason: string | null = null): object => ({
    data: { model: 'm', choices: [{ index: 0, delta: { content }, finishReason }] },
  })

  test('gives text, thoughts and sources', async () => {
    const answer = await read(
      stream([
        chunk([{ type: 'thinking', thinking: [{ type: 'text', text: 'Hmm.' }] }]),
        chunk('Hel'),
        chunk(
          [
            { type: 'text', text: 'lo' },
            { type: 'reference', referenceIds: [1] },
          ],
          'stop',
        ),
      ]),
    )
    expect(answer).toEqual({
      text: 'Hello',
      code: undefined,
      parts: [
        { type: 'reasoning', text: 'Hmm.' },
        { type: 'source' },
        { type: 'finish', reason: 'stop' },
      ],
    })
  })

  test('fails when it is cut, or says so', async () => {
    for (const chunks of [[chunk('Hello')], [chunk('Hello', 'error')]])
      expect(await read(stream(chunks))).toMatchObject({ text: 'Hello', code: 'source/failed' })
  })
})

describe('Cohere', () => {
  const begin = { type: 'message-start', id: '1', delta: { message: { role: 'assistant' } } }
  const text = (content: object): object => ({
    type: 'content-delta',
    delta: { message: { content } },
  })
  const end = (finish_reason: string): object => ({
    type: 'message-end',
    delta: { finish_reason, usage: { tokens: { input_tokens: 3, output_tokens: 9 } } },
  })
  const plan = { type: 'tool-plan-delta', delta: { message: { tool_plan: 'I will ask.' } } }
  const whole = [
    begin,
    plan,
    { type: 'tool-call-start', delta: {} },
    text({ thinking: 'Hmm.' }),
    text({ text: 'Hel' }),
    text({ text: 'lo' }),
    { type: 'content-end' },
    end('COMPLETE'),
  ]

  test.each([
    ['its SDK', stream(whole)],
    ['its body', body(whole)],
  ])('gives text, plan and counts: %s', async (_, source) => {
    expect(await read(source)).toEqual({
      text: 'Hello',
      code: undefined,
      parts: [
        { type: 'reasoning', text: 'I will ask.' },
        { type: 'tool' },
        { type: 'reasoning', text: 'Hmm.' },
        { type: 'usage', inputTokens: 3, outputTokens: 9 },
        { type: 'finish', reason: 'COMPLETE' },
      ],
    })
  })

  test('fails when it is cut, or says so', async () => {
    for (const last of [[], [end('ERROR')], [end('TIMEOUT')]])
      expect(await read(stream([begin, text({ text: 'x' }), ...last]))).toMatchObject({
        text: 'x',
        code: 'source/failed',
      })
  })
})

describe('Workers AI', () => {
  test('gives its text, not its JSON', async () => {
    const chunks = [{ response: 'Hel' }, { response: 'lo', p: 'abc' }]
    expect(await read(body(chunks, 'data: [DONE]\n\n'))).toMatchObject({
      text: 'Hello',
      code: undefined,
    })
    expect(await read(body(chunks))).toMatchObject({ text: 'Hello', code: 'source/failed' })
  })
})

describe('LangChain', () => {
  const ai = (fields: object): AIMessageChunk => new AIMessageChunk(fields as { content: string })

  test('keeps two texts apart that a call stands between', async () => {
    const answer = await read(
      stream([
        ai({ content: 'One.' }),
        ai({ content: '', tool_call_chunks: [{ name: 'f', args: '', index: 0 }] }),
        ai({ content: 'Two.' }),
      ]),
    )
    expect(answer.text).toBe('One.\n\nTwo.')
  })

  test('gives the files in its content', async () => {
    const content = [
      { type: 'text', text: 'Look:' },
      { type: 'image_url', image_url: { url: 'https://a.test/a.png' } },
    ]
    expect(await read(stream([ai({ content })]))).toMatchObject({
      text: 'Look:',
      parts: [{ type: 'file', url: 'https://a.test/a.png' }],
    })
  })

  test('is read from its JSON, too', async () => {
    const chunk = (content: string) => ({ content, additional_kwargs: {}, response_metadata: {} })
    const json = new Response(lines([chunk('Hel'), chunk('lo')]), {
      headers: { 'content-type': 'application/x-ndjson' },
    })
    expect(await read(json)).toMatchObject({ text: 'Hello', code: undefined })
  })

  test('ends for the reason that its provider gives, in whichever case', async () => {
    const last = (response_metadata: object) => stream([ai({ content: 'x', response_metadata })])
    expect((await read(last({ finishReason: 'STOP' }))).parts).toEqual([
      { type: 'finish', reason: 'STOP' },
    ])
    expect((await read(last({ finish_reason: 'error' }))).code).toBe('source/failed')
  })
})

describe('the words of other servers', () => {
  const chat = (delta: object, finish_reason: string | null = null): object => ({
    choices: [{ index: 0, delta, finish_reason }],
  })

  test.each(['network_error', 'insufficient_system_resource', 'ERROR', 'server_error', 'timeout'])(
    'an answer that finishes with "%s" is not whole',
    async (reason) => {
      expect(await read(stream([chat({ content: 'x' }, reason)]))).toMatchObject({
        text: 'x',
        code: 'source/failed',
      })
      const finishReason = { unified: 'other', raw: reason }
      const ofAiSdk = [
        { type: 'text-delta', id: '1', text: 'x' },
        { type: 'finish', finishReason },
      ]
      if (reason !== 'timeout') expect((await read(stream(ofAiSdk))).code).toBe('source/failed')
    },
  )

  test.each(['content_filter', 'length', 'tool_calls', 'eos_token'])(
    'an answer that finishes with "%s" is',
    async (reason) => {
      expect((await read(stream([chat({ content: 'x' }, reason)]))).code).toBe(undefined)
    },
  )

  test('the words of a spoken answer are its text', async () => {
    const spoken = stream([
      chat({ content: null, audio: { transcript: 'Hel' } }),
      chat({ audio: { transcript: 'lo', data: 'AA==' } }),
      chat({}, 'stop'),
    ])
    expect(await read(spoken)).toMatchObject({ text: 'Hello', parts: [{ type: 'file' }, {}] })
    for (const type of [
      'response.output_audio_transcript.delta',
      'response.audio.transcript.delta',
    ])
      expect(
        await read(
          stream([
            { type, delta: 'Hello' },
            { type: 'response.completed', response: {} },
          ]),
        ),
      ).toMatchObject({ text: 'Hello' })
  })

  test('a text inside the text of a block is found', async () => {
    const content = [{ type: 'text', text: { value: 'Hello' } }]
    expect((await read(stream([chat({ content }, 'stop')]))).text).toBe('Hello')
  })
})

describe('the native stream of llama.cpp', () => {
  const word = (content: string): object => ({ content, stop: false, index: 0, tokens: [1] })
  const last = (more: object): object => ({
    content: '',
    stop: true,
    tokens_predicted: 9,
    tokens_evaluated: 3,
    ...more,
  })

  test.each([
    [{ stop_type: 'eos' }, 'eos'],
    [{ stop_type: 'limit' }, 'limit'],
    [{ stopped_limit: true, stopped_eos: false }, 'limit'],
    [{}, 'stop'],
  ])('is its text, and its end says why (%j)', async (more, reason) => {
    const chunks = [word('Hel'), word('lo'), last(more)]
    const json = new Response(lines(chunks), {
      headers: { 'content-type': 'application/x-ndjson' },
    })
    for (const source of [body(chunks), json, stream(chunks)])
      expect(await read(source)).toEqual({
        text: 'Hello',
        code: undefined,
        parts: [
          { type: 'usage', inputTokens: 3, outputTokens: 9 },
          { type: 'finish', reason },
        ],
      })
  })

  test('that stops before its end was cut', async () => {
    for (const source of [body([word('Hel')]), stream([word('Hel')])])
      expect(await read(source)).toMatchObject({ text: 'Hel', code: 'source/failed' })
  })
})

describe('parts of the AI SDK', () => {
  test('without the name of their text stand apart, when a tool is between them', async () => {
    for (const key of ['text', 'textDelta'])
      expect(
        await read(
          stream([
            { type: 'text-delta', [key]: 'One.' },
            { type: 'tool-call', toolName: 'f' },
            { type: 'text-delta', [key]: 'Two.' },
            { type: 'finish', finishReason: 'stop' },
          ]),
        ),
      ).toMatchObject({ text: 'One.\n\nTwo.', code: undefined })
  })

  test('tell onPart of the metadata of a message wherever they are', async () => {
    const { parts } = await read(
      body([
        { type: 'start', messageMetadata: { model: 'm' } },
        { type: 'text-delta', id: '1', delta: 'x' },
        { type: 'message-metadata', messageMetadata: { at: 1 } },
        { type: 'finish', messageMetadata: { tokens: 9 } },
      ]),
    )
    const named = (data: object) => ({ type: 'data', name: 'message-metadata', data })
    expect(parts).toEqual([
      named({ model: 'm' }),
      named({ at: 1 }),
      named({ tokens: 9 }),
      { type: 'finish' },
    ])
  })
})
