import { afterEach, describe, expect, test } from 'vitest'
import { createMemoryStore, createRuns, type Runs } from 'swapstream'
import { timersRunning, useTimers } from '../../src/shared/clock.ts'
import { eventually, expectNothingLeft } from '../support/eventually.ts'
import { controlled } from './support/controlled.ts'

const me = { owner: 'me' }
const context = { signal: new AbortController().signal, lastEventId: undefined }
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const opened: Runs[] = []
/** Two nodes of one app: they know each other by their store only. */
function twoNodes(): [Runs, Runs] {
  const store = createMemoryStore()
  const nodes = [0, 1].map(() => createRuns({ store, leaseMs: 200 })) as [Runs, Runs]
  opened.push(...nodes)
  return nodes
}
afterEach(async () => {
  for (const runs of opened.splice(0)) await runs.close()
  await expectNothingLeft(timersRunning)
})

describe('a run that is read by another node', () => {
  test('is the same there, and stopped from there', async () => {
    const [one, two] = twoNodes()
    const source = controlled<string>()
    const { id } = await one.start(source, me)
    const viewer = await two.subscribe(id, me).open(context)
    await source.say('a')
    expect((await viewer.next()).value).toMatchObject({ id: '1-1', value: 'a' })
    expect(await two.health()).toEqual({ store: 'up', running: 0, subscribers: 1 })
    await two.stop(id, me)
    expect(source.signal!.aborted).toBe(true)
    expect((await viewer.next()).value).toMatchObject({ reason: 'stopped' })
    expect(await two.health()).toEqual({ store: 'up', running: 0, subscribers: 0 })
  })

  test('and wants viewers goes on as long as there is one there', async () => {
    const [one, two] = twoNodes()
    const source = controlled<string>()
    const { id } = await one.start(source, { ...me, onDisconnect: 'cancel', graceMs: 50 })
    const viewer = await two.subscribe(id, me).open(context)
    await sleep(500)
    expect(source.signal!.aborted).toBe(false)
    await viewer.return!()
    await eventually(() => expect(source.signal!.aborted).toBe(true))
  })

  test('lets its viewers go elsewhere when that node closes, and goes on', async () => {
    const [one, two] = twoNodes()
    const source = controlled<string>()
    const { id } = await one.start(source, me)
    const viewer = await two.subscribe(id, me).open(context)
    const next = viewer.next()
    await two.close()
    expect((await next).value).toMatchObject({ reason: 'shutdown' })
    await source.say('a')
    expect(source.signal!.aborted).toBe(false)
  })

  test('is told to have been interrupted when its store is away for too long', async () => {
    const memory = createMemoryStore()
    const [one, two] = [
      memory,
      { ...memory, interrupt: () => Promise.reject(new Error('gone')) },
    ].map((store) => createRuns({ store, leaseMs: 200 })) as [Runs, Runs]
    opened.push(one, two)
    const { id } = await one.start(controlled<string>(), me)
    const real = performance.now.bind(performance)
    const viewer = await two.subscribe(id, me).open(context)
    const release = useTimers({
      now: () => real() * 200,
      set(delayMs, run) {
        const timer = setTimeout(run, delayMs / 200)
        return () => clearTimeout(timer)
      },
    })
    try {
      const from = real()
      expect((await viewer.next()).value).toMatchObject({ reason: 'interrupted' })
      expect(real() - from).toBeGreaterThan(30_000 / 200 - 50)
    } finally {
      release()
    }
  })
})
