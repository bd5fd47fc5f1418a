import { Cluster, Redis } from 'ioredis'
import { createClient, createClientPool, createCluster, createSentinel, RESP_TYPES } from 'redis'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { createRuns, type Runs } from 'swapstream'
import { createRedisStore, type RedisClient } from 'swapstream/redis'
import { eventually } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'
import { startRedis, type RedisProcess } from '../support/redis.ts'
import { controlled } from './support/controlled.ts'

let redis: RedisProcess
let cluster: RedisProcess
beforeAll(async () => {
  ;[redis, cluster] = await Promise.all([startRedis(), startRedis({ cluster: true })])
  const admin = new Redis(cluster.url)
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await eventually(async () => {
    if (!String(await admin.cluster('INFO')).includes('cluster_state:ok'))
      throw new Error('Not ready.')
  })
  admin.disconnect()
}, 120_000)
afterAll(() => Promise.all([redis?.stop(), cluster?.stop()]))

/** What a test opens ends with it, the last first; tests that only wait do so at the same time. */
type Ends = TestContext['onTestFinished']

/** Both longer than a machine with other work may let a command wait. */
const WAIT_MS = 2_000
const LEASE_MS = 3 * WAIT_MS

const me = { owner: 'me' }
const context = { signal: new AbortController().signal, lastEventId: undefined }

function ioredis(ends: Ends, options: object, { url } = redis): Redis & RedisClient {
  const client = new Redis(url, options)
  client.on('error', () => {})
  ends(() => client.disconnect())
  return client
}
async function nodeRedis(ends: Ends, options: object): Promise<RedisClient> {
  const client = createClient({ url: redis.url, ...options })
  client.on('error', () => {})
  await client.connect()
  ends(() => client.destroy())
  return client as unknown as RedisClient
}

const ready = async (client: RedisClient): Promise<RedisClient> => {
  await eventually(() => {
    if ((client as Redis).status !== 'ready') throw new Error('Not ready.')
  })
  return client
}
interface Plain {
  sendCommand(args: string[]): Promise<unknown>
  duplicate(): Plain
  connect(): Promise<unknown>
  destroy(): void
  on(event: 'error', listener: (error: Error) => void): unknown
}
/** Takes commands as `createSentinel` does, and has one Redis behind it. */
function sentinelOver(client: Plain): RedisClient {
  return {
    sendCommand: (isReadonly: boolean, args: string[], _options: object) =>
      isReadonly ? Promise.reject(new Error('A replica.')) : client.sendCommand(args),
    duplicate: () => sentinelOver(client.duplicate()),
    connect: () => client.connect(),
    destroy: () => client.destroy(),
    on: (event: 'error', listener: (error: Error) => void) => client.on(event, listener),
  } as unknown as RedisClient
}
const bytes = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer }
const clients: Record<string, (ends: Ends) => Promise<RedisClient>> = {
  'ioredis with keyPrefix': async (ends) => ioredis(ends, { keyPrefix: 'app:' }),
  'ioredis with stringNumbers': async (ends) => ioredis(ends, { stringNumbers: true }),
  'ioredis without an offline queue': (ends) => ready(ioredis(ends, { enableOfflineQueue: false })),
  'ioredis with a command timeout': async (ends) => ioredis(ends, { commandTimeout: WAIT_MS }),
  'ioredis with a socket timeout': async (ends) => ioredis(ends, { socketTimeout: WAIT_MS }),
  'ioredis with lazyConnect': async (ends) => ioredis(ends, { lazyConnect: true }),
  'ioredis with autopipelining': async (ends) => ioredis(ends, { enableAutoPipelining: true }),
  'ioredis with all of these': (ends) =>
    ready(
      ioredis(ends, {
        keyPrefix: 'a:{b}:',
        stringNumbers: true,
        enableOfflineQueue: false,
        commandTimeout: WAIT_MS,
      }),
    ),
  'an ioredis Cluster': async (ends) => {
    const client = new Cluster([{ host: '127.0.0.1', port: cluster.port }])
    ends(() => client.disconnect())
    return client as unknown as RedisClient
  },
  'node-redis with bytes for texts': (ends) =>
    nodeRedis(ends, { commandOptions: { typeMapping: bytes } }),
  'node-redis with texts for numbers': (ends) =>
    nodeRedis(ends, { commandOptions: { typeMapping: { [RESP_TYPES.NUMBER]: String } } }),
  'node-redis with maps': (ends) =>
    nodeRedis(ends, { commandOptions: { typeMapping: { [RESP_TYPES.MAP]: Map } } }),
  'node-redis with RESP 2': (ends) => nodeRedis(ends, { RESP: 2 }),
  'node-redis without an offline queue': (ends) => nodeRedis(ends, { disableOfflineQueue: true }),
  'a sentinel of node-redis': async (ends) => sentinelOver((await nodeRedis(ends, {})) as Plain),
  'node-redis createCluster': async (ends) => {
    const client = createCluster({ rootNodes: [{ url: cluster.url }] })
    await client.connect()
    ends(() => client.destroy())
    return client as unknown as RedisClient
  },
}

function nodeOf(ends: Ends, client: RedisClient, more: object = {}): Runs {
  const options = { log: recordingLog(), leaseMs: LEASE_MS, ...more }
  const runs = createRuns({ store: createRedisStore(client), ...options })
  ends(() => runs.close())
  return runs
}

// These wait longest: first, so that the others wait beside them.
describe.concurrent.each([
  ['has no memory left', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
  ['has become a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
])('a Redis that reads and refuses writes because it %s', (_, refuse, allow) => {
  test('shows in the health check, and ends what a node shows within the lease and 30 s', async ({
    onTestFinished: ends,
  }) => {
    const own = await startRedis()
    ends(() => own.stop())
    const log = recordingLog()
    const nodes = [0, 1].map(() => nodeOf(ends, ioredis(ends, {}, own), { log }))
    const source = controlled<string>()
    const { id } = await nodes[0]!.start(source, me)
    const viewers = await Promise.all(nodes.map((node) => node.subscribe(id, me).open(context)))
    await source.say('a')
    for (const viewer of viewers) await viewer.next()
    const admin = ioredis(ends, {}, own)
    await admin.call(refuse[0]!, ...refuse.slice(1))
    expect((await nodes[1]!.health()).store).toBe('read-only')
    const poll = setInterval(() => void nodes[1]!.health(), 50)
    ends(() => clearInterval(poll))
    for (const viewer of viewers)
      expect((await viewer.next()).value).toMatchObject({ reason: 'interrupted' })
    clearInterval(poll)
    await expect(nodes[0]!.start([], me)).rejects.toMatchObject({ code: 'run/store-away' })
    await admin.call(allow[0]!, ...allow.slice(1))
    await eventually(async () => expect((await nodes[1]!.health()).store).toBe('up'))
  }, 60_000)
})

describe.concurrent.each(Object.keys(clients))('runs in %s', (kind) => {
  test('are shown, renewed and stopped on another node', async ({ onTestFinished: ends }) => {
    const log = recordingLog()
    const one = nodeOf(ends, await clients[kind]!(ends), { log })
    const two = nodeOf(ends, await clients[kind]!(ends), { log })
    const source = controlled<string>()
    const { id } = await one.start(source, { ...me, onDisconnect: 'cancel', graceMs: WAIT_MS })
    const viewer = await two.subscribe(id, me).open(context)
    const seen: unknown[] = []
    for (const word of ['a', 'b', 'c']) {
      await source.say(word)
      seen.push(((await viewer.next()).value as { value: unknown }).value)
      // Longer than the grace and the timeouts of a client, and in all longer than the lease.
      await new Promise((resolve) => setTimeout(resolve, 1.25 * WAIT_MS))
    }
    expect(seen).toEqual(['a', 'b', 'c'])
    expect((await two.health()).store).toBe('up')
    await two.stop(id, me)
    expect((await viewer.next()).value).toMatchObject({ reason: 'stopped' })
    expect(log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
  })
})

test('a sentinel of node-redis takes commands in the form that is expected', () => {
  const name = { name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }
  const sentinel = createSentinel(name)
  expect(String(sentinel.sendCommand)).toMatch(/sendCommand\(isReadonly, args, options\)/)
  expect(() => createRedisStore(sentinel as unknown as RedisClient)).not.toThrow()
})

test('a keyPrefix costs no more reads than there is news', async ({ onTestFinished: ends }) => {
  // In a Redis of its own: that one counts the reads of all.
  const own = await startRedis()
  ends(() => own.stop())
  const client = ioredis(ends, { keyPrefix: 'app:' }, own)
  const one = nodeOf(ends, ioredis(ends, { keyPrefix: 'app:' }, own))
  const two = nodeOf(ends, client)
  const source = controlled<string>()
  const { id } = await one.start(source, me)
  const viewer = await two.subscribe(id, me).open(context)
  await source.say('a')
  await viewer.next()
  const reads = async (): Promise<number> => {
    const stats = (await client.info('commandstats')) as string
    return Number(/cmdstat_xread:calls=(\d+)/.exec(stats)?.[1] ?? 0)
  }
  const before = await reads()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect((await reads()) - before).toBeLessThan(5)
})

describe('a client that cannot work', () => {
  test.for<[string, (ends: Ends) => Promise<RedisClient>, string]>([
    ['a cluster whose keys would be spread', clients['an ioredis Cluster']!, 'prefix'],
    ['a cluster of node-redis', clients['node-redis createCluster']!, 'prefix'],
    ['a pool of node-redis', async () => createClientPool() as never, 'createClient({ url })'],
    ['anything else', async () => ({}) as RedisClient, 'new Redis(url)'],
  ])(
    'is refused at once, with what to do: %s',
    async ([, client, said], { onTestFinished: ends }) => {
      const made = await client(ends)
      expect(() => createRedisStore(made, { prefix: 'runs:' })).toThrow(
        expect.objectContaining({ code: 'config/invalid', message: expect.stringContaining(said) }),
      )
    },
  )
})

test('a reader that fails says so in the log, once, and when it is over', async ({
  onTestFinished: ends,
}) => {
  const log = recordingLog()
  const own = await startRedis()
  ends(() => own.stop())
  const runs = nodeOf(ends, ioredis(ends, {}, own), { log, leaseMs: 60_000 })
  await runs.start(controlled<string>(), me)
  // What Redis refuses to the reader alone.
  const admin = ioredis(ends, {}, own)
  await admin.call('ACL', 'SETUSER', 'default', '-xread')
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  const said = (level: string, text: string): number =>
    log.lines.filter((line) => line.level === level && line.message.includes(text)).length
  await eventually(() => expect(said('error', 'cannot be read from Redis: NOPERM')).toBe(1))
  await new Promise((resolve) => setTimeout(resolve, 500))
  await admin.call('ACL', 'SETUSER', 'default', '+xread')
  await eventually(() => expect(said('info', 'read from Redis again')).toBe(1))
  expect(said('error', 'cannot be read')).toBe(1)
})
