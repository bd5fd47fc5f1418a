import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test } from 'vitest'
import { createRuns, type Runs } from 'swapstream'
import { createMemoryStore, type RunStore } from 'swapstream/stores'
import { controlledClock } from 'swapstream/testing'
import { useTimers } from '../../src/shared/clock.ts'
import { eventually } from '../support/eventually.ts'
import { newRunId } from '../../src/runs/log.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const created: Runs[] = []
let release = (): void => {}
afterEach(async () => {
  for (const runs of created.splice(0)) await runs.close()
  release()
  release = () => {}
})
const me = { owner: 'me' }
const context = { signal: new AbortController().signal, lastEventId: undefined }
const noop = (): void => {}
const made = (id: string, more: object = {}) => ({
  id,
  owner: 'me',
  key: undefined,
  lease: id,
  leaseMs: 5_000,
  keepMs: 600_000,
  needsSubscribers: false,
  ...more,
})
async function ended(store: RunStore, more: object = {}): Promise<string> {
  const id = newRunId()
  await store.start(made(id, more), noop)
  await store.append(id, { lease: id, from: 1, lines: ['"x"', '{"end":"done"}'], last: true })
  return id
}

describe('a run that has ended', () => {
  test.each([['by itself'], ['by Stop']])('%s leaves nothing but its log', async (how) => {
    const runs = createRuns()
    created.push(runs)
    const refs: WeakRef<object>[] = []
    const ids: string[] = []
    const runOnce = async (n: number): Promise<void> => {
      // What a handler holds: its request, the source, and callbacks.
      const request = { bytes: new Uint8Array(100_000) }
      refs.push(new WeakRef(request))
      const run = await runs.start(
        async function* ({ signal }) {
          yield String(request.bytes.length)
          if (how === 'by Stop')
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
        },
        { ...me, key: `key ${n}`, onEnd: () => void request, onError: () => void request },
      )
      ids.push(run.id)
      const values = await run.open(context)
      await values.next()
      if (how === 'by Stop') await runs.stop(run.id, me)
      await values.next()
    }
    for (let n = 0; n < 5; n += 1) await runOnce(n)
    await eventually(async () => {
      expect((await runs.health()).running).toBe(0)
      collectGarbage()
      expect(refs.filter((ref) => ref.deref()).length).toBe(0)
    })
    // Its log is there.
    for (const id of ids)
      expect((await (await runs.subscribe(id, me).open(context)).next()).value).toMatchObject({
        value: '100000',
      })
  })
})

describe('a memory store', () => {
  test('looks at none of the stored runs when one starts', async () => {
    const store = createMemoryStore()
    for (let n = 0; n < 2_000; n += 1) await ended(store, { key: `key ${n}` })
    // A run is looked at by its time.
    let looks = 0
    release = useTimers({
      now() {
        looks += 1
        return performance.now()
      },
      set: () => noop,
    })
    await store.start(made(newRunId(), { key: 'next' }), noop)
    expect(looks).toBeLessThan(10)
    expect(await store.current('me', 'key 7')).toBeTypeOf('string')
  })

  test('forgets what has expired, whatever was written last, and its key', async () => {
    const clock = controlledClock()
    release = clock.release
    const store = createMemoryStore({ maxChars: 1_000_000 })
    const short = await ended(store, { key: 'a', keepMs: 1_000 })
    const long = newRunId()
    await store.start(made(long, { key: 'b', leaseMs: 60_000 }), noop)
    await clock.advance(7_000)
    await store.append(long, { lease: long, from: 1, lines: ['"y"'], last: false })
    await store.start(made(newRunId()), noop)
    expect([await store.find(short), await store.current('me', 'a')]).toEqual([
      undefined,
      undefined,
    ])
    expect(await store.current('me', 'b')).toBe(long)
  })

  test('forgets the oldest that have ended when it holds too much, and none that runs', async () => {
    const store = createMemoryStore({ maxChars: 50 })
    const running = newRunId()
    await store.start(made(running), noop)
    await store.append(running, { lease: running, from: 1, lines: ['x'.repeat(20)], last: false })
    const ids = []
    for (let n = 0; n < 4; n += 1) ids.push(await ended(store))
    await store.start(made(newRunId()), noop)
    const stored = await Promise.all(
      [running, ...ids].map(async (id) => Boolean(await store.find(id))),
    )
    expect(stored).toEqual([true, false, false, false, true])
  })
})
