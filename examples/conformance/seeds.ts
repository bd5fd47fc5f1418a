import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import {
  Bytes,
  EventStream,
  events,
  NDJSON,
  scope,
  ServerSentEvent,
  streamToFragments,
  streamWithSources,
} from 'swapstream'
import { counters, watched } from './counters.ts'
import { readField, readJson, refuse, texts } from './input.ts'

const encoding = events()

/** Repeats a message, word by word. */
async function* say(text: string, signal: AbortSignal): AsyncGenerator<string> {
  for (const word of text.split(/(?<=\s)/)) {
    await sleep(5, undefined, { signal })
    yield word
  }
}

/** Answers each message of a conversation, and fails for the message `fail`. */
async function* bot(messages: readonly string[], signal: AbortSignal): AsyncGenerator<string> {
  yield 'Hello'
  for (const message of messages) {
    if (message === 'fail') throw new Error('SECRET: the bot has no answer to that.')
    yield* say(`, you wrote: ${message}`, signal)
  }
}

const csv = new TextEncoder()

const jero = new Hono()
  .get(
    '/movies',
    () =>
      new NDJSON(
        watched(async function* ({ signal }) {
          yield { id: 1, title: 'Metropolis' }
          await sleep(100, undefined, { signal })
          yield { id: 2, title: 'M' }
        }),
      ),
  )
  .get(
    '/export',
    () =>
      new Bytes(
        scope(async function* () {
          counters.scopesOpened += 1
          yield ['id,title\n', '1,Metropolis\n', '2,M\n'].map((line) => csv.encode(line))
          counters.scopesClosed += 1
        }),
        { headers: { 'content-type': 'text/csv' } },
      ),
  )
  .get(
    '/events',
    () =>
      new EventStream(
        watched(async function* () {
          yield { id: 1, title: 'Metropolis' }
          const data = JSON.stringify({ id: 2, title: 'M' })
          yield new ServerSentEvent({ event: 'added', id: '2', retry: 1_000, data })
        }),
        { encoding },
      ),
  )
  .get(
    '/idle',
    () =>
      new EventStream(
        watched(async function* ({ signal }) {
          await sleep(2 ** 31 - 1, undefined, { signal })
        }),
        { encoding, limits: { idleSourceMs: Infinity, maxDurationMs: Infinity } },
      ),
  )
  .get(
    '/setup-error',
    () =>
      new EventStream(
        scope<string>(async function* () {
          throw new HTTPException(418, { message: 'No coffee here.' })
        }),
        { encoding },
      ),
  )

const llamabot = new Hono().post('/chat', async (c) => {
  const messages = texts(await readJson(c), 'messages')
  if (messages.length === 0) refuse(422, '"messages" is empty.')
  return new EventStream(
    watched(({ signal }) => bot(messages, signal)),
    { encoding: events({ event: 'content', done: 'complete' }) },
  )
})

const chirp = new Hono()
  .post('/chat', async (c) => {
    const prompt = await readField(c, 'prompt')
    return new EventStream(
      watched(({ signal }) => streamToFragments(say(prompt, signal), 'chat.html', 'response')),
    )
  })
  .post('/ask', async (c) => {
    const question = await readField(c, 'question')
    const sources = ['The first book', 'The second book']
    return new EventStream(
      watched(({ signal }) =>
        streamWithSources(say(`About ${question}: see [1] and [2].`, signal), 'chat.html', {
          sources,
        }),
      ),
    )
  })

/** The features of the systems we learned from, on our API. */
export const seeds = new Hono()
  .route('/jero', jero)
  .route('/llamabot', llamabot)
  .route('/chirp', chirp)
