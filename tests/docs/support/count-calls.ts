/**
 * Streams answers of 200 and of 400 tokens, and prints how often each function of `src` is called for a token, as JSON:
 * `{ "streams/stream.ts frames": 2 }`.
 */
import { Session } from 'node:inspector/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Hono } from 'hono'
import { EventStream, streamToFragments, swapstream } from 'swapstream'
import { serve } from 'swapstream/node'

const SHORT = 200
const LONG = 400
const TEMPLATES = { 'chat.html': '{% block response %}<p>{{ text }}</p>{% endblock %}' }
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

async function* model(count: number): AsyncGenerator<string> {
  for (let n = 0; n < count; n++) {
    await nextTurn()
    yield `word ${n} `
  }
}

const app = new Hono()
app.use(swapstream({ templates: TEMPLATES, frameMs: 0, log: SILENT }))
app.post('/chat', (c) => {
  const count = Number(c.req.query('n'))
  return new EventStream(() => streamToFragments(model(count), 'chat.html', 'response'))
})
const server = serve(app, { port: 0, onListen: () => {}, signals: false })
const url = await server.ready

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

const headers = { accept: 'text/html, text/event-stream', 'hx-request-type': 'partial' }
/** The calls of one answer, by file and function. */
async function callsOf(count: number): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/chat?n=${count}`, { method: 'POST', headers })
  await answer.text()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const calls = new Map<string, number>()
  for (const { url: script, functions } of result) {
    const file = /\/src\/([^?]+)/.exec(script)?.[1]
    if (file === undefined || script.includes('node_modules')) continue
    for (const { functionName, ranges } of functions) {
      const name = `${file} ${functionName.replace(/^get /, '')}`
      calls.set(name, (calls.get(name) ?? 0) + ranges[0]!.count)
    }
  }
  return calls
}

await callsOf(SHORT)
const short = await callsOf(SHORT)
const long = await callsOf(LONG)
const perToken = [...long].map(
  ([name, count]) => [name, (count - (short.get(name) ?? 0)) / (LONG - SHORT)] as const,
)
process.stdout.write(
  JSON.stringify(Object.fromEntries(perToken.filter(([, count]) => count > 0.5))),
)
await server.close(0)
