import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { createRuns, events, runRoutes } from 'swapstream'
import { watched } from './counters.ts'

/** One owner for all: a client with the id may see the run. A real app has an owner for each user. */
const owner = 'everybody'
export const runs = createRuns({ maxRunningPerOwner: 64 })

/** An answer that outlives its connection: 20 events, 50 ms apart. */
export const resume = new Hono()
  .post('/resume', async (c) => {
    const source = watched(async function* ({ signal }) {
      for (let n = 1; n <= 20; n++) {
        await sleep(50, undefined, { signal })
        yield `event ${n}`
      }
    })
    const run = await runs.start(source, { owner })
    return c.json({ stream: run.path })
  })
  .route('/runs', runRoutes(runs, { owner: () => owner, stream: { encoding: events() } }))
