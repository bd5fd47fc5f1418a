import { createHash } from 'node:crypto'
import { now } from '../shared/clock.ts'
import { newRunId } from '../runs/ids.ts'
import type { AppendResult, RunStore } from '../runs/store.ts'
import { toConnection, type IoredisClient, type NodeRedisClient } from './client.ts'
import { LogReader } from './reader.ts'
import { APPEND, INTERRUPT, runScript, SEND, START, STOP } from './scripts.ts'

/** Settings of a Redis store. */
export interface RedisStoreOptions {
  /** Prefix of all keys. Default `{swapstream}:`; the braces keep them on one machine of a cluster. */
  readonly prefix?: string
}

/** Redis keys of a run's key: the running run and the newest one. */
interface NameKeys {
  readonly running: string
  readonly newest: string
}

/** A run that this node produces. */
interface LocalRun {
  readonly name: NameKeys | undefined
  readonly leaseMs: number
  readonly keepMs: number
  readonly onStop: () => void
  readonly unlisten: () => void
  /** Its lease has certainly expired then. */
  until: number
}

/**
 * Stores runs in Redis 7 or Valkey, so that every node can show them, stop them, and notice that their producer died.
 *
 * In      a connected client of `ioredis` or `redis`. It stays yours; one more connection is opened for blocking reads.
 * Cost    one command every 25 ms for a run that writes, one blocking connection for each node.
 * Ends    with `runs.close()`.
 *
 * @example
 * const redis = { call: async () => null, duplicate: () => redis, disconnect() {}, on() {} } // new Redis(url)
 * const runs = createRuns({ store: createRedisStore(redis) })
 * await runs.close()
 */
export function createRedisStore(
  client: IoredisClient | NodeRedisClient,
  { prefix = '{swapstream}:' }: RedisStoreOptions = {},
): RunStore {
  const connection = toConnection(client)
  const channelOf = (node: string): string => `${prefix}node:${node}`
  const keysOf = (id: string) => ({
    run: `${prefix}run:${id}`,
    log: `${prefix}log:${id}`,
    lease: `${prefix}lease:${id}`,
    subscribers: `${prefix}subscribers:${id}`,
  })
  const nameKeys = (owner: string, key: string): NameKeys => {
    const name = JSON.stringify([owner, key])
    const hash = createHash('sha256').update(name).digest('base64url')
    return { running: `${prefix}key:${hash}`, newest: `${prefix}newest:${hash}` }
  }
  const node = newRunId()
  const localRuns = new Map<string, LocalRun>()
  const reader = new LogReader({
    connection,
    channel: channelOf(node),
    onMessage: (id) => localRuns.get(id)?.onStop(),
  })
  const forget = (id: string): void => {
    localRuns.get(id)?.unlisten()
    localRuns.delete(id)
  }

  return {
    async start(run, onStop) {
      const { id, owner, key, lease, leaseMs, keepMs, needsSubscribers } = run
      // A producer that lost its lease does not say so.
      for (const [other, { until }] of localRuns) if (now() > until) forget(other)
      const name = key === undefined ? undefined : nameKeys(owner, key)
      const keys = keysOf(id)
      const running = await runScript(
        connection,
        START,
        [keys.run, keys.lease, name?.running ?? keys.lease, name?.newest ?? keys.lease],
        [id, lease, leaseMs, keepMs, owner, node, needsSubscribers ? 1 : '', name ? 1 : ''],
      )
      if (running === id) {
        const until = now() + 2 * leaseMs
        localRuns.set(id, { name, leaseMs, keepMs, onStop, unlisten: reader.listen(), until })
      }
      return String(running)
    },
    async append(id, { lease, from, lines, last }): Promise<AppendResult> {
      const local = localRuns.get(id)
      if (local === undefined) return { status: 'fenced' }
      const { name, leaseMs, keepMs } = local
      const { run, log, lease: leaseKey, subscribers } = keysOf(id)
      const [status, storedLines, stop, hasSubscribers] = (await runScript(
        connection,
        APPEND,
        [run, leaseKey, name?.running ?? leaseKey, log, subscribers, name?.newest ?? leaseKey],
        [id, lease, leaseMs, keepMs, from, last ? 1 : '', ...lines],
      )) as [AppendResult['status'], number, string, number]
      local.until = now() + 2 * leaseMs
      if (status === 'gap') return { status, storedLines }
      // After its end, only a repeated append of the end would come.
      if (last || status === 'fenced') local.unlisten()
      if (status === 'fenced') return { status }
      return { status, stopRequested: stop !== '', hasSubscribers: hasSubscribers === 1 }
    },
    async find(id) {
      const fields = ['owner', 'needsSubscribers', 'values']
      const response = await connection.send(['HMGET', keysOf(id).run, ...fields])
      const [owner, needsSubscribers, values] = response as (string | null)[]
      if (typeof owner !== 'string') return undefined
      return { owner, needsSubscribers: needsSubscribers === '1', values: Number(values) }
    },
    async current(owner, key) {
      const id = await connection.send(['GET', nameKeys(owner, key).newest])
      return typeof id === 'string' ? id : undefined
    },
    async stop(id) {
      const producer = await runScript(connection, STOP, [keysOf(id).run], [])
      if (typeof producer !== 'string' || producer === '') return
      await runScript(connection, SEND, [channelOf(producer)], [id])
    },
    async interrupt(id, line) {
      const { run, lease, log } = keysOf(id)
      return (await runScript(connection, INTERRUPT, [run, lease, log], [line])) === 1
    },
    async touchSubscriber(id, forMs) {
      await connection.send(['SET', keysOf(id).subscribers, '1', 'PX', String(forMs)])
    },
    watch: (id, onLines) => reader.watch(keysOf(id).log, onLines),
    async close() {
      reader.close()
      await connection.send(['DEL', channelOf(node)]).catch(() => {})
    },
  }
}
