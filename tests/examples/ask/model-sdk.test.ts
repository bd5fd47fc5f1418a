import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseAnswerer, type Answerer } from '../../../examples/ask/model.ts'
import type { Source } from '../../../examples/ask/sources.ts'
import { AI_SDK_PROJECT, installAiSdk } from '../../support/ai-sdk.ts'

const SOURCES: Source[] = [
  {
    number: 1,
    package: 'hono',
    file: 'README.md',
    heading: 'Routing',
    snippet: '',
    text: 'Routes match in order.',
    fit: 0,
    isPurpose: false,
  },
]

/** A server that speaks the chat protocol of OpenAI; what it says depends on the name of the model. */
const requests: { url: string; authorization: string | undefined; body: string }[] = []
let closedEarly: Promise<void>
let noteClosed: () => void

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  requests.push({ url: request.url ?? '', authorization: request.headers.authorization, body })
  const { model } = JSON.parse(body) as { model: string }
  const send = (value: object): void => void response.write(`data: ${JSON.stringify(value)}\n\n`)
  const say = (content: string): void =>
    send({
      id: '1',
      object: 'chat.completion.chunk',
      created: 0,
      model,
      choices: [{ index: 0, delta: { content }, finish_reason: null }],
    })

  if (model === 'refused') {
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { message: 'wrong key', type: 'auth', code: null } }))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  say('Routes ')
  say('match in ')
  if (model === 'breaks') {
    send({ error: { message: 'the model fell over', type: 'server_error', code: null } })
    response.end('data: [DONE]\n\n')
    return
  }
  if (model === 'endless') {
    response.on('close', noteClosed)
    const timer = setInterval(() => say('order '), 10)
    response.on('close', () => clearInterval(timer))
    return
  }
  say('order [1].')
  send({
    id: '1',
    object: 'chat.completion.chunk',
    created: 0,
    model,
    choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
  })
  response.end('data: [DONE]\n\n')
}

const server = createServer((request, response) => void respond(request, response))
let baseUrl: string

beforeAll(async () => {
  await installAiSdk()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  closedEarly = new Promise((resolve) => (noteClosed = resolve))
}, 240_000)

afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const extractive: Answerer = { name: 'extractive', model: false, async *answer() {} }

function choose(env: Record<string, string>): Promise<Answerer> {
  return chooseAnswerer(env, extractive, AI_SDK_PROJECT)
}

describe('an answer of a model, through the AI SDK', () => {
  it('comes piece by piece, from the sources, with the key', async () => {
    const answerer = await choose({
      MODEL: 'openai:good',
      OPENAI_API_KEY: 'secret',
      OPENAI_BASE_URL: `${baseUrl}/v1`,
    })
    expect(answerer).toMatchObject({ name: 'openai:good', model: true })
    const parts: string[] = []
    for await (const part of answerer.answer('how?', SOURCES, new AbortController().signal))
      parts.push(part)
    expect(parts).toEqual(['Routes ', 'match in ', 'order [1].'])
    const request = requests.at(-1)!
    expect(request).toMatchObject({ url: '/v1/chat/completions', authorization: 'Bearer secret' })
    expect(request.body).toContain('[1] hono, README.md, Routing\\nRoutes match in order.')
    expect(request.body).toContain('Question: how?')
  })

  it('comes from Ollama without a key', async () => {
    const answerer = await choose({
      MODEL: 'ollama:good',
      OLLAMA_HOST: baseUrl.slice('http://'.length),
    })
    let text = ''
    for await (const part of answerer.answer('how?', SOURCES, new AbortController().signal))
      text += part
    expect(text).toBe('Routes match in order [1].')
    expect(requests.at(-1)).toMatchObject({ url: '/v1/chat/completions', authorization: undefined })
  })

  it('throws what goes wrong in the middle, after the text that came before', async () => {
    const answerer = await choose({ MODEL: 'openai:breaks', OPENAI_BASE_URL: `${baseUrl}/v1` })
    let text = ''
    const read = async (): Promise<void> => {
      for await (const part of answerer.answer('how?', SOURCES, new AbortController().signal))
        text += part
    }
    await expect(read()).rejects.toThrow(/the model fell over/)
    expect(text).toBe('Routes match in ')
  })

  it('throws when the provider refuses', async () => {
    const answerer = await choose({
      MODEL: 'openai:refused',
      OPENAI_API_KEY: 'bad',
      OPENAI_BASE_URL: `${baseUrl}/v1`,
    })
    const read = async (): Promise<void> => {
      for await (const _ of answerer.answer('how?', SOURCES, new AbortController().signal));
    }
    await expect(read()).rejects.toThrow(/wrong key/)
  })

  it('ends quietly when the signal aborts, and hangs up on the model', async () => {
    const answerer = await choose({ MODEL: 'openai:endless', OPENAI_BASE_URL: `${baseUrl}/v1` })
    const controller = new AbortController()
    let parts = 0
    for await (const _ of answerer.answer('how?', SOURCES, controller.signal))
      if (++parts === 3) controller.abort()
    expect(parts).toBe(3)
    await closedEarly
  })

  it('does not ask the model at all when it was aborted before', async () => {
    const answerer = await choose({ MODEL: 'openai:good', OPENAI_BASE_URL: `${baseUrl}/v1` })
    const before = requests.length
    for await (const _ of answerer.answer('how?', SOURCES, AbortSignal.abort()))
      expect.unreachable()
    expect(requests).toHaveLength(before)
  })
})
