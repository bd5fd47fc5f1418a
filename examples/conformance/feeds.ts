import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import {
  EventStream,
  events,
  ServerSentEvent,
  SwapstreamError,
  type EventStreamOptions,
} from 'swapstream'
import { watched } from './counters.ts'
import { readJson, refuse } from './input.ts'
import { sessionGuard } from './login.ts'

const encoding = events()
/** A feed has no natural end, so the limits of an answer do not fit it. */
const FEED: EventStreamOptions = {
  encoding,
  limits: { maxDurationMs: Infinity, maxOutputBytes: Infinity, idleSourceMs: Infinity },
}
const BLOCK = 'x'.repeat(16 * 1024)

async function* ticks(signal: AbortSignal): AsyncGenerator<string> {
  for (let n = 1; ; n++) {
    yield `tick ${n}`
    await sleep(20, undefined, { signal })
  }
}

/** Streams in the encoding `events()`: each route shows one behaviour of a source. */
export const feeds = new Hono()
  .get(
    '/tick',
    () =>
      new EventStream(
        watched(({ signal }) => ticks(signal)),
        FEED,
      ),
  )
  .get(
    '/private',
    sessionGuard,
    () =>
      new EventStream(
        watched(({ signal }) => ticks(signal)),
        FEED,
      ),
  )
  .get(
    '/stuck',
    () =>
      new EventStream(
        watched(async function* () {
          yield 'one'
          await new Promise(() => {})
        }),
        FEED,
      ),
  )
  .get(
    '/short',
    () =>
      new EventStream(
        watched(async function* () {
          yield* ['one', 'two', 'three']
        }),
        { encoding },
      ),
  )
  .get(
    '/fire',
    () =>
      new EventStream(
        watched(async function* () {
          for (;;) yield BLOCK
        }),
        FEED,
      ),
  )
  .get('/error-first', () => new EventStream(watched(failing([])), { encoding }))
  .get('/error-mid', () => new EventStream(watched(failing(['one'])), { encoding }))
  .get(
    '/error-undefined',
    () =>
      new EventStream(
        watched(async function* () {
          yield 'one'
          throw undefined
        }),
        { encoding },
      ),
  )
  .post('/echo', async (c) => {
    const event = toEvent(await readJson(c))
    return new EventStream(
      watched(async function* () {
        yield event
      }),
      { encoding },
    )
  })

function failing(before: readonly string[]) {
  return async function* (): AsyncGenerator<string> {
    yield* before
    throw new Error('SECRET: the key of the model is not for clients.')
  }
}

/** An event as the client describes it. `html` is another name for `data`: this encoding sends both unchanged. */
function toEvent({ data, html, event, id, retry }: Record<string, unknown>): ServerSentEvent {
  const content = data ?? html
  if (typeof content !== 'string') refuse(422, 'An event needs "data" or "html", a text.')
  if (event === 'message')
    refuse(422, 'Leave the name out: "message" is the name of an event without one.')
  try {
    const fields = { data: content, event, id, retry }
    const defined = Object.entries(fields).filter(([, value]) => value !== undefined)
    return new ServerSentEvent(Object.fromEntries(defined))
  } catch (error) {
    if (error instanceof SwapstreamError) refuse(422, error.message)
    throw error
  }
}
