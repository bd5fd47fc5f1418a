import { ConfigError } from '../shared/errors.ts'

/** What is used of an `ioredis` client. */
export interface IoredisClient {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
  duplicate(): IoredisClient
  disconnect(): void
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** What is used of a `redis` (node-redis) client. */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>
  duplicate(): NodeRedisClient
  connect(): Promise<unknown>
  destroy(): void
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** A connection to Redis, whoever made it. */
export interface Connection {
  send(command: readonly string[]): Promise<unknown>
  /** One more of its kind, for commands that wait. */
  another(): Connection
  /** Cuts it; what waits on it rejects. */
  cut(): void
}

/**
 * A client as the one thing we need of it.
 *
 * Throws  ConfigError `config/invalid` when it is neither.
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
    another() {
      const other = client.duplicate()
      // Each failure reaches us through the command it failed.
      other.on('error', () => {})
      return fromIoredis(other)
    },
    cut: () => client.disconnect(),
  }
}

function fromNodeRedis(client: NodeRedisClient, ready?: Promise<unknown>): Connection {
  return {
    async send(command) {
      await ready
      return client.sendCommand([...command])
    },
    another() {
      const other = client.duplicate()
      other.on('error', () => {})
      const connected = other.connect()
      connected.catch(() => {})
      return fromNodeRedis(other, connected)
    },
    cut: () => client.destroy(),
  }
}
