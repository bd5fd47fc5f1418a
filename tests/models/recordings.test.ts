import { afterEach, describe, expect, test } from 'vitest'
import { tokens, type TokenSource } from '../../src/core.ts'
import { timersRunning } from '../../src/shared/clock.ts'
import {
  controlledClock,
  fakeTokens,
  record,
  replay,
  type ControlledClock,
  type Recording,
} from '../../src/testing.ts'
import { readAll, spelt } from './support/read-all.ts'

let clock: ControlledClock | undefined
afterEach(() => clock?.release())

const all = async (source: TokenSource): Promise<string[]> => (await readAll(source)).texts

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
      const { texts, error } = await readAll(fakeTokens('a b c', { failAt }))
      expect(texts).toHaveLength(failAt)
      expect(error).toMatchObject({ code: 'source/failed' })
    }
    expect((await readAll(fakeTokens('a b c', { failAt: 4 }))).error).toBe(undefined)
  })

  test('take their time, and stop in a pause', async () => {
    clock = controlledClock()
    const texts: string[] = []
    const reading = (async () => {
      for await (const token of fakeTokens('a b c', { everyMs: 10 })) texts.push(token)
    })()
    await clock.advance(9)
    expect(texts).toEqual(['a '])
    await clock.advance(1)
    expect(texts).toEqual(['a ', 'b '])
    await clock.advance(10)
    await reading
    expect(texts).toHaveLength(3)
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
    { type: 'text-delta', id: '1', text: 'Hel' },
    { type: 'source', url: 'https://a.test/', title: 'A', cyclic: {} as object },
    { type: 'tool-call', toolName: 'f' },
    { type: 'text-delta', id: '1', text: 'lo' },
    { type: 'finish', finishReason: 'stop', totalUsage: { inputTokens: 3, outputTokens: 2 } },
  ]

  test('give the same text and the same parts again, through JSON', async () => {
    const cyclic = (CHUNKS[2] as { cyclic: Record<string, unknown> }).cyclic
    cyclic['self'] = cyclic
    let recording: Recording | undefined
    const first = await readAll(record(CHUNKS, (recorded) => (recording = recorded)))
    expect(first.texts).toEqual(['Hel', 'lo'])
    expect(recording).toMatchObject({ version: 1, end: { as: 'whole' } })
    const again = await readAll(replay(JSON.parse(JSON.stringify(recording)), { speed: Infinity }))
    expect(again.texts).toEqual(first.texts)
    expect(spelt(again.parts)).toEqual(spelt(first.parts))
    expect(again.parts).toHaveLength(5)
  })

  test('keep the pace', async () => {
    clock = controlledClock()
    let recording: Recording | undefined
    const recorded = all(record(fakeTokens('a b c', { everyMs: 20 }), (made) => (recording = made)))
    await clock.advance(40)
    await recorded
    expect(recording!.parts.map(({ atMs }) => atMs)).toEqual([0, 20, 40])
    const texts: string[] = []
    const replayed = (async () => {
      for await (const token of tokens(replay(recording!, { speed: 2 }))) texts.push(token)
    })()
    await clock.advance(19)
    expect(texts).toEqual(['a ', 'b '])
    await clock.advance(1)
    await replayed
    expect(texts).toHaveLength(3)
  })

  test('fail again where it failed', async () => {
    let recording: Recording | undefined
    await readAll(record(fakeTokens('a b c', { failAt: 2 }), (made) => (recording = made)))
    expect(recording!.end).toMatchObject({ as: 'failed', message: /after 2 tokens/ })
    const { texts, error } = await readAll(replay(recording!, { speed: Infinity }))
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
    for await (const _ of tokens(record(source, (recording) => made.push(recording)))) break
    expect(made).toHaveLength(1)
    expect(made[0]!.end.as).toBe('cut')
    expect(signals[0]!.aborted).toBe(true)
    expect(await all(replay(made[0]!, { speed: Infinity }))).toEqual(['a '])
  })

  test('say that it was cut also when the reader left a silent model', async () => {
    const made: Recording[] = []
    const recorded = record(fakeTokens('a b', { everyMs: 60_000 }), (each) => made.push(each))
    await recorded.next()
    const pending = recorded.next()
    await recorded.return()
    expect(await pending).toMatchObject({ done: true })
    expect(made).toMatchObject([{ parts: [{ part: { text: 'a ' } }], end: { as: 'cut' } }])
    await record(fakeTokens('a'), (each) => made.push(each)).return()
    expect(made).toHaveLength(1)
    expect(timersRunning()).toBe(0)
  })

  test('refuse what is no recording', () => {
    expect(() => replay({ version: 2 } as unknown as Recording)).toThrow(
      /no recording of version 1/,
    )
  })
})
