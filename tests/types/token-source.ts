import type Anthropic from '@anthropic-ai/sdk'
import type { AIMessageChunk } from '@langchain/core/messages'
import type { IterableReadableStream } from '@langchain/core/utils/stream'
import type { Ollama } from 'ollama'
import type OpenAI from 'openai'
import { streamToFragments, streamWithSources, tokens, type TokenSource } from '../../src/core.ts'
import { record, replay, type Recording } from '../../src/testing.ts'

interface GeminiChunk {
  candidates?: { content?: { parts?: { text?: string; thought?: boolean }[] } }[]
  usageMetadata?: { promptTokenCount?: number }
  modelVersion?: string
  readonly text: string | undefined
}
interface MistralEvent {
  data: {
    id: string
    choices: {
      index: number
      delta: { content?: string | object[] | null }
      finishReason: string | null
    }[]
  }
}

/**
 * Compiled, never run: what fits into `tokens` and what does not. The AI SDK is no dependency of ours; its shapes are
 * checked against the real package where it is installed.
 */
export async function fits(
  openai: OpenAI,
  anthropic: Anthropic,
  ollama: Ollama,
  langchain: { stream(): Promise<IterableReadableStream<AIMessageChunk>> },
  recording: Recording,
  // As the SDKs of Gemini and Mistral type their streams.
  gemini: () => Promise<AsyncGenerator<GeminiChunk>>,
  mistral: () => Promise<ReadableStream<MistralEvent>>,
): Promise<void> {
  const chat = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] } as const
  const openaiChat = { ...chat, messages: [...chat.messages] }

  tokens(openai.chat.completions.create({ ...openaiChat, stream: true }))
  tokens(await openai.chat.completions.create({ ...openaiChat, stream: true }))
  tokens((signal) => openai.chat.completions.create({ ...openaiChat, stream: true }, { signal }))
  tokens(async (signal) =>
    openai.chat.completions.create({ ...openaiChat, stream: true }, { signal }),
  )
  tokens(openai.chat.completions.stream(openaiChat))
  tokens(openai.responses.create({ model: 'm', input: 'Hi', stream: true }))
  tokens(openai.responses.stream({ model: 'm', input: 'Hi' }))

  tokens(anthropic.messages.create({ ...openaiChat, max_tokens: 9, stream: true }))
  tokens(anthropic.messages.stream({ ...openaiChat, max_tokens: 9 }))
  tokens((signal) => anthropic.messages.stream({ ...openaiChat, max_tokens: 9 }, { signal }))

  tokens(ollama.chat({ ...openaiChat, stream: true }))
  tokens(ollama.generate({ model: 'm', prompt: 'Hi', stream: true }))
  tokens(await ollama.generate({ model: 'm', prompt: 'Hi', stream: true }))

  tokens(langchain.stream())
  tokens(await langchain.stream())
  tokens(() => langchain.stream())

  tokens(gemini)
  tokens(gemini())
  tokens(mistral())

  tokens(fetch('/chat'))
  tokens((signal) => fetch('/chat', { signal }))
  tokens(await fetch('/chat'))
  tokens(new ReadableStream<string>())
  tokens(new ReadableStream<Uint8Array>())
  tokens((await fetch('/chat')).body!)
  tokens(Promise.resolve('plain text'))
  tokens(async () => 'plain text')
  tokens(['a', 'b'])
  tokens(new Set(['a']))
  tokens([new Uint8Array(1)])
  tokens(tokens(['a']))
  tokens(
    (async function* (): AsyncGenerator<string> {
      yield 'a'
    })(),
  )
  tokens(record(replay(recording), () => {}))

  const any: TokenSource = ['a']
  tokens(any)
  tokens(async () => (await fetch('/chat')).body!)
  tokens(openai.chat.completions.create({ ...openaiChat, stream: true }))
  streamToFragments((signal) => fetch('/chat', { signal }), 'chat.html', 'response')
  streamWithSources(anthropic.messages.stream({ ...openaiChat, max_tokens: 9 }), 'chat.html')
}

/** As `streamText` of the AI SDK 5, 6 and 7 returns it: a web stream that is iterable, too. */
export function fitsAiSdk(result: {
  readonly fullStream: ReadableStream<
    { type: 'text-delta'; id: string; text: string } | { type: 'finish' }
  > &
    AsyncIterable<{ type: 'text-delta'; id: string; text: string } | { type: 'finish' }>
  readonly textStream: ReadableStream<string> & AsyncIterable<string>
  readonly text: PromiseLike<string>
}): void {
  tokens(result)
  tokens(result.fullStream)
  tokens(result.textStream)
  tokens(() => result)
}

export async function refuses(openai: OpenAI, anthropic: Anthropic, ollama: Ollama): Promise<void> {
  const messages: { role: 'user'; content: string }[] = [{ role: 'user', content: 'Hi' }]

  // @ts-expect-error numbers are no text
  tokens([1, 2])
  // @ts-expect-error no source at all
  tokens({ foo: 1 })
  // @ts-expect-error objects without a type
  tokens([{ foo: 1 }])
  // @ts-expect-error nothing
  tokens(null)
  // @ts-expect-error a number
  tokens(42)
  // @ts-expect-error the bytes themselves, not a stream of them
  tokens(new Uint8Array(1))
  // @ts-expect-error the question instead of the answer
  tokens(messages)
  // @ts-expect-error `stream: true` was forgotten
  tokens(openai.chat.completions.create({ model: 'm', messages }))
  // @ts-expect-error `stream: true` was forgotten, and it was awaited
  tokens(await openai.chat.completions.create({ model: 'm', messages }))
  // @ts-expect-error `stream: true` was forgotten, in a function
  tokens((signal) => openai.chat.completions.create({ model: 'm', messages }, { signal }))
  // @ts-expect-error `stream: true` was forgotten
  tokens(openai.responses.create({ model: 'm', input: 'Hi' }))
  // @ts-expect-error `stream: true` was forgotten
  tokens(anthropic.messages.create({ model: 'm', messages, max_tokens: 9 }))
  // @ts-expect-error `stream: true` was forgotten
  tokens(ollama.chat({ model: 'm', messages }))
  // @ts-expect-error `stream: true` was forgotten
  tokens(ollama.generate({ model: 'm', prompt: 'Hi' }))
  // @ts-expect-error a promise of a number
  tokens(Promise.resolve(1))
  // @ts-expect-error an option that does not exist
  tokens(['a'], { onparts: () => {} })
}
