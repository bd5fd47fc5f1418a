import { Hono } from 'hono'
import {
  Bytes,
  createRuns,
  EventStream,
  events,
  Fragment,
  NDJSON,
  plain,
  runRoutes,
  sequenced,
  streamToFragments,
  swapstream,
} from 'swapstream'
import { serve } from 'swapstream/node'
import { figures, watched } from '../../../examples/conformance/counters.ts'

/** Streams of blocks and values of 20 MB, and runs whose text grows to that. `SETTINGS` holds options of `createRuns()`. */
export const SIZE = 20_000_000

const templates = {
  'x.html': '<main>{% block answer %}<p id="answer">{{ text }}</p>{% endblock %}</main>',
}
const app = new Hono()
const sendTimeoutMs = Number(process.env['SEND_TIMEOUT_MS'] ?? 1_000)
app.use(swapstream({ templates, heartbeatMs: 100, limits: { sendTimeoutMs } }))

/** As large ones as often as one is wanted, each another one. */
async function* large(): AsyncGenerator<string> {
  for (let n = 0; ; n++) {
    yield String(n % 10).repeat(SIZE)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
async function* blocks(): AsyncGenerator<Fragment> {
  for await (const text of large()) yield new Fragment('x.html', 'answer', { text })
}

app.get('/stats', (c) => c.json(figures()))
app.get('/fragments', () => new EventStream(watched(blocks)))
app.get('/fragments-full', () => new EventStream(watched(blocks), { updates: 'full', frameMs: 0 }))
app.get('/events', () => new EventStream(watched(large), { encoding: events() }))
app.get('/plain', () => new EventStream(watched(large), { encoding: plain }))
app.get('/sequenced', () => new EventStream(watched(large), { encoding: sequenced }))
app.get('/ndjson', () => new NDJSON(watched(large)))
app.get('/bytes', () => {
  const bytes = async function* () {
    for await (const text of large()) yield new TextEncoder().encode(text)
  }
  return new Bytes(watched(bytes))
})

const runs = createRuns(JSON.parse(process.env['SETTINGS'] ?? '{}'))
let go = (): void => {}
const begins = new Promise<void>((resolve) => (go = resolve))
/** Twenty tokens of 1 MB, once `/go` was asked for. */
async function* tokens(): AsyncGenerator<string> {
  yield 'begin '
  await begins
  for (let n = 0; n < 20; n++) {
    yield String(n % 10).repeat(SIZE / 20)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  yield ' end'
}
app.get('/run', async (c) => {
  const source = watched(() => streamToFragments(tokens(), 'x.html', 'answer'))
  const run = await runs.start(source, { owner: 'a' })
  return c.text(run.path)
})
app.get('/go', (c) => {
  go()
  return c.text('gone')
})
app.route('/runs', runRoutes(runs, { owner: () => 'a' }))

serve(app, {
  port: 0,
  hostname: '127.0.0.1',
  onListen: (url) => process.stdout.write(`LISTEN ${new URL(url).port}\n`),
})
