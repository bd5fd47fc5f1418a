import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEvents } from 'swapstream/client'
import { startApp, type ChildApp } from '../contract/support/child-app.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis, type RedisProcess } from '../support/redis.ts'
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.ts'

const NODE = 'tests/runs/support/node.ts'
/** Of nodes whose runs a test awaits to be lost. Longer than a node with other work beside it may starve. */
const LEASE_MS = 5_000
/** Of nodes that nothing happens to, or nothing that may cost a run. */
const KEEPS = { LEASE_MS: '15000' }

const folder = mkdtempSync(join(tmpdir(), 'swapstream-nodes-'))
/** What was started here, whatever became of the test. */
const toEnd: (() => unknown)[] = []
/** For the whole file: a Redis, and two nodes that nothing happens to. */
let redis: RedisProcess
let one: ChildApp
let two: ChildApp
let count = 0

const diaryOf = (name: string): string => join(folder, name)
const diary = (name: string): string[] =>
  readFileSync(diaryOf(name), 'utf8').split('\n').slice(0, -1)

/** A node with a diary of its own. */
async function startNode(
  port: number,
  env: Record<string, string> = {},
): Promise<ChildApp & { readonly diary: () => string[] }> {
  const name = `diary-${count++}`
  writeFileSync(diaryOf(name), '')
  const app = await startApp(NODE, {
    REDIS_URL: `redis://127.0.0.1:${port}`,
    DIARY: diaryOf(name),
    LEASE_MS: String(LEASE_MS),
    ...env,
  })
  toEnd.push(() => end(app))
  return Object.assign(app, { diary: () => diary(name) })
}
async function end(node: ChildApp): Promise<void> {
  node.kill('SIGKILL')
  await node.ended
}
async function ownRedis(keeps = false): Promise<RedisProcess> {
  const made = await startRedis({ keeps })
  toEnd.push(() => made.stop())
  return made
}
async function ownProxy(port: number): Promise<TcpProxy> {
  const made = await startTcpProxy(port)
  toEnd.push(() => made.close())
  return made
}

beforeAll(async () => {
  redis = await ownRedis()
  ;[one, two] = await Promise.all([
    startNode(redis.port, KEEPS),
    startNode(redis.port, { ...KEEPS, CLIENT: 'node-redis' }),
  ])
}, 120_000)
afterAll(async () => {
  for (const undo of toEnd.toReversed()) await undo()
  rmSync(folder, { recursive: true, force: true })
})
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const url = (node: ChildApp, path: string): string => `http://127.0.0.1:${node.port}${path}`

async function start(node: ChildApp, query = ''): Promise<{ id: string; path: string }> {
  const response = await fetch(url(node, `/start?${query}`), { method: 'POST' })
  expect(response.status).toBe(200)
  return (await response.json()) as { id: string; path: string }
}

/** Stops a run. A store that answers too late is said to be away: then the client asks again. */
const stop = (node: ChildApp, path: string): Promise<void> =>
  eventually(async () => {
    const { status } = await fetch(url(node, `${path}/stop`), { method: 'POST' })
    expect(status).toBe(204)
  })

/** A viewer of a run: all he was told, and how it ended. */
interface Viewer {
  readonly ids: string[]
  readonly numbers: string[]
  reason: string | undefined
  leave(): void
  readonly over: Promise<void>
}

function view(node: ChildApp, path: string, lastEventId?: string): Viewer {
  const left = new AbortController()
  const viewer: Viewer = {
    ids: [],
    numbers: [],
    reason: undefined,
    leave: () => left.abort(),
    over: read(),
  }
  return viewer
  async function read(): Promise<void> {
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId && { 'last-event-id': lastEventId }),
    }
    try {
      const response = await fetch(url(node, path), { headers, signal: left.signal })
      if (response.status !== 200) viewer.reason = String(response.status)
      for await (const event of readEvents(response)) {
        if (event.event === undefined) {
          viewer.ids.push(event.id!)
          viewer.numbers.push(event.data)
        } else viewer.reason = (JSON.parse(event.data) as { reason: string }).reason
      }
    } catch (error) {
      viewer.reason ??= left.signal.aborted ? 'left' : `broken: ${String(error)}`
    }
  }
}

const upTo = (last: number, first = 1): string[] =>
  Array.from({ length: last - first + 1 }, (_, n) => String(first + n))

/** Numbers and ids without a gap or a double. */
function expectContiguous({ ids, numbers }: Viewer, first = 1): void {
  expect(numbers).toEqual(upTo(first + numbers.length - 1, first))
  expect(ids).toEqual(numbers.map((n) => `1-${n}`))
}

const has = (viewer: Viewer, some: number): Promise<void> =>
  eventually(() => expect(viewer.numbers.length).toBeGreaterThanOrEqual(some))

describe.concurrent('runs on two nodes', () => {
  test('are the same on both, and go on there from where a reader left here', async () => {
    const { path } = await start(one, 'count=60')
    const here = view(one, path)
    const there = view(two, path)
    const leaving = view(one, path)
    await has(leaving, 10)
    leaving.leave()
    await leaving.over
    const resumed = view(two, path, leaving.ids.at(-1))
    await Promise.all([here.over, there.over, resumed.over])
    for (const viewer of [here, there]) {
      expectContiguous(viewer)
      expect([viewer.numbers.length, viewer.reason]).toEqual([60, 'done'])
    }
    expectContiguous(resumed, leaving.numbers.length + 1)
    expect(leaving.numbers.length + resumed.numbers.length).toBe(60)
    const late = view(two, path)
    await late.over
    expect([late.numbers, late.reason]).toEqual([here.numbers, 'done'])
  })

  test('are stopped from the other one at once, and what was written stays', async () => {
    const { path } = await start(one, 'count=10000')
    const here = view(one, path)
    const there = view(two, path)
    await Promise.all([has(here, 5), has(there, 5)])
    await stop(two, path)
    await Promise.all([here.over, there.over])
    expect([here.reason, there.reason]).toEqual(['stopped', 'stopped'])
    expectContiguous(here)
    expect(there.numbers).toEqual(here.numbers)
  })

  test('are stopped from the other one also while the source is silent', async () => {
    // Its lease would be renewed, and the request be found then, much later only.
    const node = await startNode(redis.port, { LEASE_MS: '600000' })
    const { path } = await start(node, 'count=1&ms=600000')
    const here = view(node, path)
    await stop(two, path)
    await here.over
    expect([here.reason, node.diary()]).toEqual(['stopped', ['opened', 'aborted']])
  })

  test('of one key are one, on whichever node they start', async () => {
    const all = await Promise.all(
      upTo(6).map((n) => start(Number(n) % 2 ? one : two, 'count=30&key=one')),
    )
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    const [here, there] = [view(one, all[0]!.path), view(two, all[0]!.path)]
    await Promise.all([here.over, there.over])
    for (const viewer of [here, there]) {
      expectContiguous(viewer)
      expect([viewer.numbers.length, viewer.reason]).toEqual([30, 'done'])
    }
  })

  test('are unknown to a node without their id', async () => {
    const unknown = view(two, '/runs/AAAAAAAAAAAAAAAAAAAAAA')
    await unknown.over
    expect(unknown.reason).toBe('404')
  })
})

describe.concurrent('a node that dies', () => {
  test('leaves what it wrote, and every subscriber gets the end `interrupted`', async () => {
    const node = await startNode(redis.port)
    const { id, path } = await start(node, 'count=10000&key=dies')
    const there = view(two, path)
    await has(there, 20)
    await end(node)
    // Nobody starts it anew behind the reader's back.
    await there.over
    expect(there.reason).toBe('interrupted')
    expectContiguous(there)
    const late = view(two, path)
    const elsewhere = view(one, path, there.ids.at(-1))
    await Promise.all([late.over, elsewhere.over])
    expect([late.numbers, late.reason]).toEqual([there.numbers, 'interrupted'])
    expect([elsewhere.numbers, elsewhere.reason]).toEqual([[], 'interrupted'])
    expect(node.diary()).toEqual(['opened'])
    // Only a reader who asks again gets a new answer.
    const again = await start(two, 'count=3&key=dies')
    expect(again.id).not.toBe(id)
    const retried = view(one, again.path)
    await retried.over
    expect([retried.numbers, retried.reason]).toEqual([upTo(3), 'done'])
  })

  test('without subscribers: a later one finds the prefix and its end', async () => {
    const node = await startNode(redis.port)
    const { path } = await start(node, 'count=10000')
    const here = view(node, path)
    await has(here, 10)
    await end(node)
    const late = view(two, path)
    await late.over
    expect(late.reason).toBe('interrupted')
    expectContiguous(late)
    expect(late.numbers.length).toBeGreaterThan(5)
  })

  test('only for a while finds that it is fenced, and stops its source', async () => {
    const node = await startNode(redis.port)
    const { path } = await start(node, 'count=10000')
    const [here, there] = [view(node, path), view(two, path)]
    await Promise.all([has(here, 10), has(there, 10)])
    node.kill('SIGSTOP')
    await there.over
    expect(there.reason).toBe('interrupted')
    node.kill('SIGCONT')
    await here.over
    expect(here.reason).toBe('interrupted')
    expectContiguous(here)
    expectContiguous(there)
    expect(node.diary()).toEqual(['opened', 'aborted'])
    // What it said after it woke is in nobody's log.
    const late = view(two, path)
    await late.over
    expect([late.numbers, late.reason]).toEqual([there.numbers, 'interrupted'])
  })
})

describe.concurrent('a line to Redis that is cut for three seconds', () => {
  test('ends the run of a node that cannot renew its lease, the same for everybody', async () => {
    const proxy = await ownProxy(redis.port)
    const node = await startNode(proxy.port)
    const { path } = await start(node, 'count=10000')
    const [here, there] = [view(node, path), view(two, path)]
    await Promise.all([has(here, 10), has(there, 10)])
    proxy.cut()
    await Promise.all([here.over, there.over])
    expect([here.reason, there.reason]).toEqual(['interrupted', 'interrupted'])
    expectContiguous(here)
    expectContiguous(there)
    expect(node.diary()).toEqual(['opened', 'aborted'])
    const health = await (await fetch(url(node, '/health'))).json()
    expect(health).toEqual({ store: 'down', running: 0, subscribers: 0 })
    const refused = await fetch(url(node, '/start'), { method: 'POST' })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await refused.json()).toMatchObject({ code: 'run/store-away' })
    proxy.mend()
    const again = view(node, (await started(node, 'count=5')).path)
    await again.over
    expect([again.numbers, again.reason]).toEqual([upTo(5), 'done'])
  })

  test.each(['ioredis', 'node-redis'])(
    'costs nothing when the lease is longer (%s)',
    async (CLIENT) => {
      const proxy = await ownProxy(redis.port)
      const node = await startNode(proxy.port, { ...KEEPS, CLIENT })
      const { path } = await start(node, 'count=200')
      const [here, there] = [view(node, path), view(two, path)]
      await Promise.all([has(here, 10), has(there, 10)])
      proxy.cut()
      await sleep(3_000)
      proxy.mend()
      await Promise.all([here.over, there.over])
      for (const viewer of [here, there]) {
        expectContiguous(viewer)
        expect([viewer.numbers.length, viewer.reason]).toEqual([200, 'done'])
      }
      await end(node)
      await proxy.close()
    },
  )

  test.each(['ioredis', 'node-redis'])(
    'lets a subscriber wait, and go on from there (%s)',
    async (CLIENT) => {
      const proxy = await ownProxy(redis.port)
      const node = await startNode(proxy.port, { ...KEEPS, CLIENT })
      const { path } = await start(one, 'count=250')
      const there = view(node, path)
      await has(there, 10)
      proxy.cut()
      await sleep(3_000)
      proxy.mend()
      await there.over
      expectContiguous(there)
      expect([there.numbers.length, there.reason]).toEqual([250, 'done'])
      await end(node)
      await proxy.close()
    },
  )
})

describe.concurrent('a Redis that is killed', () => {
  test('and had written everything to its file: the answer completes without a gap', async () => {
    const own = await ownRedis(true)
    const nodes = await Promise.all([startNode(own.port, KEEPS), startNode(own.port, KEEPS)])
    const { path } = await start(nodes[0], 'count=150')
    const viewers = nodes.map((node) => view(node, path))
    await Promise.all(viewers.map((viewer) => has(viewer, 20)))
    await own.kill()
    await sleep(500)
    await own.restart()
    await Promise.all(viewers.map(({ over }) => over))
    for (const viewer of viewers) {
      expectContiguous(viewer)
      expect([viewer.numbers.length, viewer.reason]).toEqual([150, 'done'])
    }
  })

  test('before it wrote anything: every subscriber gets the end, and none waits for ever', async () => {
    const own = await ownRedis()
    const nodes = await Promise.all([startNode(own.port), startNode(own.port)])
    const { path } = await start(nodes[0], 'count=10000')
    const viewers = nodes.map((node) => view(node, path))
    await Promise.all(viewers.map((viewer) => has(viewer, 20)))
    await own.kill()
    await own.restart()
    await Promise.all(viewers.map(({ over }) => over))
    for (const viewer of viewers) {
      expectContiguous(viewer)
      expect(viewer.reason).toBe('interrupted')
    }
    expect(nodes[0].diary()).toEqual(['opened', 'aborted'])
    const late = view(nodes[1], path)
    await late.over
    expect(late.reason).toBe('404')
  })
})

/** Starts a run as soon as the node can reach its store again. */
async function started(node: ChildApp, query: string): Promise<{ path: string }> {
  let run: { path: string } | undefined
  await eventually(async () => {
    const response = await fetch(url(node, `/start?${query}`), { method: 'POST' })
    expect(response.status).toBe(200)
    run = (await response.json()) as { path: string }
  })
  return run!
}
