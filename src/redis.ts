/** Runs on several machines: a store in Redis or Valkey, through a client of yours. */
export { createRedisStore } from './redis/store.ts'
export type { RedisStoreOptions } from './redis/store.ts'
export type {
  IoredisClient,
  NodeRedisClient,
  NodeRedisCluster,
  RedisClient,
} from './redis/client.ts'
