import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { chooseAnswerer, type Answerer } from '../../../examples/ask/model.ts'
import { toPrompt } from '../../../examples/ask/prompt.ts'

const extractive: Answerer = { name: 'extractive', model: false, async *answer() {} }
/** A place from which no package is found. */
const NOWHERE = join(tmpdir(), 'no-packages-here', 'index.js')

function choose(env: Record<string, string>): Promise<Answerer> {
  return chooseAnswerer(env, extractive, NOWHERE)
}

describe('chooseAnswerer', () => {
  it('quotes when nothing is configured', async () => {
    expect(await choose({})).toBe(extractive)
    expect(await choose({ MODEL: '', OPENAI_API_KEY: ' ', OLLAMA_HOST: '' })).toBe(extractive)
  })

  it('says in one line which package is missing', async () => {
    await expect(choose({ MODEL: 'openai:gpt-x', OPENAI_API_KEY: 'k' })).rejects.toThrow(
      /^openai:gpt-x needs the AI SDK: npm install --no-save ai@\^6 @ai-sdk\/openai-compatible@\^2\. See /,
    )
    await expect(choose({ ANTHROPIC_API_KEY: 'k' })).rejects.toThrow(
      /^anthropic:\S+ needs the AI SDK: npm install --no-save ai@\^6 @ai-sdk\/anthropic@\^3\. See /,
    )
  })

  it('says in one line what is wrong with MODEL', async () => {
    await expect(choose({ MODEL: 'gpt-4' })).rejects.toThrow(
      /names no known provider: .*openai, anthropic, ollama.*\.$/,
    )
    await expect(choose({ MODEL: 'constructor:x' })).rejects.toThrow(/names no known provider/)
    await expect(choose({ MODEL: 'ollama' })).rejects.toThrow(
      /^MODEL=ollama names no model: write MODEL=ollama:model/,
    )
    await expect(choose({ MODEL: 'ollama: ' })).rejects.toThrow(/names no model/)
  })

  it('says in one line which key is missing', async () => {
    await expect(choose({ MODEL: 'openai:gpt-x' })).rejects.toThrow(/^openai needs OPENAI_API_KEY/)
    await expect(choose({ MODEL: 'anthropic:x' })).rejects.toThrow(
      /^anthropic needs ANTHROPIC_API_KEY\.$/,
    )
  })

  it('looks at MODEL first, then at the keys, then at OLLAMA_HOST', async () => {
    const all = { OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k', OLLAMA_HOST: '127.0.0.1:1' }
    await expect(choose({ ...all, MODEL: 'ollama:a:b' })).rejects.toThrow(/^ollama:a:b needs/)
    await expect(choose(all)).rejects.toThrow(/^openai:/)
    await expect(choose({ ...all, OPENAI_API_KEY: '' })).rejects.toThrow(/^anthropic:/)
    await expect(choose({ OLLAMA_HOST: '127.0.0.1:1' })).rejects.toThrow(
      /^No Ollama answers at http:\/\/127\.0\.0\.1:1:/,
    )
    await expect(choose({ OLLAMA_HOST: 'a b' })).rejects.toThrow(/^OLLAMA_HOST=a b is no address/)
  })

  it('takes the model that Ollama has', async () => {
    let models: object[] = [{ name: 'small:1b' }, { name: 'big:70b' }]
    const server = createServer((_, response) => response.end(JSON.stringify({ models })))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      await expect(choose({ OLLAMA_HOST: `0.0.0.0:${port}` })).rejects.toThrow(
        /^ollama:small:1b needs the AI SDK/,
      )
      models = []
      await expect(choose({ OLLAMA_HOST: `http://127.0.0.1:${port}/` })).rejects.toThrow(
        /has no model yet/,
      )
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

describe('toPrompt', () => {
  it('gives the numbered passages and the question', () => {
    const source = {
      number: 2,
      package: 'a',
      file: 'b.md',
      heading: 'c',
      snippet: '',
      text: 'Whole text.',
      fit: 0,
      isPurpose: false,
    }
    const { system, prompt } = toPrompt('Why?', [source])
    expect(system).toMatch(/only these passages/)
    expect(prompt).toBe('Passages:\n\n[2] a, b.md, c\nWhole text.\n\nQuestion: Why?')
    expect(toPrompt('Why?', []).prompt).toContain('(none was found)')
    const previous = { question: 'How?', answer: 'a'.repeat(9_000), about: undefined }
    expect(toPrompt('Why?', [], previous).prompt).toMatch(
      /\n\nAsked before: How\?\nAnswered: a{4000}\n\nQuestion: Why\?$/,
    )
  })
})
