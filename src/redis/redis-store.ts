import { createHash } from 'node:crypto'
import { now } from '../shared/clock.ts'
import { newRunId } from '../runs/run-id.ts'
import type { Added, RunStore } from '../runs/run-store.ts'
import { LogReader } from './log-reader.ts'
import { toConnection, type IoredisClient, type NodeRedisClient } from './redis-client.ts'
import { APPEND, INTERRUPT, run, START, STOP, TELL } from './scripts.ts'

/** Under which keys a store writes. */
export interface RedisStoreOptions {
  /** What all keys begin with. Default `{swapstream}:`; the braces keep them on one machine of a cluster. */
  readonly prefix?: string
}

/** The keys of a name: which run of it runs, and which was the newest. */
interface Name {
  readonly running: string
  readonly newest: string
}

/** What this node has to know of a run that it makes. */
interface Own {
  readonly name: Name | undefined
  readonly leaseMs: number
  readonly keepMs: number
  readonly onStop: () => void
  readonly forget: () => void
  /** Nobody counts on it after that. */
  until: number
}

/**
 * Keeps runs in Redis (7, or Valkey), so that any node can show them, stop them, and tell that their maker has died.
 *
 * In      a connected client of `ioredis` or of `redis`. It stays yours; one more connection is made for what waits.
 * Cost    one command each 25 ms for a run that writes, one connection that waits for each node.
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
  const node = newRunId()
  const inboxOf = (of: string): string => `${prefix}node:${of}`
  const keysOf = (id: string) =>
    ({
      run: `${prefix}run:${id}`,
      log: `${prefix}log:${id}`,
      lease: `${prefix}lease:${id}`,
      readers: `${prefix}readers:${id}`,
    }) as const
  const nameOf = (owner: string, key: string): Name => {
    const hash = createHash('sha256')
      .update(JSON.stringify([owner, key]))
      .digest('base64url')
    return { running: `${prefix}key:${hash}`, newest: `${prefix}newest:${hash}` }
  }
  const own = new Map<string, Own>()
  let keepMs = 600_000

  const reader = new LogReader({
    connection,
    inbox: inboxOf(node),
    onMessage: (id) => own.get(id)?.onStop(),
  })

  return {
    async start(made, onStop) {
      const { id, owner, key, lease, leaseMs, attended } = made
      keepMs = made.keepMs
      // Whoever lost his lease does not say so.
      for (const [other, { until, forget }] of own) {
        if (now() <= until) continue
        forget()
        own.delete(other)
      }
      const name = key === undefined ? undefined : nameOf(owner, key)
      const keys = keysOf(id)
      const runs = String(
        await run(
          connection,
          START,
          [keys.run, keys.lease, name?.running ?? keys.lease, name?.newest ?? keys.lease],
          [id, lease, leaseMs, keepMs, owner, node, attended ? '1' : '', name ? '1' : ''],
        ),
      )
      if (runs === id) {
        const until = now() + 2 * leaseMs
        own.set(id, { name, leaseMs, keepMs, onStop, forget: reader.listen(), until })
      }
      return runs
    },
    async append(id, { lease, from, lines, last }): Promise<Added> {
      const mine = own.get(id)
      if (mine === undefined) return { kept: false }
      const keys = keysOf(id)
      const [kept, seq, word, attended] = (await run(
        connection,
        APPEND,
        [
          keys.run,
          keys.lease,
          mine.name?.running ?? keys.lease,
          keys.log,
          keys.readers,
          mine.name?.newest ?? keys.lease,
        ],
        [id, lease, mine.leaseMs, mine.keepMs, from, last ? '1' : '', ...lines],
      )) as [number, number, string, number]
      const gap = word === 'gap'
      mine.until = now() + 2 * mine.leaseMs
      if ((kept === 1 && last) || (kept === 0 && !gap)) mine.forget()
      if (kept === 1) return { kept: true, stop: word !== '', attended: attended === 1 }
      return gap ? { kept: false, gap: seq } : { kept: false }
    },
    async find(id) {
      const [owner, attended, values] = (await connection.send([
        'HMGET',
        keysOf(id).run,
        'owner',
        'attended',
        'values',
      ])) as (string | null)[]
      if (typeof owner !== 'string') return undefined
      return { owner, attended: attended === '1', values: Number(values) }
    },
    async current(owner, key) {
      const id = await connection.send(['GET', nameOf(owner, key).newest])
      return typeof id === 'string' ? id : undefined
    },
    async stop(id) {
      const maker = await run(connection, STOP, [keysOf(id).run], [])
      if (typeof maker !== 'string' || maker === '') return
      await run(connection, TELL, [inboxOf(maker)], [id])
    },
    async interrupt(id, line) {
      const keys = keysOf(id)
      const there = await run(
        connection,
        INTERRUPT,
        [keys.run, keys.lease, keys.log],
        [line, keepMs],
      )
      return there === 1
    },
    async attend(id, forMs) {
      await connection.send(['SET', keysOf(id).readers, '1', 'PX', String(forMs)])
    },
    watch: (id, onLines) => reader.watch(keysOf(id).log, onLines),
    async close() {
      reader.close()
      await connection.send(['DEL', inboxOf(node)]).catch(() => {})
    },
  }
}
