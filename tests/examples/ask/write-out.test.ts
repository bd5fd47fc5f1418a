import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeOut } from '../../../examples/ask/write-out.ts'

const never = new AbortController().signal

async function collect(words: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const word of words) all.push(word)
  return all
}

describe('writeOut', () => {
  it('writes one word after another, each with the space behind it', async () => {
    const words = await collect(
      writeOut('One  two\n\nthree.', { signal: never, tokensPerSecond: 0 }),
    )
    expect(words).toEqual(['One  ', 'two\n\n', 'three.'])
  })

  it('delivers every character of any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        const words = await collect(writeOut(text, { signal: never, tokensPerSecond: 0 }))
        expect(words.join('')).toBe(text)
        expect(words).not.toContain('')
      }),
    )
  })

  it('ends quietly, at once and in the middle of a pause, when the signal aborts', async () => {
    const controller = new AbortController()
    const words = writeOut('one two three', { signal: controller.signal, tokensPerSecond: 0.01 })
    expect(await words.next()).toEqual({ value: 'one ', done: false })
    const next = words.next()
    controller.abort()
    expect(await next).toEqual({ value: undefined, done: true })
  })

  it('writes nothing when it was aborted before', async () => {
    expect(await collect(writeOut('one', { signal: AbortSignal.abort() }))).toEqual([])
  })
})
