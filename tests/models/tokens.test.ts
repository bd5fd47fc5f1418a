import { describe, expect, test } from 'vitest'
import type { TokenSource } from '../../src/models/source.ts'
import { tokens } from '../../src/models/tokens.ts'

const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const values: T[] = []
  for await (const value of source) values.push(value)
  return values
}

function closable() {
  const state = { closed: 0 }
  async function* source(): AsyncGenerator<string> {
    try {
      yield 'a'
      yield 'b'
    } finally {
      state.closed += 1
    }
  }
  return { state, source: source() }
}

describe('tokens', () => {
  test('reads arrays, generators and web streams, and drops empty parts', async () => {
    const webStream = new ReadableStream<string>({
      start(controller) {
        for (const part of ['a', '', 'b']) controller.enqueue(part)
        controller.close()
      },
    })
    expect(await all(tokens(['a', '', 'b']))).toEqual(['a', 'b'])
    expect(await all(tokens(webStream))).toEqual(['a', 'b'])
    expect(await all(tokens(closable().source))).toEqual(['a', 'b'])
  })

  test('cancels a web stream that its runtime cannot iterate, when the reader stops early', async () => {
    let cancelled = 0
    const stream = new ReadableStream<string>({
      pull: (controller) => controller.enqueue('a'),
      cancel: () => {
        cancelled += 1
      },
    })
    Object.defineProperty(stream, Symbol.asyncIterator, { value: undefined })
    const bare = { getReader: () => stream.getReader() } as unknown as ReadableStream<string>
    for await (const _ of tokens(bare)) break
    expect(cancelled).toBe(1)
  })

  test('takes a lone text as one token', async () => {
    expect(await all(tokens('Hello' as unknown as TokenSource))).toEqual(['Hello'])
  })

  test('closes its source once when the reader stops early', async () => {
    const { state, source } = closable()
    for await (const _ of tokens(source)) break
    expect(state.closed).toBe(1)
  })

  test('names the value when a part or the source is not text', async () => {
    await expect(all(tokens([{ delta: 'x' }] as unknown as string[]))).rejects.toThrow(
      /A token is text, but the source gave an Object with delta as its part 1/,
    )
    await expect(all(tokens(42 as unknown as string[]))).rejects.toMatchObject({
      code: 'source/value',
    })
    await expect(all(tokens(null as unknown as string[]))).rejects.toThrow(/but this is null/)
  })
})
