import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMemoryStore, type RunStore } from 'swapstream/stores'
import { createRedisStore } from 'swapstream/redis'
import { eventually } from '../support/eventually.ts'
import { someRedis } from '../support/redis.ts'
import { newRunId } from '../../src/runs/log.ts'

/** Stores that share what they keep, as the nodes of one app do; and a way to let go of them. */
interface Nodes {
  readonly one: RunStore
  readonly two: RunStore
  close(): Promise<unknown>
}

let redis: Awaited<ReturnType<typeof someRedis>>
beforeAll(async () => {
  redis = await someRedis()
}, 120_000)
afterAll(() => redis?.stop())

/** So that tests of one Redis do not meet. */
const prefix = (): string => `{test-${newRunId()}}:`

const kinds: Record<string, () => Promise<Nodes>> = {
  memory: async () => {
    const store = createMemoryStore()
    return { one: store, two: store, close: async () => {} }
  },
  ioredis: () => inIoredis({}),
  'ioredis, as its older versions speak': () => inIoredis({ protocol: 2 }),
  'node-redis': async () => {
    const clients = await Promise.all(
      [0, 1].map(async () => {
        const client = createClient({ url: redis.url })
        client.on('error', () => {})
        await client.connect()
        return client
      }),
    )
    const options = { prefix: prefix() }
    const [one, two] = clients.map((client) => createRedisStore(client, options)) as [
      RunStore,
      RunStore,
    ]
    return {
      one,
      two,
      async close() {
        await Promise.all([one.close(), two.close()])
        for (const client of clients) client.destroy()
      },
    }
  },
}

async function inIoredis(more: { protocol?: 2 }): Promise<Nodes> {
  const clients = [0, 1].map(() => new Redis(redis.url, more))
  const options = { prefix: prefix() }
  const [one, two] = clients.map((client) => createRedisStore(client, options)) as [
    RunStore,
    RunStore,
  ]
  return {
    one,
    two,
    async close() {
      await Promise.all([one.close(), two.close()])
      for (const client of clients) client.disconnect()
    },
  }
}

/** A run that outlives its test, unless it says otherwise. */
const made = (id: string, more: object = {}) => ({
  id,
  owner: 'me',
  key: undefined,
  lease: `lease-${id}`,
  leaseMs: 60_000,
  keepMs: 60_000,
  needsSubscribers: false,
  ...more,
})
const nothing = (): void => {}
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

// They wait for leases more than for the store, so they do it at the same time.
describe.concurrent.each(Object.keys(kinds))('a store in %s', (kind) => {
  let nodes: Nodes
  beforeAll(async () => {
    nodes = await kinds[kind]!()
  })
  afterAll(() => nodes?.close())

  /** Starts a run, and gives what is needed to write into it. */
  const started = async (more: object = {}) => {
    const id = newRunId()
    let stops = 0
    await nodes.one.start(made(id, more), () => (stops += 1))
    const append = (from: number, lines: string[], last = false, lease = `lease-${id}`) =>
      nodes.one.append(id, { lease, from, lines, last })
    return { id, append, stops: () => stops }
  }
  /** Reads a log on the other node. */
  const watched = (id: string) => {
    const lines: string[] = []
    const unwatch = nodes.two.watch(id, (more) => lines.push(...more))
    return { lines, unwatch }
  }
  const stored = { status: 'ok', stopRequested: false, hasSubscribers: false }

  test('forgets a run that never began, and its key means the run before again', async () => {
    const key = `key ${newRunId()}`
    const first = await started({ key })
    await first.append(1, ['"a"', '{"end":"done"}'], true)
    const never = await started({ key })
    expect(await nodes.two.current('me', key)).toBe(never.id)
    const end = { lease: `lease-${never.id}`, from: 1, lines: ['{"end":"stopped"}'], last: true }
    expect(await nodes.one.append(never.id, { ...end, forget: true })).toEqual(stored)
    expect(await nodes.two.find(never.id)).toBeUndefined()
    expect(await nodes.two.current('me', key)).toBe(first.id)
    const next = await started({ key })
    expect(await nodes.two.current('me', key)).toBe(next.id)
    // Without a run before, the key means nothing.
    const only = await started({ key: `${key} only` })
    const lease = { ...end, lease: `lease-${only.id}`, forget: true }
    await nodes.one.append(only.id, lease)
    expect(await nodes.two.current('me', `${key} only`)).toBeUndefined()
  })

  test('hands out what was written, before and after the first reader came', async () => {
    const { id, append } = await started()
    expect(await append(1, ['a', 'b'])).toEqual(stored)
    const { lines, unwatch } = watched(id)
    await eventually(() => expect(lines).toEqual(['a', 'b']))
    await append(3, ['c'])
    expect(await nodes.two.find(id)).toMatchObject({ ended: false })
    await append(4, ['end'], true)
    await eventually(() => expect(lines).toEqual(['a', 'b', 'c', 'end']))
    unwatch()
    const again = watched(id)
    await eventually(() => expect(again.lines).toEqual(['a', 'b', 'c', 'end']))
    again.unwatch()
    expect(await nodes.two.find(id)).toEqual({
      owner: 'me',
      needsSubscribers: false,
      values: 3,
      ended: true,
    })
  })

  test('hands out long logs and odd lines whole and in order', async () => {
    const { id, append } = await started({ leaseMs: 5_000 })
    const all = Array.from(
      { length: 3_000 },
      (_, n) => `${n} "\\\u0000 é😀\u2028${'x'.repeat(n % 50)}`,
    )
    for (let at = 0; at < all.length; at += 500) await append(at + 1, all.slice(at, at + 500))
    const { lines, unwatch } = watched(id)
    await eventually(() => expect(lines.length).toBe(all.length))
    expect(lines).toEqual(all)
    unwatch()
  })

  test('stores a repeated line once, and reports where a gap begins', async () => {
    const { id, append } = await started()
    await append(1, ['a', 'b'])
    expect(await append(1, ['a', 'b', 'c'])).toEqual(stored)
    expect(await append(5, ['e'])).toEqual({ status: 'gap', storedLines: 3 })
    expect(await append(4, ['end'], true)).toEqual(stored)
    expect(await append(4, ['end'], true)).toMatchObject({ status: 'ok' })
    const { lines, unwatch } = watched(id)
    await eventually(() => expect(lines).toEqual(['a', 'b', 'c', 'end']))
    unwatch()
  })

  test('takes nothing from who has no lease, or none any more', async () => {
    const { append } = await started({ leaseMs: 120 })
    expect(await append(1, ['x'], false, 'lease-of-another')).toEqual({ status: 'fenced' })
    const { append: late } = await started({ leaseMs: 60 })
    await sleep(120)
    expect(await late(1, ['x'])).toEqual({ status: 'fenced' })
    const { append: over } = await started()
    await over(1, ['end'], true)
    expect(await over(2, ['x'])).toEqual({ status: 'fenced' })
  })

  test('keeps the lease as long as it is renewed', async () => {
    const { append } = await started({ leaseMs: 1_000 })
    for (let n = 0; n < 15; n++) {
      await sleep(100)
      expect(await append(1, [])).toEqual(stored)
    }
  })

  test('runs one of a name at a time, wherever it is started', async () => {
    const key = newRunId()
    const ids = [newRunId(), newRunId(), newRunId()]
    const runs = await Promise.all(
      ids.map((id, n) => (n % 2 ? nodes.two : nodes.one).start(made(id, { key }), nothing)),
    )
    expect(new Set(runs).size).toBe(1)
    const [first] = runs as [string]
    const node = ids.indexOf(first) % 2 ? nodes.two : nodes.one
    const other = newRunId()
    // The same name of another owner is another name.
    expect(await nodes.one.start(made(other, { key, owner: 'you' }), nothing)).toBe(other)
    await node.append(first, { lease: `lease-${first}`, from: 1, lines: ['end'], last: true })
    const next = newRunId()
    expect(await nodes.two.start(made(next, { key }), nothing)).toBe(next)
  })

  test('knows the newest run of a name, running or not, as long as it is stored', async () => {
    const key = newRunId()
    const times = { key, leaseMs: 1_000, keepMs: 1_000 }
    expect(await nodes.two.current('me', key)).toBe(undefined)
    const { id: first, append } = await started(times)
    expect(await nodes.two.current('me', key)).toBe(first)
    expect(await nodes.two.current('you', key)).toBe(undefined)
    await append(1, ['end'], true)
    expect(await nodes.two.current('me', key)).toBe(first)
    const second = await started(times)
    expect(await nodes.two.current('me', key)).toBe(second.id)
    for (let n = 1; n <= 5; n++) {
      await sleep(500)
      await second.append(n, ['a'])
    }
    expect(await nodes.two.current('me', key)).toBe(second.id)
    await eventually(async () => expect(await nodes.two.current('me', key)).toBe(undefined))
  })

  test('lets a name run again when its maker is gone', async () => {
    const key = newRunId()
    await nodes.one.start(made(newRunId(), { key, leaseMs: 80 }), nothing)
    await sleep(160)
    const next = newRunId()
    expect(await nodes.two.start(made(next, { key }), nothing)).toBe(next)
  })

  test('tells the producer at once to stop, and again with each answer', async () => {
    const { id, append, stops } = await started()
    await nodes.two.stop(id)
    await eventually(() => expect(stops()).toBe(1))
    expect(await append(1, ['a'])).toEqual({ ...stored, stopRequested: true })
    await append(2, ['end'], true)
    // What is over cannot be stopped, nor what never was.
    await nodes.two.stop(id)
    await nodes.two.stop(newRunId())
    expect(stops()).toBe(1)
  })

  test('ends what lost its maker once, and nothing else', async () => {
    const { id, append } = await started({ leaseMs: 1_000 })
    await append(1, ['a'])
    expect(await nodes.two.interrupt(id, 'gone')).toBe(true)
    const { lines, unwatch } = watched(id)
    await eventually(() => expect(lines).toEqual(['a']))
    await sleep(1_100)
    expect(
      await Promise.all(
        [nodes.one, nodes.two, nodes.two].map((node) => node.interrupt(id, 'gone')),
      ),
    ).toEqual([true, true, true])
    expect(await append(2, ['late'])).toEqual({ status: 'fenced' })
    await eventually(() => expect(lines).toEqual(['a', 'gone']))
    unwatch()
    expect(await nodes.two.interrupt(newRunId(), 'gone')).toBe(false)
    expect(await nodes.two.find(id)).toMatchObject({ values: 1, ended: true })
    const whole = await started({ leaseMs: 500 })
    await whole.append(1, ['end'], true)
    await sleep(600)
    await nodes.two.interrupt(whole.id, 'gone')
    const read = watched(whole.id)
    await eventually(() => expect(read.lines).toEqual(['end']))
    read.unwatch()
  })

  test('knows for a while that a run has a subscriber', async () => {
    const { id, append } = await started({ needsSubscribers: true })
    expect(await nodes.two.find(id)).toMatchObject({ needsSubscribers: true })
    await nodes.two.touchSubscriber(id, 1_000)
    expect(await append(1, [])).toEqual({ ...stored, hasSubscribers: true })
    await sleep(1_100)
    expect(await append(1, [])).toEqual(stored)
  })

  test('forgets a run some time after its end, or after the last sign of its producer', async () => {
    const ended = await started({ leaseMs: 500, keepMs: 500 })
    await ended.append(1, ['end'], true)
    const orphan = await started({ leaseMs: 500, keepMs: 500 })
    await orphan.append(1, ['a'])
    expect(await nodes.two.find(ended.id)).toBeDefined()
    await sleep(1_100)
    expect(await nodes.two.find(ended.id)).toBe(undefined)
    expect(await nodes.two.find(orphan.id)).toBe(undefined)
    expect(await nodes.two.find(newRunId())).toBe(undefined)
  })
})

test('the memory store forgets what ended first when it is full, and never what runs', async () => {
  const store = createMemoryStore({ maxChars: 100 })
  const write = async (last: boolean): Promise<string> => {
    const id = newRunId()
    await store.start(made(id), nothing)
    const lines = ['x'.repeat(60)]
    await store.append(id, { lease: `lease-${id}`, from: 1, lines, last })
    return id
  }
  const [runs, ended, newer] = [await write(false), await write(true), await write(true)]
  await store.start(made(newRunId()), nothing)
  expect(await store.find(runs)).toBeDefined()
  expect(await store.find(ended)).toBe(undefined)
  expect(await store.find(newer)).toBe(undefined)
})
