import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigError, type NonTextPart } from 'swapstream'
import { llm, type LlmOptions } from 'swapstream/models'
import { AI_SDK_PROJECT, installAiSdk } from '../support/ai-sdk.ts'
import { withoutDocs } from '../../src/shared/errors.ts'

describe('llm says in one line', () => {
  const fails = (name: string, options: LlmOptions = {}): string => {
    try {
      llm(name, { env: {}, ...options })
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError)
      expect((error as ConfigError).code).toBe('config/invalid')
      expect((error as Error).message).not.toContain('\n')
      return withoutDocs(error)
    }
    throw new Error('It did not fail.')
  }

  test('which providers there are, and which was meant', () => {
    expect(fails('antropic:x')).toMatch(
      /^antropic:x names no known provider \(did you mean "anthropic"\?\): write provider:model, with one of openai, /,
    )
    expect(fails('constructor:x')).toMatch(/names no known provider: write/)
    expect(fails('gpt-4', { variable: 'MODEL' })).toMatch(
      /^MODEL=gpt-4 names no known .* MODEL=provider:model/,
    )
  })

  test('that the model is missing', () => {
    expect(fails('ollama')).toBe(
      'ollama names no model: write ollama:model, such as ollama:llama3.2.',
    )
    expect(fails('ollama: ')).toMatch(/names no model/)
  })

  test('which key is missing', () => {
    expect(fails('openai:x')).toBe(
      'openai needs OPENAI_API_KEY (or OPENAI_BASE_URL, for a server that wants no key).',
    )
    expect(fails('anthropic:x', { env: { ANTHROPIC_API_KEY: ' ' } })).toBe(
      'anthropic needs ANTHROPIC_API_KEY.',
    )
    expect(fails('openrouter:x')).toBe('openrouter needs OPENROUTER_API_KEY.')
    expect(fails('compatible:x')).toMatch(/^compatible needs COMPATIBLE_BASE_URL/)
  })

  test('which address is wrong', () => {
    expect(fails('ollama:x', { env: { OLLAMA_HOST: 'a b' } })).toMatch(
      /^OLLAMA_HOST=a b is no address/,
    )
    expect(fails('vllm:x', { env: { VLLM_BASE_URL: 'nonsense' } })).toMatch(
      /^VLLM_BASE_URL=nonsense is no address/,
    )
  })

  test('which packages are missing, when it is made ready or first read', async () => {
    const resolveFrom = join(tmpdir(), 'no-packages-here', 'index.js')
    for (const options of [{ env: {}, resolveFrom }, { env: {} }]) {
      const model = llm('ollama:x', options)
      const line = expect.stringMatching(
        /^ollama:x needs the AI SDK: npm install ai@\^6 @ai-sdk\/openai-compatible@\^2\. See /,
      )
      await expect(model.ready()).rejects.toMatchObject({ code: 'config/invalid', message: line })
      await expect(model.stream('Hi').next()).rejects.toMatchObject({ message: line })
    }
  })
})

interface Asked {
  url: string
  headers: IncomingMessage['headers']
  body: { model: string; messages?: object[]; temperature?: number }
}
const asked: Asked[] = []
let hungUp: Promise<void>
let noteHungUp: () => void

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  const body = JSON.parse(text) as Asked['body']
  asked.push({ url: request.url!, headers: request.headers, body })
  const send = (value: object & { type?: string }): void => {
    if (value.type) response.write(`event: ${value.type}\n`)
    response.write(`data: ${JSON.stringify(value)}\n\n`)
  }
  const say = (delta: object, finish: string | null = null): void =>
    send({
      id: '1',
      object: 'chat.completion.chunk',
      created: 0,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: finish }],
    } as object)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  if (request.url === '/v1/messages') {
    send({
      type: 'message_start',
      message: {
        id: 'm',
        type: 'message',
        role: 'assistant',
        content: [],
        model: 'm',
        usage: { input_tokens: 3, output_tokens: 1 },
      },
    } as never)
    send({
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'text', text: '' },
    } as never)
    send({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: 'Hello' },
    } as never)
    send({ type: 'content_block_stop', index: 0 } as never)
    send({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: 2 },
    } as never)
    send({ type: 'message_stop' })
    response.end()
    return
  }
  if (request.url === '/v1/responses') {
    const item = { item_id: 'i', output_index: 0, content_index: 0 }
    send({ type: 'response.created', response: { id: 'r', created_at: 0, model: 'm' } } as never)
    send({
      type: 'response.output_item.added',
      output_index: 0,
      item: { type: 'message', id: 'i' },
    } as never)
    send({ type: 'response.output_text.delta', delta: 'Hello', ...item } as never)
    send({
      type: 'response.output_item.done',
      output_index: 0,
      item: { type: 'message', id: 'i' },
    } as never)
    send({
      type: 'response.completed',
      response: { usage: { input_tokens: 3, output_tokens: 2 } },
    } as never)
    response.end()
    return
  }
  say({ role: 'assistant', reasoning_content: 'Hmm.' })
  say({ content: 'Hel' })
  if (body.model === 'thinks') {
    response.on('close', noteHungUp)
    return
  }
  if (body.model === 'breaks') {
    send({ error: { message: 'the model fell over', type: 'server_error', code: null } } as object)
    response.end()
    return
  }
  say({ content: 'lo' })
  say({}, 'stop')
  send({
    id: '1',
    object: 'chat.completion.chunk',
    created: 0,
    model: 'm',
    choices: [],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  } as object)
  response.end('data: [DONE]\n\n')
}

describe('a model of llm, through the real AI SDK', () => {
  const server = createServer((request, response) => void respond(request, response))
  let url: string
  beforeAll(async () => {
    await installAiSdk()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    hungUp = new Promise((resolve) => (noteHungUp = resolve))
  }, 240_000)
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const open = (name: string, options: LlmOptions = {}): ReturnType<typeof llm> =>
    llm(name, { resolveFrom: AI_SDK_PROJECT, ...options })

  test.each<[string, Record<string, string>, string]>([
    ['openai', { OPENAI_API_KEY: 'secret', OPENAI_BASE_URL: '/v1' }, '/v1/chat/completions'],
    ['openai-responses', { OPENAI_API_KEY: 'secret', OPENAI_BASE_URL: '/v1' }, '/v1/responses'],
    ['anthropic', { ANTHROPIC_API_KEY: 'secret', ANTHROPIC_BASE_URL: '/v1' }, '/v1/messages'],
    ['ollama', { OLLAMA_HOST: '' }, '/v1/chat/completions'],
    ['lmstudio', { LMSTUDIO_BASE_URL: '/v1' }, '/v1/chat/completions'],
    ['vllm', { VLLM_BASE_URL: '/v1', VLLM_API_KEY: 'secret' }, '/v1/chat/completions'],
    ['compatible', { COMPATIBLE_BASE_URL: '/v1' }, '/v1/chat/completions'],
  ])('answers: %s', async (provider, variables, path) => {
    const env = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [
        name,
        /BASE_URL|HOST/.test(name) ? url + value : value,
      ]),
    )
    const parts: NonTextPart[] = []
    let text = ''
    const model = open(`${provider}:good`, { env, system: 'Be brief.' })
    for await (const token of model.stream('Hi', { onPart: (part) => parts.push(part) }))
      text += token
    expect(text).toBe('Hello')
    const request = asked.at(-1)!
    expect(request).toMatchObject({ url: path, body: { model: 'good' } })
    expect(JSON.stringify(request.body)).toContain('Be brief.')
    const key = request.headers['x-api-key'] ?? request.headers.authorization
    expect(key && String(key).replace('Bearer ', '')).toBe(
      Object.keys(env).some((name) => /KEY/.test(name)) ? 'secret' : undefined,
    )
    expect(parts).toContainEqual(
      expect.objectContaining({ type: 'usage', inputTokens: 3, outputTokens: 2 }),
    )
    expect(parts).toContainEqual(expect.objectContaining({ type: 'finish', reason: 'stop' }))
  })

  test('takes a conversation, and settings for the call', async () => {
    const model = open('compatible:good', { baseURL: `${url}/v1`, env: {} })
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'Again' },
    ] as const
    for await (const _ of model.stream(messages, { settings: { temperature: 0.5 } })) continue
    expect(asked.at(-1)!.body).toMatchObject({ messages, temperature: 0.5 })
  })

  test('sends nothing before the first read', async () => {
    const before = asked.length
    const stream = open('compatible:good', { baseURL: `${url}/v1`, env: {} }).stream('Hi')
    await stream.return('')
    expect(asked).toHaveLength(before)
  })

  test('throws what goes wrong in the middle, after the text before it', async () => {
    const stream = open('compatible:breaks', { baseURL: `${url}/v1`, env: {} }).stream('Hi')
    expect(await stream.next()).toEqual({ done: false, value: 'Hel' })
    await expect(stream.next()).rejects.toMatchObject({
      code: 'source/failed',
      message: /fell over/,
    })
  })

  test('hangs up on a model that thinks, at once', async () => {
    const stream = open('compatible:thinks', { baseURL: `${url}/v1`, env: {} }).stream('Hi')
    await stream.next()
    const pending = stream.next()
    await stream.return('')
    expect(await pending).toMatchObject({ done: true })
    await hungUp
  })

  test('gives the model of the AI SDK itself', async () => {
    const model = await open('compatible:good', { baseURL: `${url}/v1`, env: {} }).ready()
    expect(model).toMatchObject({ modelId: 'good' })
  })
})
