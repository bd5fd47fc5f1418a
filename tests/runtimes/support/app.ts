import { Hono } from 'hono'
import {
  createRuns,
  EventStream,
  Fragment,
  Page,
  runRoutes,
  streamToFragments,
  swapstream,
  type StreamContext,
  type SwapstreamOptions,
} from 'swapstream'

/** The app that each runtime serves. */
export function createApp(options: SwapstreamOptions): Hono {
  const app = new Hono()
  let aborted = 0
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  async function* tokens({ signal }: StreamContext, count: number, ms: number) {
    signal.addEventListener('abort', () => (aborted += 1))
    for (let n = 1; n <= count; n++) {
      if (ms > 0) await wait(ms)
      yield `${n} `
    }
  }

  app.use(swapstream({ limits: { maxStreamsPerClient: 3 }, ...options }))
  app.get('/', () => new Page('page.html', { name: '<you>' }))
  app.get('/stream/:count/:ms', (c) => {
    const [count, ms] = [Number(c.req.param('count')), Number(c.req.param('ms'))]
    return new EventStream((context) =>
      streamToFragments(tokens(context, count, ms), 'page.html', 'answer'),
    )
  })
  app.get('/never', () => new EventStream((context) => tokens(context, 1, 60_000)))
  app.get('/aborted', (c) => c.json(aborted))
  app.get('/silent/:ms', (c) => {
    const ms = Number(c.req.param('ms'))
    return new EventStream(async function* () {
      yield new Fragment('page.html', 'answer', { text: 'first' })
      await wait(ms)
      yield new Fragment('page.html', 'answer', { text: 'last' })
    })
  })
  app.get('/fails/first', () => new EventStream(failing(0)))
  app.get('/fails/later', () => new EventStream(failing(2)))

  const runs = createRuns()
  app.post('/run', async (c) => {
    const run = await runs.start((context) => tokens(context, 20, 50), { owner: 'all' })
    return c.json(run.path)
  })
  app.route('/runs', runRoutes(runs, { owner: () => 'all' }))
  return app
}

async function* failing(after: number): AsyncGenerator<string> {
  for (let n = 1; n <= after; n++) yield `${n}`
  throw new Error('a secret of the source')
}
