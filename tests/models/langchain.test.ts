import { AIMessage, AIMessageChunk } from '@langchain/core/messages'
import { StringOutputParser } from '@langchain/core/output_parsers'
import { ChatGenerationChunk } from '@langchain/core/outputs'
import { FakeListChatModel, FakeStreamingChatModel } from '@langchain/core/utils/testing'
import { describe, expect, test } from 'vitest'
import { tokens, type TokenSource } from '../../src/core.ts'
import { readAll, spelt } from './support/read-all.ts'

describe('tokens of LangChain', () => {
  test('are the text of its chunks', async () => {
    const model = new FakeListChatModel({ responses: ['Grüße 👋'] })
    const { whole, texts, error } = await readAll(model.stream('Hi'))
    expect(error).toBe(undefined)
    expect(whole).toBe('Grüße 👋')
    expect(texts.length).toBeGreaterThan(3)
  })

  test('are the text of a chain that ends in a parser', async () => {
    const chain = new FakeListChatModel({ responses: ['Hello'] }).pipe(new StringOutputParser())
    expect((await readAll(chain.stream('Hi'))).whole).toBe('Hello')
  })

  test('are the text of chunks whose content is a list, and all else goes to onPart', async () => {
    const chunks = [
      new AIMessageChunk({ content: [{ type: 'reasoning', reasoning: 'Hmm.' }] }),
      new AIMessageChunk({ content: [{ type: 'text', text: 'Hel' }] }),
      new AIMessageChunk({ content: 'lo' }),
      new AIMessageChunk({ content: '', tool_call_chunks: [{ name: 'f', args: '{}', index: 0 }] }),
      Object.assign(new AIMessageChunk(''), {
        usage_metadata: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
        response_metadata: { finish_reason: 'stop' },
      }),
    ]
    const { texts, parts, error } = await readAll(chunks)
    expect(error).toBe(undefined)
    expect(texts).toEqual(['Hel', 'lo'])
    expect(spelt(parts)).toEqual([
      { type: 'reasoning', text: 'Hmm.' },
      { type: 'tool' },
      { type: 'usage', inputTokens: 3, outputTokens: 2 },
      { type: 'finish', reason: 'stop' },
    ])
  })

  test('fail with the cause when the model fails in mid-stream', async () => {
    const model = new FakeListChatModel({ responses: ['Hello'], emitCustomEvent: false })
    model._streamResponseChunks = async function* () {
      yield new ChatGenerationChunk({ text: 'Hel', message: new AIMessageChunk('Hel') })
      throw new Error('rate limited')
    }
    const { texts, error } = await readAll(model.stream('Hi'))
    expect(texts).toEqual(['Hel'])
    expect(error).toMatchObject({ code: 'source/failed', cause: { message: 'rate limited' } })
  })

  test('stop the model when the reader stops', async () => {
    const model = new FakeStreamingChatModel({
      sleep: 5,
      responses: [new AIMessage('x'.repeat(2_000))],
    })
    let generated = 0
    const source = async (signal: AbortSignal): ReturnType<typeof model.stream> =>
      model.stream('Hi', {
        signal,
        callbacks: [{ handleLLMNewToken: () => void (generated += 1) }],
      })
    for await (const _ of tokens(source)) break
    const atEnd = generated
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(generated - atEnd).toBeLessThan(5)
  })

  test('say what was forgotten when the answer is finished', async () => {
    const finished = new FakeListChatModel({ responses: ['Hello'] }).invoke('Hi')
    const { error } = await readAll(finished as unknown as TokenSource)
    expect(error).toMatchObject({
      code: 'source/value',
      message: /stream\(\) instead of invoke\(\)/,
    })
  })
})
