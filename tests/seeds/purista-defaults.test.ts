/** The names, defaults and bytes of PURISTA's stream: numbered frames, POST, validation, an aggregate. */
import { Hono } from 'hono'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createRuns, EventStream, mount, sequenced, stream, swapstream } from 'swapstream'
import type { StreamEnd } from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { useLetGo } from '../support/let-go.ts'
import { recordingLog } from '../support/recording-log.ts'

afterEach(() => expectNothingLeft(timersRunning))
const letGo = useLetGo()

const ends: StreamEnd[] = []
const report = stream(
  {
    path: '/report',
    chunk: z.object({ pct: z.number() }),
    final: z.object({ url: z.string() }),
    encoding: sequenced,
    onEnd: (end) => void ends.push(end),
  },
  async function* () {
    yield { pct: 50 }
    yield { pct: 100 }
    return { url: '/report' }
  },
)
function serving(): Hono {
  const app = letGo(new Hono())
  app.use(swapstream({ templates: {}, log: recordingLog() }))
  mount(app, report)
  return app
}
const frame = (type: string, seq: number, more = ''): string =>
  `event: ${type}\ndata: {"type":"${type}","seq":${seq}${more}}\n\n`

async function ask(accept?: string) {
  const init = { method: 'POST', ...(accept !== undefined && { headers: { accept } }) }
  const response = await serving().request('/report', init)
  return { type: response.headers.get('content-type'), bytes: await response.text() }
}

test('frames: start, chunk, complete, numbered from 0; POST and events unless asked otherwise', async () => {
  const events = {
    type: 'text/event-stream; charset=utf-8',
    bytes:
      frame('start', 0) +
      frame('chunk', 1, ',"chunk":{"pct":50}') +
      frame('chunk', 2, ',"chunk":{"pct":100}') +
      frame('complete', 3, ',"final":{"url":"/report"}'),
  }
  expect(await ask()).toEqual(events)
  expect(await ask('*/*')).toEqual(events)
  expect((await serving().request('/report')).status).toBe(404)
})

test.each([
  ['application/json', 'application/json', '{"url":"/report"}'],
  ['application/x-ndjson', 'application/x-ndjson', '{"pct":50}\n{"pct":100}\n{"url":"/report"}\n'],
])('the aggregate, asked for as %s, and its final value in onEnd', async (accept, type, bytes) => {
  ends.length = 0
  expect(await ask(accept)).toEqual({ type, bytes })
  expect(ends).toMatchObject([{ reason: 'done', final: { url: '/report' } }])
})

test.each([
  ['application/json, text/event-stream', 'text/event-stream; charset=utf-8'],
  ['application/x-ndjson;q=0.5, text/event-stream;q=0.5', 'text/event-stream; charset=utf-8'],
  ['application/x-ndjson, application/json', 'application/x-ndjson'],
  ['application/json;q=0.9, application/x-ndjson;q=0.8', 'application/json'],
  ['text/event-stream;q=0.1, application/json;q=0.2', 'application/json'],
  ['text/event-stream;q=0, application/json', 'application/json'],
])('of several formats the one of the highest weight, of a tie the live one: %s', async (...of) => {
  const [accept, type] = of
  expect((await ask(accept)).type).toBe(type)
})

test('a client that comes back to a run gets the next number, and no second start', async () => {
  const runs = createRuns()
  const source = async function* () {
    yield 1
    yield 2
  }
  const run = await runs.start(source, { owner: 'ada' })
  const app = letGo(new Hono())
  app.use(swapstream({ templates: {}, log: recordingLog() }))
  app.get('/', () => new EventStream(run, { encoding: sequenced }))
  const whole = await (await app.request('/')).text()
  const [, , id] = /(seq":1[^]*?id: (\S+))/.exec(whole)!
  const rest = await (await app.request('/', { headers: { 'last-event-id': id! } })).text()
  expect(whole.endsWith(rest)).toBe(true)
  expect(rest).toMatch(/^event: chunk\ndata: {"type":"chunk","seq":2,/)
})
