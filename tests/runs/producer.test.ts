import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { createRuns, streamToFragments } from 'swapstream'
import { createMemoryStore, type AppendResult, type RunStore } from 'swapstream/stores'
import { controlledClock } from 'swapstream/testing'
import { LogDecoder } from '../../src/runs/log.ts'
import { useTimers } from '../../src/shared/clock.ts'
import { eventually } from '../support/eventually.ts'
import { controlled } from './support/controlled.ts'

const me = { owner: 'me' }
const context = { signal: new AbortController().signal, lastEventId: undefined }

let release = (): void => {}
afterEach(() => release())

/** What can happen to one attempt to keep lines. */
type Fault = 'none' | 'lost on the way' | 'answer lost' | 'lines lost'

/** A store for one run on which each attempt can go wrong, and the lines that it holds. */
function faulty(faults: readonly Fault[]): { store: RunStore; lines: string[] } {
  const lines: string[] = []
  let attempt = 0
  const store: RunStore = {
    ...createMemoryStore(),
    async append(_, { from, lines: more }): Promise<AppendResult> {
      const fault = faults[attempt++] ?? 'none'
      if (fault === 'lost on the way') throw new Error('The line is cut.')
      // A Redis that was killed before it had written all of it.
      if (fault === 'lines lost') lines.length = Math.floor(lines.length / 2)
      if (lines.length < from - 1) return { status: 'gap', storedLines: lines.length }
      lines.push(...more.slice(lines.length - from + 1))
      if (fault === 'answer lost') throw new Error('The line is cut.')
      return { status: 'ok', stopRequested: false, hasSubscribers: false }
    },
  }
  return { store, lines }
}

test('a run stores of snapshots that replace each other at once the newest, and the position of each', async () => {
  const { store, lines } = faulty([])
  const runs = createRuns({ store })
  const words = Array.from({ length: 500 }, (_, n) => `word${n} `)
  const { id } = await runs.start(() => streamToFragments(words, 'chat.html', 'answer'), me)
  const viewer = await runs.subscribe(id, me).open(context)
  let last
  for (let step = await viewer.next(); !step.done; step = await viewer.next()) last = step.value
  await runs.close(1_000)
  expect(last).toMatchObject({ id: '1-501', value: { context: { text: words.join('') } } })
  expect(lines.length).toBe(502)
  expect(lines.join('').length).toBeLessThan(words.join('').length + 500 * 10)
  const decoder = new LogDecoder()
  expect(lines.map((line) => decoder.decode(line)).at(-2)).toEqual(last!.value)
})

describe('a run whose store fails', () => {
  test('is stored whole and in order all the same, as long as its lease lives', async () => {
    // Twenty times as fast: it waits a while after each failure.
    const real = performance.now.bind(performance)
    release = useTimers({
      now: () => real() * 20,
      set(delayMs, run) {
        const timer = setTimeout(run, delayMs / 20)
        return () => clearTimeout(timer)
      },
    })
    const fault = fc.constantFrom<Fault>('none', 'lost on the way', 'answer lost', 'lines lost')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string(), { maxLength: 30 }),
        fc.array(fault, { maxLength: 8 }),
        async (values, faults) => {
          const { store, lines } = faulty(faults)
          const runs = createRuns({ store, leaseMs: 60_000, batchMs: 5 })
          await runs.start(async function* () {
            for (const [at, value] of values.entries()) {
              if (at % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
              yield value
            }
          }, me)
          await runs.close(60_000)
          expect(lines).toEqual([...values.map((value) => JSON.stringify(value)), '{"end":"done"}'])
        },
      ),
      { numRuns: 30 },
    )
  })

  test('goes on for its own subscribers as long as its lease, and not longer', async () => {
    const clock = controlledClock()
    release = clock.release
    const hangs: RunStore = { ...createMemoryStore(), append: () => new Promise(() => {}) }
    const runs = createRuns({ store: hangs, leaseMs: 300 })
    const source = controlled<string>()
    const { id } = await runs.start(source, me)
    const viewer = await runs.subscribe(id, me).open(context)
    await source.say('a')
    expect((await viewer.next()).value).toMatchObject({ id: '1-1', value: 'a' })
    await clock.advance(299)
    expect(source.signal!.aborted).toBe(false)
    await clock.advance(1)
    expect((await viewer.next()).value).toMatchObject({ reason: 'interrupted' })
    expect(source.signal!.aborted).toBe(true)
    await runs.close()
  })

  test('says nothing more when its process was paused for longer than its lease', async () => {
    let time = 0
    // No alarm rings: the source is heard first.
    release = useTimers({ now: () => time, set: () => () => {} })
    const runs = createRuns({ leaseMs: 1_000 })
    const source = controlled<string>()
    const { id } = await runs.start(source, me)
    const viewer = await runs.subscribe(id, me).open(context)
    await source.say('a')
    await viewer.next()
    time = 1_000
    await source.say('b')
    expect((await viewer.next()).value).toMatchObject({ reason: 'interrupted' })
    await eventually(() => expect(source.signal!.aborted).toBe(true))
    release()
    await runs.close()
  })
})
