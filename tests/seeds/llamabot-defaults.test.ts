/** The names, defaults and bytes of LlamaBot's `sse_stream`: `message`, `done`, `error`. */
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { EventStream, events, swapstream, tokens, type TokenSource } from 'swapstream'
import { timersRunning } from '../../src/shared/clock.ts'
import { expectNothingLeft } from '../support/eventually.ts'
import { recordingLog } from '../support/recording-log.ts'

afterEach(() => expectNothingLeft(timersRunning))

const DONE = 'event: done\ndata: {"reason":"done"}\n\n'
const LITERAL = { event: 'message', done: 'done', error: 'error' }

async function bytesOf(
  source: () => TokenSource,
  encoding = events(LITERAL),
): Promise<{ bytes: string; id: string }> {
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ templates: {}, log }))
  app.post('/', () => new EventStream(({ signal }) => tokens(source(), { signal }), { encoding }))
  const bytes = await (await app.request('/', { method: 'POST' })).text()
  return { bytes, id: String(log.lines[0]?.fields['id']) }
}

describe('the names that LlamaBot has by default', () => {
  test('give an event for each delta, and one at the end', async () => {
    const { bytes } = await bytesOf(() => ['Hel', '', ' lo'])
    expect(bytes).toBe(`data: Hel\n\ndata:  lo\n\n${DONE}`)
  })

  test('are those that `events` has by itself', async () => {
    const own = await bytesOf(() => ['Hel', 'lo'], events())
    expect(own.bytes).toBe((await bytesOf(() => ['Hel', 'lo'])).bytes)
  })

  test('give nothing but the end for an empty answer', async () => {
    expect((await bytesOf(() => [])).bytes).toBe(DONE)
  })

  test('give the error in place of the end', async () => {
    const { bytes, id } = await bytesOf(async function* () {
      yield 'Hel'
      throw new Error('SECRET')
    })
    const error = `{"reason":"error","code":"source/failed","id":"${id}","message":"Something went wrong."}`
    expect(bytes).toBe(`data: Hel\n\nevent: error\ndata: ${error}\n\n`)
  })
})

test('names of your own are sent as they are', async () => {
  const own = events({ event: 'content', done: 'complete' })
  const { bytes } = await bytesOf(() => ['Hi'], own)
  expect(bytes).toBe('event: content\ndata: Hi\n\nevent: complete\ndata: {"reason":"done"}\n\n')
})

test('a bot itself is no answer, and the error says how to ask it', async () => {
  const bot = { stream_async: async function* () {} }
  await expect(tokens(bot as never).next()).rejects.toMatchObject({
    code: 'source/value',
    message: expect.stringContaining(
      'This is an Object, a model and not its answer. Ask it, and hand on what it gives: tokens(bot.stream_async(…messages)), or tokens((signal) => …) to be able to stop it.',
    ),
  })
})

test.each(['stream', 'chat', 'doStream'])('the same for a model with %s()', async (name) => {
  const model = { [name]: () => {} }
  await expect(tokens(model as never).next()).rejects.toThrow(
    /^This is an Object, a model and not its answer/,
  )
})

test.each([
  [
    { chat: { completions: { create() {} } } },
    'client.chat.completions.create({ …, stream: true })',
  ],
  [{ responses: { create() {} } }, 'client.responses.create({ …, stream: true })'],
  [{ messages: { create() {} }, stream() {} }, 'client.messages.create({ …, stream: true })'],
  [{ models: { generateContentStream() {} } }, 'client.models.generateContentStream({ … })'],
])('the same for a client of a provider (%j)', async (client, call) => {
  await expect(tokens(client as never).next()).rejects.toThrow(`tokens(${call}), or`)
})

test('a bot that is a source says how to ask it, too', async () => {
  const app = new Hono()
  app.use(swapstream({ templates: {}, log: recordingLog(), expose: true }))
  const bot = { stream_async: async function* () {} }
  app.get('/', () => new EventStream(() => bot as never, { encoding: events() }))
  const response = await app.request('/')
  expect([response.status, await response.text()]).toEqual([
    502,
    expect.stringContaining('such as streamToFragments(bot.stream_async(…messages), …)'),
  ])
})
