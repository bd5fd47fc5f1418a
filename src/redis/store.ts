import { createHash } from 'node:crypto'
import { now } from '../shared/clock.ts'
import { callStore, type AppendResult, type RunStore } from '../runs/store.ts'
import { toConnection, type Connection, type RedisClient } from './client.ts'
import { LogReader } from './reader.ts'
import { APPEND, FORGET, INTERRUPT, runScript, SEND, START, STOP } from './scripts.ts'
import { newRunId } from '../runs/log.ts'

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
  onStop: () => void
  readonly unlisten: () => void
  /** Its lease has certainly expired then. */
  until: number
}

/**
 * Stores runs in Redis 7 or Valkey, for several nodes: each can show and stop them, and notices a dead producer.
 *
 * In      a connected client of `ioredis` or `redis`, of one Redis or of a cluster, with any options. It stays yours; one
 *         more connection is opened for blocking reads.
 * Cost    one command every 25 ms for a run that writes, one blocking connection for each node.
 * Ends    with `runs.close()`.
 * Throws  ConfigError `config/invalid` for anything else, and for a prefix that a cluster would spread.
 *
 * @example
 * const redis = { call: async () => null, duplicate: () => redis, disconnect() {}, on() {} } // new Redis(url)
 * const runs = createRuns({ store: createRedisStore(redis) })
 * await runs.close()
 */
export function createRedisStore(
  client: RedisClient,
  { prefix = '{swapstream}:' }: RedisStoreOptions = {},
): RunStore {
  return new RedisStore(toConnection(client, prefix), prefix)
}

/** Its methods are properties, so that `{ ...store }` has them, too. */
class RedisStore implements RunStore {
  readonly #connection: Connection
  readonly #prefix: string
  readonly #node = newRunId()
  readonly #localRuns = new Map<string, LocalRun>()
  readonly #reader: LogReader

  constructor(connection: Connection, prefix: string) {
    this.#connection = connection
    this.#prefix = prefix
    const channel = this.#channelOf(this.#node)
    const onMessage = (id: string): void => this.#localRuns.get(id)?.onStop()
    this.#reader = new LogReader({ connection, channel, onMessage })
  }

  readonly start: RunStore['start'] = async (run, onStop) => {
    const { id, owner, key, lease, leaseMs, keepMs, needsSubscribers } = run
    this.#forgetFenced()
    const name = key === undefined ? undefined : this.#nameKeys(owner, key)
    const keys = this.#keysOf(id)
    const running = await runScript(
      this.#connection,
      START,
      [keys.run, keys.lease, name?.running ?? keys.lease, name?.newest ?? keys.lease],
      [id, lease, leaseMs, keepMs, owner, this.#node, needsSubscribers ? 1 : '', name ? 1 : ''],
    )
    if (running === id) {
      const unlisten = this.#reader.listen()
      const until = now() + 2 * leaseMs
      this.#localRuns.set(id, { name, leaseMs, keepMs, onStop, unlisten, until })
    }
    return String(running)
  }

  readonly append: RunStore['append'] = async (id, { lease, from, lines, last, forget }) => {
    const local = this.#localRuns.get(id)
    if (local === undefined) return { status: 'fenced' }
    const { name, leaseMs, keepMs } = local
    const { run, log, lease: leaseKey, subscribers } = this.#keysOf(id)
    if (forget) {
      const keys = [run, leaseKey, name?.running ?? leaseKey, name?.newest ?? leaseKey]
      await runScript(this.#connection, FORGET, keys, [id, lease])
      this.#forgetLocal(id)
      return { status: 'ok', stopRequested: false, hasSubscribers: false }
    }
    const [status, storedLines, stop, hasSubscribers] = (await runScript(
      this.#connection,
      APPEND,
      [run, leaseKey, name?.running ?? leaseKey, log, subscribers, name?.newest ?? leaseKey],
      [id, lease, leaseMs, keepMs, from, last ? 1 : '', ...lines],
    )) as [AppendResult['status'], number | string, string, number | string]
    local.until = now() + 2 * leaseMs
    if (status === 'gap') return { status, storedLines: Number(storedLines) }
    // After its end, only a repeated append of the end would come.
    if (last || status === 'fenced') {
      local.unlisten()
      local.onStop = () => {}
    }
    if (status === 'fenced') return { status }
    return { status, stopRequested: stop !== '', hasSubscribers: Number(hasSubscribers) === 1 }
  }

  readonly find: RunStore['find'] = async (id) => {
    const command = ['HMGET', this.#keysOf(id).run, 'owner', 'needsSubscribers', 'values', 'end']
    const response = (await this.#connection.send(command)) as (string | null)[]
    const [owner, needsSubscribers, values, end] = response
    if (typeof owner !== 'string') return undefined
    const ended = typeof end === 'string'
    return { owner, needsSubscribers: needsSubscribers === '1', values: Number(values), ended }
  }

  readonly current: RunStore['current'] = async (owner, key) => {
    const id = await this.#connection.send(['GET', this.#nameKeys(owner, key).newest])
    return typeof id === 'string' ? id : undefined
  }

  readonly stop: RunStore['stop'] = async (id) => {
    const producer = await runScript(this.#connection, STOP, [this.#keysOf(id).run], [])
    if (typeof producer !== 'string' || producer === '') return
    await runScript(this.#connection, SEND, [this.#channelOf(producer)], [id])
  }

  readonly interrupt: RunStore['interrupt'] = async (id, line) => {
    const { run, lease, log } = this.#keysOf(id)
    return Number(await runScript(this.#connection, INTERRUPT, [run, lease, log], [line])) === 1
  }

  readonly touchSubscriber: RunStore['touchSubscriber'] = async (id, forMs) => {
    await this.#connection.send(['SET', this.#keysOf(id).subscribers, '1', 'PX', String(forMs)])
  }

  readonly probe: NonNullable<RunStore['probe']> = async () => {
    await this.#connection.send(['SET', `${this.#prefix}probe`, '1', 'PX', '1000'])
  }

  readonly useLog: NonNullable<RunStore['useLog']> = (log) => this.#reader.useLog(log)

  readonly watch: RunStore['watch'] = (id, onLines) => {
    return this.#reader.watch(this.#keysOf(id).log, onLines)
  }

  readonly close: RunStore['close'] = async () => {
    this.#reader.close()
    const forgotten = this.#connection.send(['DEL', this.#channelOf(this.#node)])
    await callStore(forgotten).catch(() => {})
  }

  /** A producer that lost its lease does not say so. */
  #forgetFenced(): void {
    for (const [id, { until }] of this.#localRuns) if (now() > until) this.#forgetLocal(id)
  }

  #forgetLocal(id: string): void {
    this.#localRuns.get(id)?.unlisten()
    this.#localRuns.delete(id)
  }

  #channelOf(node: string): string {
    return `${this.#prefix}node:${node}`
  }

  #keysOf(id: string) {
    const keyOf = (kind: string): string => `${this.#prefix}${kind}:${id}`
    const [run, log, lease] = [keyOf('run'), keyOf('log'), keyOf('lease')]
    return { run, log, lease, subscribers: keyOf('subscribers') }
  }

  #nameKeys(owner: string, key: string): NameKeys {
    const name = JSON.stringify([owner, key])
    const hash = createHash('sha256').update(name).digest('base64url')
    return { running: `${this.#prefix}key:${hash}`, newest: `${this.#prefix}newest:${hash}` }
  }
}
