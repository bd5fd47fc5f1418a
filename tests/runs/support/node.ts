/** One node of an app whose runs are in Redis: the tests kill it, pause it, and cut its lines. */
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import {
  createRuns,
  EventStream,
  events,
  runRoutes,
  swapstream,
  type StreamContext,
} from 'swapstream'
import { serve } from 'swapstream/node'
import { createRedisStore, type IoredisClient, type NodeRedisClient } from 'swapstream/redis'

for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (error) => {
    console.error(event, error)
    process.exit(1)
  })
}

const { REDIS_URL = '', DIARY = '', LEASE_MS = '1000', CLIENT = 'ioredis' } = process.env
/** What must be known also when this process is gone. */
const diary = (line: string): void => appendFileSync(DIARY, `${line}\n`)

/** Loaded only when it is wanted: to load a client takes longer than all the rest. */
async function client(): Promise<IoredisClient | NodeRedisClient> {
  if (CLIENT === 'ioredis') {
    const { Redis } = await import('ioredis')
    return new Redis(REDIS_URL).on('error', () => {})
  }
  const { createClient } = await import('redis')
  const made = createClient({ url: REDIS_URL }).on('error', () => {})
  await made.connect()
  return made
}

const owner = 'everybody'
const runs = createRuns({
  store: createRedisStore(await client()),
  leaseMs: Number(LEASE_MS),
})

/** Numbers, one after the other: what the tests look for is that none is missing and none comes twice. */
async function* numbers(
  count: number,
  ms: number,
  { signal }: StreamContext,
): AsyncGenerator<string> {
  diary('opened')
  signal.addEventListener('abort', () => diary('aborted'))
  for (let n = 1; n <= count; n++) {
    await sleep(ms, undefined, { signal })
    yield String(n)
  }
}

const app = new Hono()
app.use(swapstream({ templates: {}, limits: { maxStreamsPerClient: 1_000 } }))
app.post('/start', async (c) => {
  const { count = '50', ms = '20', key } = c.req.query()
  const run = await runs.start((context) => numbers(Number(count), Number(ms), context), {
    owner,
    ...(key && { key }),
  })
  return c.req.query('show') ? new EventStream(run, { encoding: events() }) : c.json(run)
})
app.get('/health', async (c) => c.json(await runs.health()))
app.route('/runs', runRoutes(runs, { owner: () => owner, stream: { encoding: events() } }))

serve(app, {
  port: 0,
  hostname: '127.0.0.1',
  onListen: (url) => console.log(`LISTEN ${new URL(url).port}`),
})
