import { describe, expect, test } from 'vitest'
import {
  fakeTokens,
  record,
  replay,
  tokens,
  type Recording,
  type TokenSource,
} from '../../src/core.ts'
import { timersRunning } from '../../src/shared/clock.ts'
import { saidBy, spelt } from './support/said.ts'

const all = async (source: TokenSource): Promise<string[]> => (await saidBy(source)).texts

describe('fakeTokens', () => {
  test('cut a text into words, characters or so many characters, and lose nothing', async () => {
    expect(await all(fakeTokens('  Hello my\nfriend'))).toEqual(['  ', 'Hello ', 'my\n', 'friend'])
    expect(await all(fakeTokens('a👋b', { chunk: 'char' }))).toEqual(['a', '👋', 'b'])
    expect(await all(fakeTokens('a👋bc', { chunk: 3 }))).toEqual(['a👋b', 'c'])
    expect(await all(fakeTokens(''))).toEqual([])
    await expect(fakeTokens('a', { chunk: 0 }).next()).rejects.toThrow(RangeError)
  })

  test('fail after so many tokens, also at the end', async () => {
    for (const failAt of [0, 2, 3]) {
      const { texts, error } = await saidBy(fakeTokens('a b c', { failAt }))
      expect(texts).toHaveLength(failAt)
      expect(error).toMatchObject({ code: 'source/failed' })
    }
    expect((await saidBy(fakeTokens('a b c', { failAt: 4 }))).error).toBe(undefined)
  })

  test('take their time, and stop in a pause', async () => {
    const startedAt = performance.now()
    expect(await all(fakeTokens('a b c', { everyMs: 10 }))).toHaveLength(3)
    expect(performance.now() - startedAt).toBeGreaterThan(17)
    const slow = fakeTokens('a b', { everyMs: 60_000 })
    await slow.next()
    const pending = slow.next()
    await slow.return()
    expect(await pending).toMatchObject({ done: true })
    const stop = new AbortController()
    const stopped = fakeTokens('a b', { everyMs: 60_000, signal: stop.signal })
    await stopped.next()
    const waiting = stopped.next()
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(timersRunning()).toBe(0)
  })
})

describe('record and replay', () => {
  const CHUNKS = [
    { type: 'reasoning-delta', text: 'Hmm.' },
    { type: 'text-delta', text: 'Hel' },
    { type: 'source', url: 'https://a.test/', title: 'A', cyclic: {} as object },
    { type: 'tool-call', toolName: 'f' },
    { type: 'text-delta', text: 'lo' },
    { type: 'finish', finishReason: 'stop', totalUsage: { inputTokens: 3, outputTokens: 2 } },
  ]

  test('give the same text and the same parts again, through JSON', async () => {
    const cyclic = (CHUNKS[2] as { cyclic: Record<string, unknown> }).cyclic
    cyclic['self'] = cyclic
    let cassette: Recording | undefined
    const first = await saidBy(record(CHUNKS, (recorded) => (cassette = recorded)))
    expect(first.texts).toEqual(['Hel', 'lo'])
    expect(cassette).toMatchObject({ version: 1, end: { as: 'whole' } })
    const again = await saidBy(replay(JSON.parse(JSON.stringify(cassette)), { speed: Infinity }))
    expect(again.texts).toEqual(first.texts)
    expect(spelt(again.parts)).toEqual(spelt(first.parts))
    expect(again.parts).toHaveLength(5)
  })

  test('keep the pace', async () => {
    let cassette: Recording | undefined
    const recorded = record(fakeTokens('a b c', { everyMs: 20 }), (made) => (cassette = made))
    await all(recorded)
    const times = cassette!.parts.map(({ atMs }) => atMs)
    expect(times[2]! - times[0]!).toBeGreaterThanOrEqual(35)
    const startedAt = performance.now()
    await all(replay(cassette!))
    expect(performance.now() - startedAt).toBeGreaterThan(30)
  })

  test('fail again where it failed', async () => {
    let cassette: Recording | undefined
    await saidBy(record(fakeTokens('a b c', { failAt: 2 }), (made) => (cassette = made)))
    expect(cassette!.end).toMatchObject({ as: 'failed', message: /after 2 tokens/ })
    const { texts, error } = await saidBy(replay(cassette!, { speed: Infinity }))
    expect(texts).toEqual(['a ', 'b '])
    expect(error).toMatchObject({ code: 'source/failed', message: /after 2 tokens/ })
  })

  test('say what was cut, once, and stop the source', async () => {
    const made: Recording[] = []
    const signals: AbortSignal[] = []
    const source = (signal: AbortSignal): AsyncGenerator<string> => {
      signals.push(signal)
      return fakeTokens('a b c')
    }
    for await (const _ of tokens(record(source, (cassette) => made.push(cassette)))) break
    expect(made).toHaveLength(1)
    expect(made[0]!.end.as).toBe('cut')
    expect(signals[0]!.aborted).toBe(true)
    expect(await all(replay(made[0]!, { speed: Infinity }))).toEqual(['a '])
  })

  test('refuse what is no cassette', () => {
    expect(() => replay({ version: 2 } as unknown as Recording)).toThrow(/no cassette of version 1/)
  })
})
