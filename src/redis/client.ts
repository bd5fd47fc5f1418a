import { ConfigError } from '../shared/errors.ts'

/** The part of an `ioredis` client that is used. */
export interface IoredisClient {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
  duplicate(...options: never[]): IoredisClient
  readonly isCluster?: boolean
  disconnect(): void
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** The part of a `redis` (node-redis) client that is used. */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>
  duplicate(): NodeRedisClient
  connect(): Promise<unknown>
  destroy(): void
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** The part of a cluster of `redis` (node-redis) that is used. */
export interface NodeRedisCluster extends Omit<NodeRedisClient, 'sendCommand' | 'duplicate'> {
  sendCommand(key: string, isReadonly: boolean, args: string[]): Promise<unknown>
  duplicate(): NodeRedisCluster
}

/** The part of a sentinel of `redis` (node-redis) that is used. */
export interface NodeRedisSentinel extends Omit<NodeRedisClient, 'sendCommand' | 'duplicate'> {
  sendCommand(isReadonly: boolean, args: string[]): Promise<unknown>
  duplicate(): NodeRedisSentinel
}

/** A client of `ioredis` or `redis`, of one Redis, of a sentinel or of a cluster. */
export type RedisClient = IoredisClient | NodeRedisClient | NodeRedisSentinel | NodeRedisCluster

/** A connection to Redis, by either client. */
export interface Connection {
  /** Out: as Redis gives it, texts as strings whatever the client makes of them. */
  send(command: readonly string[]): Promise<unknown>
  /** Opens another connection, for commands that block. */
  duplicate(): Connection
  /** Closes it at once; pending commands reject. */
  destroy(): void
}

/**
 * Wraps a client of either library.
 *
 * Throws  ConfigError `config/invalid` if it is neither, or if a cluster would spread the keys.
 */
export function toConnection(client: RedisClient, prefix: string): Connection {
  const isIoredis = 'call' in Object(client)
  // Where node-redis has to find the machine, a command has more arguments than itself and its options.
  const { length } = (client as NodeRedisClient)?.sendCommand ?? []
  const isCluster = isIoredis ? (client as IoredisClient).isCluster === true : length >= 4
  if (isCluster && !/\{[^}]+\}/.test(prefix)) {
    const message = `createRedisStore({ prefix: ${JSON.stringify(prefix)} }) would spread the keys of a run over a cluster.`
    const hint =
      'Write a part of the prefix in braces, such as "{chat}:": keys with the same part are on one machine.'
    throw new ConfigError('config/invalid', message, { hint })
  }
  if (!isIoredis && length > 0 && !('duplicate' in client)) {
    const hint = 'Pass createClient({ url }) after its connect().'
    const message =
      'createRedisStore opens a second connection to wait for news, but this client of redis has no duplicate(): a pool.'
    throw new ConfigError('config/invalid', message, { hint })
  }
  if (isIoredis) return fromIoredis(client as IoredisClient)
  if (isCluster) return fromNodeRedis(inCluster(client as NodeRedisCluster, prefix))
  if (length === 3) return fromNodeRedis(inSentinel(client as NodeRedisSentinel))
  if ('sendCommand' in Object(client)) return fromNodeRedis(client as NodeRedisClient)
  throw new ConfigError('config/invalid', 'createRedisStore needs a client of ioredis or redis.', {
    hint: 'Pass `new Redis(url)` of "ioredis", or `createClient({ url })` of "redis" after its connect().',
  })
}

/** Options of a connection for blocking reads, in place of the app's own. */
const BLOCKING = { enableOfflineQueue: true, commandTimeout: undefined, socketTimeout: undefined }

function fromIoredis(client: IoredisClient): Connection {
  return {
    send: async ([command, ...args]) => toText(await client.call(command!, ...args)),
    duplicate() {
      const options = client.isCluster ? [[], BLOCKING] : [BLOCKING]
      const other = client.duplicate(...(options as never[]))
      // A failure rejects the command it belongs to.
      other.on('error', () => {})
      return fromIoredis(other)
    },
    destroy: () => client.disconnect(),
  }
}

function fromNodeRedis(client: NodeRedisClient, ready?: Promise<unknown>): Connection {
  return {
    async send(command) {
      await ready
      return toText(await client.sendCommand([...command]))
    },
    duplicate() {
      const other = client.duplicate()
      other.on('error', () => {})
      const connected = other.connect()
      connected.catch(() => {})
      return fromNodeRedis(other, connected)
    },
    destroy: () => client.destroy(),
  }
}

/** A cluster as a client: the keys are all on the machine of the prefix. */
function inCluster(cluster: NodeRedisCluster, prefix: string): NodeRedisClient {
  return {
    sendCommand: (args) => cluster.sendCommand(prefix, false, args),
    duplicate: () => inCluster(cluster.duplicate(), prefix),
    connect: () => cluster.connect(),
    destroy: () => cluster.destroy(),
    on: (event, listener) => cluster.on(event, listener),
  }
}

/** A sentinel as a client: everything goes to the one that takes writes. */
function inSentinel(sentinel: NodeRedisSentinel): NodeRedisClient {
  return {
    sendCommand: (args) => sentinel.sendCommand(false, args),
    duplicate: () => inSentinel(sentinel.duplicate()),
    connect: () => sentinel.connect(),
    destroy: () => sentinel.destroy(),
    on: (event, listener) => sentinel.on(event, listener),
  }
}

/** Texts of a response as strings: a client may be set to give bytes. */
function toText(response: unknown): unknown {
  if (response instanceof Uint8Array) return Buffer.from(response).toString()
  if (Array.isArray(response)) return response.map(toText)
  if (response instanceof Map)
    return new Map(Array.from(response, ([key, value]) => [toText(key), toText(value)]))
  if (Object(response) !== response) return response
  const entries = Object.entries(response as object)
  return Object.fromEntries(entries.map(([key, value]) => [key, toText(value)]))
}
