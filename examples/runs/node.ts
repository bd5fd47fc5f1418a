/** One node of the cluster: the same app, its runs in Redis. */
import { Redis } from 'ioredis'
import { createRuns } from 'swapstream'
import { serve } from 'swapstream/node'
import { createRedisStore } from 'swapstream/redis'
import { createApp } from './app.ts'

const { NODE = 'A', NODES = '', REDIS_URL = 'redis://127.0.0.1:6379' } = process.env
// A failure also rejects the command that failed.
const redis = new Redis(REDIS_URL).on('error', () => {})
const runs = createRuns({ store: createRedisStore(redis), leaseMs: 2_000 })

serve(createApp(runs, NODE, NODES.split(',')), {
  onClose: async () => {
    await runs.close()
    redis.disconnect()
  },
})
