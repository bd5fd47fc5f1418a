import { Hono } from 'hono'
import { EventStream, Fragment, ServerSentEvent, streamToFragments, swapstream } from 'swapstream'
import type { TemplateEngine } from 'swapstream/core'
import { readEvents } from 'swapstream/client'
import { STREAMING_REQUEST } from '../../src/htmx/request.ts'
import { encodeEvent } from '../../src/sse/sse.ts'
import { recordingLog } from './recording-log.ts'

/** What a stream of one block sent: the data of its unnamed messages. */
export interface BlockFrames {
  /** Those that came for each value. */
  readonly frames: readonly (readonly string[])[]
  /** Those that came after the last value. */
  readonly end: readonly string[]
  /** All of these as they stand in the event stream. */
  readonly bytes: number
  /** What was logged as an error. */
  readonly errors: readonly string[]
}

/** What comes behind each value, so that a test knows which frames were that value's. */
const BEHIND = 'value-sent'

/**
 * Streams fragments through a real app to a reader that takes each value before the next one comes.
 *
 * In      an engine, such as `nunjucksEngine({ templates: { 'x.html': … } })`; fragments; the version of htmx that asks.
 * Out     the frames, by value.
 */
export async function streamBlock(
  engine: TemplateEngine,
  fragments: Iterable<Fragment> | AsyncIterable<Fragment>,
  { htmx }: { readonly htmx: 4 | 2 },
): Promise<BlockFrames> {
  let sent = (): void => {}
  async function* oneByOne(): AsyncGenerator<Fragment | ServerSentEvent> {
    for await (const fragment of fragments) {
      const isRead = new Promise<void>((resolve) => (sent = resolve))
      yield fragment
      yield new ServerSentEvent({ event: BEHIND, data: '-' })
      await isRead
    }
  }
  const log = recordingLog()
  const app = new Hono()
  app.use(swapstream({ engine, log, frameMs: 0 }))
  app.all('/', () => new EventStream(oneByOne, { backpressure: 'pause', heartbeatMs: false }))
  const response = await app.request(
    '/',
    htmx === 4
      ? { method: 'POST', headers: { ...STREAMING_REQUEST } }
      : { headers: { accept: 'text/event-stream' } },
  )

  const frames: string[][] = []
  let messages: string[] = []
  let bytes = 0
  for await (const { event, data } of readEvents(response)) {
    if (event === undefined) {
      messages.push(data)
      bytes += Buffer.byteLength(encodeEvent({ data }))
    }
    if (event !== BEHIND) continue
    frames.push(messages)
    messages = []
    sent()
  }
  const errors = log.lines.filter(({ level }) => level === 'error').map(({ message }) => message)
  return { frames, end: messages, bytes, errors }
}

/** The fragments of one block, one for each context; the last one says that it is. */
export function fragmentsOf(
  contexts: readonly Readonly<Record<string, unknown>>[],
  template: string,
  block: string,
): Fragment[] {
  return contexts.map(
    (context, n) => new Fragment(template, block, context, { final: n === contexts.length - 1 }),
  )
}

/** Words that come one by one, as a model says them; what a template reads beside its text is the same in all frames. */
export function spoken(
  words: readonly string[],
  template: string,
  block: string,
  extraContext: Readonly<Record<string, unknown>>,
): AsyncIterable<Fragment> {
  return streamToFragments(words, template, block, { extraContext })
}
