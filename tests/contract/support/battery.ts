import { Hono } from 'hono'
import { EventStream, events, scope, stats, swapstream, type SwapstreamOptions } from 'swapstream'
import { serve } from 'swapstream/node'
import { figures, watched } from '../../../examples/conformance/counters.ts'

/**
 * What the conformance app must not do: bodies of megabytes, a million values, limits so small that a test can reach
 * them. `SETTINGS` holds options of `swapstream()` as JSON. Ends on anything that nobody handled, as Node does by itself.
 */
const settings = JSON.parse(process.env['SETTINGS'] ?? '{}') as SwapstreamOptions

const app = new Hono()
app.use(swapstream({ templates: {}, heartbeatMs: 100, ...settings }))

const encoding = events()
/** A new one each time: whoever waits for the same promise is held by it, and that would be a leak of ours. */
const never = (): Promise<never> => new Promise(() => {})

app.get('/stats', (c) => c.json({ ...figures(), framework: stats() }))
app.post('/size', async (c) => c.json((await c.req.text()).length))

app.post('/echo', async (c) => {
  const text = await c.req.text()
  return new EventStream(
    watched(async function* () {
      yield text
    }),
    { encoding },
  )
})

app.get('/line/:size', (c) => {
  const line = 'x'.repeat(Number(c.req.param('size')))
  return new EventStream(
    watched(async function* () {
      yield line
    }),
    { encoding, limits: { maxOutputBytes: Infinity } },
  )
})
app.get('/line/:size/hang', (c) => {
  const line = 'x'.repeat(Number(c.req.param('size')))
  return new EventStream(
    watched(async function* () {
      yield line
      await never()
    }),
    { encoding },
  )
})
app.get('/values/:count', (c) => {
  const count = Number(c.req.param('count'))
  return new EventStream(
    watched(async function* () {
      for (let n = 0; n < count; n++) yield n
    }),
    { encoding },
  )
})
app.get('/flood', () => {
  const block = 'x'.repeat(16 * 1024)
  return new EventStream(
    watched(async function* () {
      for (;;) yield block
    }),
    { encoding },
  )
})
app.get('/hang', () => new EventStream(watched(hang), { encoding }))
app.get('/hang/after-one', () => new EventStream(watched(hangAfterOne), { encoding }))
app.get(
  '/slow-teardown',
  () =>
    new EventStream(
      scope(async function* () {
        yield tick()
        await new Promise((resolve) => setTimeout(resolve, 300))
        process.stdout.write('TORN DOWN\n')
      }),
      { encoding },
    ),
)
app.get(
  '/endless-teardown',
  () =>
    new EventStream(
      scope(async function* () {
        yield tick()
        await never()
      }),
      { encoding },
    ),
)
app.get('/tick', () => new EventStream(watched(tick), { encoding }))

serve(app, {
  port: 0,
  hostname: '127.0.0.1',
  graceMs: Number(process.env['GRACE_MS'] ?? 10_000),
  onListen: (url) => process.stdout.write(`LISTEN ${new URL(url).port}\n`),
})

async function* hang(): AsyncGenerator<string> {
  await never()
}
async function* hangAfterOne(): AsyncGenerator<string> {
  yield 'one'
  await never()
}
async function* tick(): AsyncGenerator<string> {
  for (let n = 1; ; n++) {
    yield `tick ${n}`
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
