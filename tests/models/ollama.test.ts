import { Ollama } from 'ollama'
import { describe, expect, test } from 'vitest'
import { tokens, type TokenSource } from '../../src/core.ts'
import { ndjson, provider, type Provider } from './support/provider.ts'
import { readAll, spelt } from './support/read-all.ts'

const client = ({ fetch }: Provider): Ollama => new Ollama({ host: 'http://model.test', fetch })
const NDJSON = { contentType: 'application/x-ndjson' }
const messages = [{ role: 'user', content: 'Hi' }]
const say = (content: string, more: object = {}): object => ({
  model: 'm',
  message: { role: 'assistant', content, ...more },
  done: false,
})
const CHAT = [
  say('', { thinking: 'Hmm.' }),
  say('Grüße'),
  say(' 👋'),
  say('', { tool_calls: [{ function: { name: 'f', arguments: {} } }] }),
  { ...say(''), done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 2 },
]

describe('tokens of Ollama', () => {
  test('are the text of a chat, and all else goes to onPart', async () => {
    const answer = client(provider(ndjson(CHAT), NDJSON)).chat({
      model: 'm',
      messages,
      stream: true,
    })
    const { texts, parts, error } = await readAll(answer)
    expect(error).toBe(undefined)
    expect(texts).toEqual(['Grüße', ' 👋'])
    expect(spelt(parts)).toEqual([
      { type: 'reasoning', text: 'Hmm.' },
      { type: 'tool' },
      { type: 'usage', inputTokens: 3, outputTokens: 2 },
      { type: 'finish', reason: 'stop' },
    ])
  })

  test('are the text of a completion, whose last part may have none', async () => {
    const body = ndjson([
      { response: 'Hel', done: false },
      { response: 'lo', done: false },
      { done: true, done_reason: 'stop' },
    ])
    const answer = client(provider(body, NDJSON)).generate({
      model: 'm',
      prompt: 'Hi',
      stream: true,
    })
    expect((await readAll(answer)).texts).toEqual(['Hel', 'lo'])
  })

  test('fail with the cause when the provider fails in mid-stream', async () => {
    const body = ndjson([CHAT[1], { error: 'out of memory' }])
    const { texts, error } = await readAll(
      client(provider(body, NDJSON)).chat({ model: 'm', messages, stream: true }),
    )
    expect(texts).toEqual(['Grüße'])
    expect(error).toMatchObject({ code: 'source/failed', message: /out of memory/ })
  })

  test('fail when the answer breaks off before it is done', async () => {
    const { error } = await readAll(
      client(provider(ndjson([CHAT[1]]), NDJSON)).chat({ model: 'm', messages, stream: true }),
    )
    expect(error).toMatchObject({ code: 'source/failed' })
  })

  test('hang up on a model that thinks, at once', async () => {
    const thinking = provider(ndjson([CHAT[1]]), { ...NDJSON, thinks: true })
    const read = tokens(client(thinking).chat({ model: 'm', messages, stream: true }))
    expect(await read.next()).toEqual({ done: false, value: 'Grüße' })
    const pending = read.next()
    await read.return('')
    expect(await pending).toMatchObject({ done: true })
    await thinking.letGo
  })

  test('say what was forgotten when the answer is finished', async () => {
    const finished = provider(JSON.stringify({ ...say('Hi'), done: true }), {
      contentType: 'application/json',
    })
    const { error } = await readAll(
      client(finished).chat({ model: 'm', messages }) as unknown as TokenSource,
    )
    expect(error).toMatchObject({
      code: 'source/value',
      message: /finished answer of Ollama.*stream: true/,
    })
  })
})
