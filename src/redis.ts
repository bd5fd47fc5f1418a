/** Runs on several machines: a store in Redis or Valkey, through a client of yours. */
export { createRedisStore } from './adapters/redis/redis-store.ts'
export type { RedisStoreOptions } from './adapters/redis/redis-store.ts'
export type { IoredisClient, NodeRedisClient } from './adapters/redis/redis-client.ts'
