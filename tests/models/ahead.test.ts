import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accumulate, type Accumulated } from '../../src/models/accumulate.ts'
import { ASK, made, WANT, type Askable, type Asker } from '../../src/shared/askable.ts'

type Told = IteratorResult<Accumulated, unknown> & { values: number }

/** Moments from which on an answer is needed. */
const NOW = undefined
const PASSED = 0
const LATER = Infinity

/** Tokens that come when a test says so. */
function byHand() {
  let give: (answer: IteratorResult<string>) => void = () => {}
  let refuse: (error: unknown) => void = () => {}
  let asked = 0
  const source: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        asked += 1
        return new Promise((resolve, reject) => {
          give = resolve
          refuse = reject
        })
      },
    }),
  }
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    source,
    asked: () => asked,
    settle,
    async say(value: string) {
      give({ done: false, value })
      await settle()
    },
    async end() {
      give({ done: true, value: undefined })
      await settle()
    },
    async fail(error: unknown) {
      refuse(error)
      await settle()
    },
  }
}

function reader(source: AsyncIterable<string>) {
  const values = accumulate(source) as unknown as Askable<Accumulated>
  const told: Told[] = []
  const failed: unknown[] = []
  let waiting = false
  const asker: Asker<Accumulated> = {
    given(answer, count) {
      waiting = false
      told.push({ ...answer, value: made(answer.value), values: count } as Told)
    },
    failed(error) {
      waiting = false
      failed.push(error)
    },
  }
  return {
    told,
    failed,
    waiting: () => waiting,
    ask(until: number | undefined) {
      waiting = true
      values[ASK](asker, until)
    },
    want: (until: number | undefined) => values[WANT](until),
  }
}

describe('a source that is asked ahead', () => {
  test('reads on by itself, and answers with one value for all when that is wanted', async () => {
    const { source, say, settle } = byHand()
    const { ask, want, told } = reader(source)
    ask(NOW)
    await settle()
    await say('a')
    ask(LATER)
    for (const token of ['b', 'c', 'd']) await say(token)
    expect(told).toHaveLength(1)
    want(NOW)
    expect(told[1]).toMatchObject({ value: { text: 'abcd', delta: 'bcd', seq: 4 }, values: 3 })
  })

  test('joins the next value to what it has when it is wanted soon', async () => {
    const { source, say, settle } = byHand()
    const { ask, want, told } = reader(source)
    ask(NOW)
    await settle()
    await say('a')
    ask(LATER)
    await say('b')
    want(PASSED)
    expect(told).toHaveLength(1)
    await say('c')
    expect(told[1]).toMatchObject({ value: { text: 'abc', delta: 'bc' }, values: 2 })
  })

  test('hands on what it has before it tells of a failure, or of the end', async () => {
    for (const how of ['fail', 'end'] as const) {
      const model = byHand()
      const { ask, told, failed } = reader(model.source)
      ask(NOW)
      await model.settle()
      await model.say('a')
      ask(LATER)
      await model.say('b')
      if (how === 'end') await model.end()
      else await model.fail(new Error('gone'))
      expect(told[1]).toMatchObject({ value: { text: 'ab', final: false } })
      ask(LATER)
      await model.settle()
      if (how === 'end') expect(told[2]).toMatchObject({ value: { text: 'ab', final: true } })
      else expect(failed).toMatchObject([{ message: expect.stringContaining('gone') }])
    }
  })

  test('answers after a thousand values also who wants nothing', async () => {
    const { ask, told } = reader(
      (async function* () {
        for (let at = 0; at < 5_000; at++) yield 'x'
      })(),
    )
    ask(NOW)
    await new Promise((resolve) => setTimeout(resolve, 5))
    ask(LATER)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(told[1]).toMatchObject({ values: 1_024 })
  })

  test('gives every token once and in its order, however it is asked', async () => {
    const act = fc.constantFrom('say', 'say', 'say', 'ask', 'ahead', 'soon', 'now')
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const model = byHand()
        const { ask, want, waiting, told } = reader(model.source)
        let said = ''
        ask(NOW)
        await model.settle()
        for (const each of acts) {
          const open = model.asked() > said.length
          if (each === 'say' && open) {
            const token = String.fromCharCode(97 + (said.length % 26))
            said += token
            await model.say(token)
          } else if ((each === 'ask' || each === 'ahead') && !waiting()) {
            ask(each === 'ahead' ? LATER : NOW)
            await model.settle()
          } else if (each === 'soon' || each === 'now') want(each === 'now' ? NOW : PASSED)
        }
        while (!told.at(-1)?.value || !(told.at(-1)!.value as Accumulated).final) {
          if (!waiting()) ask(LATER)
          await model.settle()
          if (waiting()) await model.end()
        }
        const states = told.map(({ value }) => value as Accumulated)
        expect(states.map(({ delta }) => delta).join('')).toBe(said)
        expect(states.at(-1)!.text).toBe(said)
        let before = ''
        for (const { text, delta } of states) {
          expect(text).toBe(before + delta)
          before = text
        }
        const counted = told.slice(0, -1).reduce((sum, { values }) => sum + values, 0)
        expect(counted).toBe(said.length)
      }),
      { numRuns: 200 },
    )
  })
})
