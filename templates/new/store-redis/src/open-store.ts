import { createClient } from 'redis'
import { createRuns } from 'swapstream'
import { createRedisStore } from 'swapstream/redis'
import { memoryStore, type Store } from './store.ts'

const KEEP_SECONDS = 30 * 24 * 60 * 60

/** Opens the Redis of `REDIS_URL`, where any number of servers share all. Without it, the memory of this process. */
export async function openStore(url = process.env['REDIS_URL']?.trim()): Promise<Store> {
  if (!url) return memoryStore()
  const redis = createClient({ url })
  redis.on('error', (error: Error) => console.error(`The Redis of REDIS_URL: ${error.message}`))
  await redis.connect()
  return {
    runs: createRuns({ store: createRedisStore(redis) }),
    async get<T>(key: string) {
      const text = await redis.get(key)
      return text === null ? undefined : (JSON.parse(text) as T)
    },
    async set(key, value) {
      await redis.set(key, JSON.stringify(value), {
        expiration: { type: 'EX', value: KEEP_SECONDS },
      })
    },
  }
}
