import { afterEach, describe, expect, test } from 'vitest'
import { createRuns, type Runs } from 'swapstream'
import { createMemoryStore } from 'swapstream/stores'
import { controlledClock } from 'swapstream/testing'
import { timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { controlled } from './support/controlled.ts'

const me = { owner: 'me' }
const context = { signal: new AbortController().signal, lastEventId: undefined }

const opened: Runs[] = []
/** Two nodes of one app: they know each other by their store only. */
function twoNodes(): [Runs, Runs] {
  const store = createMemoryStore()
  const nodes = [0, 1].map(() => createRuns({ store, leaseMs: 200 })) as [Runs, Runs]
  opened.push(...nodes)
  return nodes
}
let release = (): void => {}
function useClock() {
  const clock = controlledClock()
  release = clock.release
  return clock
}
afterEach(async () => {
  for (const runs of opened.splice(0)) await runs.close()
  release()
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

  test('and needs subscribers goes on as long as there is one there', async () => {
    const clock = useClock()
    const [one, two] = twoNodes()
    const source = controlled<string>()
    const { id } = await one.start(source, { ...me, onDisconnect: 'cancel', graceMs: 50 })
    const viewer = await two.subscribe(id, me).open(context)
    await clock.advance(5_000)
    expect(source.signal!.aborted).toBe(false)
    await viewer.return!()
    // It was reported for a lease of 200 ms.
    await clock.advance(250)
    expect(source.signal!.aborted).toBe(true)
  })

  test('lets its subscribers go to another node when that node closes, and goes on', async () => {
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

  test('ends as interrupted when its store is away for too long', async () => {
    const clock = useClock()
    const memory = createMemoryStore()
    const [one, two] = [
      memory,
      { ...memory, interrupt: () => Promise.reject(new Error('gone')) },
    ].map((store) => createRuns({ store, leaseMs: 200 })) as [Runs, Runs]
    opened.push(one, two)
    const { id } = await one.start(controlled<string>(), me)
    const viewer = await two.subscribe(id, me).open(context)
    let end: unknown
    void viewer.next().then(({ value }) => (end = value))
    await clock.advance(29_000)
    expect(end).toBe(undefined)
    await clock.advance(1_100)
    expect(end).toMatchObject({ reason: 'interrupted' })
  })
})
