import { ConfigError } from '../shared/errors.ts'

/** The part of an `ioredis` client that is used. */
export interface IoredisClient {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
  duplicate(): IoredisClient
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

/** A connection to Redis, by either client. */
export interface Connection {
  send(command: readonly string[]): Promise<unknown>
  /** Opens another connection, for commands that block. */
  duplicate(): Connection
  /** Closes it at once; pending commands reject. */
  destroy(): void
}

/**
 * Wraps a client of either library.
 *
 * Throws  ConfigError `config/invalid` if it is neither.
 */
export function toConnection(client: IoredisClient | NodeRedisClient): Connection {
  if ('call' in Object(client)) return fromIoredis(client as IoredisClient)
  if ('sendCommand' in Object(client)) return fromNodeRedis(client as NodeRedisClient)
  throw new ConfigError('config/invalid', 'createRedisStore needs a client of ioredis or redis.', {
    hint: 'Pass `new Redis(url)` of "ioredis", or `createClient({ url })` of "redis" after its connect().',
  })
}

function fromIoredis(client: IoredisClient): Connection {
  return {
    send: ([command, ...args]) => client.call(command!, ...args),
    duplicate() {
      const other = client.duplicate()
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
      return client.sendCommand([...command])
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
