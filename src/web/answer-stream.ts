import type { Context } from 'hono'
import { SwapstreamError } from '../shared/errors.ts'
import type { FragmentFailure } from '../fragments/fragment.ts'
import {
  accepts,
  asksAgain,
  htmxRequest,
  returnsForEver,
  selectsPart,
  VARY,
  type HtmxRequest,
} from '../htmx/request.ts'
import { plainId, resumedAt } from '../htmx/resume.ts'
import { bytesEncoder, JsonDocument, NDJSON, ndjsonEncoder } from '../streams/bodies.ts'
import { ValueBuffer, type StreamBuffer } from '../streams/buffer.ts'
import { EndMarker, type EndReason } from '../streams/end.ts'
import { encoderOf, EventStream } from '../streams/event-stream.ts'
import { reportFailure, type FailureListeners } from '../streams/failure.ts'
import { acquireSlot } from '../streams/registry.ts'
import type { Resumable, Source, StreamContext } from '../streams/source.ts'
import { Stream } from '../streams/stream.ts'
import type { StreamBody } from '../streams/stream-body.ts'
import { withContext } from '../templates/engine.ts'
import { BlockRenders } from './block-renders.ts'
import { finishedFragments, finishedPage, handedOff } from './finished.ts'
import { failureNotice, FragmentBuffer } from './fragment-buffer.ts'
import { guardOrigin } from './origin-guard.ts'
import type { Answer } from './page.ts'
import { replaceConnection } from './reconnect.ts'
import { checkSseMethod, type Settings } from './settings.ts'
import { streamedPage } from './streamed-page.ts'
import { toBody } from '../streams/returned.ts'
import type { Client, StreamOptions } from '../streams/options.ts'

/** Never stored, never buffered, never re-encoded on the way: or the stream arrives in one piece at its end. */
const LIVE = { 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' }
const EVENTS = { 'Content-Type': 'text/event-stream; charset=utf-8', ...LIVE }
/** A run has its own limits, and a feed no end: their subscribers stay as long as they like. */
const AS_LONG_AS_ASKED = { maxDurationMs: Infinity, idleSourceMs: Infinity }

const FRAME_MS = 50
/** Where so many subscribers show one run, they get half as many frames. */
const MANY_SUBSCRIBERS = 100

/**
 * Answers with a stream in the form for the client that asks. Events for htmx are an event stream to those who read one,
 * the finished fragments to htmx without its extension, the page to a browser without scripts. HEAD gets the headers.
 *
 * Throws  what the source throws before its first value, AccessError, InputError, LimitError: nothing has been sent then.
 */
export async function answerStream(
  body: StreamBody<unknown, string>,
  c: Context,
  settings: Settings,
): Promise<Answer> {
  const run = body instanceof EventStream ? body.run : undefined
  run?.answered?.(settings)
  try {
    const answer = await contentOf(body, c, settings)
    if (c.req.method === 'HEAD') run?.refused?.()
    return answer
  } catch (error) {
    run?.refused?.()
    throw error
  }
}

async function contentOf(
  body: StreamBody<unknown, string>,
  c: Context,
  settings: Settings,
): Promise<Answer> {
  const { headers } = c.req.raw
  // Only here, where it is known to be a stream: a GET that starts paid work needs the guard as much as a POST.
  guardOrigin(headers, c.req.url, settings.allowedOrigins)
  if (body instanceof EventStream) checkSseMethod(c, settings)
  const request = htmxRequest(headers)
  // A boosted link and a page of the history want a page, also where the client reads event streams.
  const wantsPage = !request.streams || request.boosted || request.historyRestore
  const isPage = isOfFragments(body) && wantsPage
  const answer = (content: Answer['body'], own: Answer['headers']): Answer => ({
    status: body.status,
    headers: { ...own, ...(content instanceof ReadableStream && newTag()), Vary: VARY },
    body: content,
  })

  const isEventSource =
    body instanceof EventStream && c.req.method === 'GET' && returnsForEver(headers)
  if (isEventSource && headers.get('last-event-id') === OVER)
    return { status: 204, headers: { Vary: VARY }, body: null }
  if (c.req.method === 'HEAD') return answer(null, isPage ? headersOfPage('HEAD') : headersOf(body))
  if (isPage) {
    const { html, headers: own = {} } = await pageOf(body, c, settings, request)
    return answer(html, { ...headersOfPage(c.req.method, typeof html !== 'string'), ...own })
  }
  if (body instanceof JsonDocument) {
    const { maxOutputBytes } = { ...settings.limits, ...body.options.limits }
    const stream = open(body, c, settings)
    return answer(await body.text(stream.values(), maxOutputBytes), headersOf(body))
  }
  const [stream, buffer] = isOfFragments(body)
    ? fragmentsOf(body, c, settings, request)
    : [open(body, c, settings), bufferOf(body, c)]
  if (isEventSource) endForGood(buffer)
  await stream.start(buffer, body.options.flushHeaders !== 'immediately')
  const content = toBody(stream)
  const live = answer(content, headersOf(body))
  const coding = body instanceof EventStream ? settings.contentCoding : undefined
  if (!coding || !accepts(headers, coding.name, 'accept-encoding')) return live
  const own = { 'Content-Encoding': coding.name, Vary: `${VARY}, Accept-Encoding` }
  return { ...live, headers: { ...live.headers, ...own }, body: coding.encode(content) }
}

/** A stream is another one each time. Without a tag, Hono's `etag()` reads all of it to make one, and holds it back. */
function newTag(): Record<string, string> {
  return { ETag: `W/"${crypto.randomUUID()}"` }
}

/** The id of the end of a stream. A client that has it is not sent the same again. */
const OVER = 'swapstream-over'

/** Adds to a good end the id by which a client that comes back is known: EventSource takes a 204 as the end. */
function endForGood(buffer: StreamBuffer<unknown>): void {
  const end = buffer.end.bind(buffer)
  buffer.end = async (event) => {
    const last = await end(event)
    return event.reason === 'done' && typeof last === 'string' ? `${last}id: ${OVER}\n\n` : last
  }
}

function isOfFragments(body: StreamBody<unknown, string>): body is EventStream {
  return body instanceof EventStream && body.options.encoding === undefined
}

/** Only a history stores the page that answers a form: without it, Back asks whether to send the form again. */
function headersOfPage(method: string, isLive: boolean = false): Record<string, string> {
  const stored = ['GET', 'HEAD'].includes(method) ? 'no-store' : 'no-cache'
  return {
    'Content-Type': 'text/html; charset=utf-8',
    ...(isLive && LIVE),
    'Cache-Control': isLive ? `${stored}, no-transform` : stored,
  }
}

function headersOf(body: StreamBody<unknown, string>): Record<string, string> {
  if (body instanceof EventStream) return EVENTS
  if (body instanceof NDJSON) return { 'Content-Type': 'application/x-ndjson', ...LIVE }
  if (body instanceof JsonDocument)
    return { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
  // Only the author of bytes knows what they are.
  return { 'Content-Type': body.headers.get('content-type') ?? 'application/octet-stream', ...LIVE }
}

function bufferOf(body: StreamBody<unknown, string>, c: Context): StreamBuffer<unknown> {
  if (!(body instanceof EventStream))
    return new ValueBuffer<unknown>(body instanceof NDJSON ? ndjsonEncoder : bytesEncoder)
  const { encoding, retryMs } = body.options
  // Elsewhere an id is the author's own, and says nothing of a position.
  const lastEventId = body.run && c.req.header('last-event-id')
  return new ValueBuffer(encoderOf(encoding!, { lastEventId }), retryMs)
}

interface PageAnswer {
  readonly html: string | ReadableStream<Uint8Array>
  readonly headers?: Answer['headers']
}

/** Fragments for a client that reads no event stream: as HTML. */
async function pageOf(
  body: EventStream,
  c: Context,
  settings: Settings,
  request: HtmxRequest,
): Promise<PageAnswer> {
  const { updates = settings.updates, flushHeaders, pageContext = {} } = body.options
  const context = typeof pageContext === 'function' ? pageContext : () => pageContext
  const engine = request.fragment ? settings.engine : withContext(settings.engine, await context())
  // Text that is sent cannot be replaced: it waits for the client, and the source with it.
  const stream = open(body, c, settings, { ...timingOf(body, settings), reads: 'pause' })
  const texts = settings.textsOf(c)
  const toNotice = ({ error, publicError }: FragmentFailure): string =>
    failureNotice(publicError ?? reportFailure(error, listenersOf(body, c, settings)), texts)
  if (body.run && request.handedOff)
    return handedOff(stream.values(), engine, body.run.path, toNotice)
  if (request.fragment) return finishedFragments(stream.values(), engine, request.morphs, toNotice)
  const page =
    updates === 'diff' &&
    (await stream.prepare((fragments) => streamedPage(fragments, engine, settings.log, texts)))
  if (!page) return { html: await finishedPage(stream.values(), engine, toNotice) }
  await stream.start(page, flushHeaders !== 'immediately')
  return { html: toBody(stream) }
}

/** Fragments for htmx, as events. */
function fragmentsOf(
  body: EventStream,
  c: Context,
  settings: Settings,
  { morphs, source: asking, target }: HtmxRequest,
): [Stream<unknown>, FragmentBuffer] {
  const { run, options } = body
  const selects = selectsPart(c.req.raw.headers)
  const isGet = c.req.method === 'GET'
  const at = run && isGet ? resumedAt(c.req.query('at')) : undefined
  const to = at && plainId(c.req.query('to'))
  const after = at && c.req.query('after')
  const shownIn = selects || (run && isGet) ? plainId(target) : undefined
  // A client that can ask the same again goes on by itself.
  const canGoOn = run === undefined || isGet || !morphs
  const own = new BlockRenders(settings.engine)
  const buffer = new FragmentBuffer({
    renders() {
      const shared = run?.shared?.()
      return shared ? BlockRenders.of(shared, settings.engine) : own
    },
    updates: options.updates ?? settings.updates,
    texts: settings.textsOf(c),
    morphs,
    selects,
    resumable: run !== undefined,
    shown: shownIn && `#${shownIn}`,
    at,
    to: to && `#${to}`,
    reconnect: canGoOn ? undefined : { path: run.path, source: asking, target: plainId(target) },
    returns: isGet && run === undefined ? asksAgain(c.req.raw.headers) : false,
    retryMs: options.retryMs,
  })
  const timing = timingOf(body, settings)
  if (!run) return [open(body, c, settings, timing), buffer]

  let isOver = (): void => {}
  const source = async (context: StreamContext) => {
    const lastEventId = context.lastEventId ?? after
    const isPatient = isGet && (morphs || at !== undefined)
    const values = await openRun(run, { ...context, lastEventId }, isPatient)
    if (!context.signal.aborted)
      isOver = replaceConnection(`${run.path} ${buffer.at}`, () => stream.leave(), at !== undefined)
    return values
  }
  // A run stores its newest snapshots for all: no subscriber has to store any.
  const reads = timing.frameMs() === 0 ? 'pause' : 'due'
  const stream = open(body, c, settings, { ...timing, reads }, source, () => isOver())
  return [stream, buffer]
}

/**
 * Opens a run. A patient page asks again and again, so it learns that an unknown run was interrupted, and that it shall
 * come back to a store that does not answer; after a mere status it would do neither.
 */
async function openRun(run: Resumable, context: StreamContext, isPatient: boolean) {
  try {
    return await run.open(context)
  } catch (error) {
    const code = isPatient && error instanceof SwapstreamError ? error.code : undefined
    if (code === 'run/unknown') return endedWith('interrupted')
    if (code === 'run/store-away') return endedWith('shutdown')
    throw error
  }
}

async function* endedWith(reason: EndReason): AsyncGenerator<never, EndMarker, undefined> {
  return new EndMarker(reason)
}

type Timing = Pick<StreamOptions, 'frameMs' | 'reads'>

/** Without snapshots each value is a frame, and the client's pace is the source's. */
const VALUE_BY_VALUE: Timing = { frameMs: () => 0, reads: 'pause' }

function timingOf({ run, options }: EventStream, settings: Settings): Timing {
  const frameMs = options.frameMs ?? settings.frameMs
  const isCrowded = (): boolean => (run?.shared?.()?.subscribers ?? 1) > MANY_SUBSCRIBERS
  return {
    frameMs: () => frameMs ?? (isCrowded() ? 2 * FRAME_MS : FRAME_MS),
    reads: options.backpressure ?? settings.backpressure ?? (frameMs === 0 ? 'pause' : 'latest'),
  }
}

/** Acquires a slot among the open streams, and makes the stream. */
function open(
  body: StreamBody<unknown, string>,
  c: Context,
  settings: Settings,
  timing: Timing = VALUE_BY_VALUE,
  source: Source<unknown> = body.source,
  onOver: () => void = () => {},
): Stream<unknown> {
  const { onEnd } = body.options
  const { heartbeatMs = settings.heartbeatMs } = body instanceof EventStream ? body.options : {}
  const usual = { ...settings.limits, ...body.options.limits }
  const feedLimits = { ...settings.limits, ...AS_LONG_AS_ASKED, ...body.options.limits }
  const limits = body instanceof EventStream && body.run ? feedLimits : usual
  const connection = settings.connection(c)
  const slot = acquireSlot(connection.address, connection.host, limits)
  const stream = new Stream(source, {
    asyncContext: body.asyncContext,
    slot,
    client: connection.onDisconnect ? (connection as Client) : clientBehind(c.req.raw),
    lastEventId: c.req.header('last-event-id'),
    ...listenersOf(body, c, settings),
    heartbeatMs,
    ...timing,
    limits,
    feedLimits,
    onEnd(end) {
      onOver()
      return onEnd?.(end)
    },
  })
  slot.stop = (reason) => stream.stop(reason)
  settings.waitUntil?.(c)?.(slot.released)
  return stream
}

/** The listeners to failures of a stream. */
function listenersOf(
  { options: { onError } }: StreamBody<unknown, string>,
  c: Context,
  { log, expose }: Settings,
): FailureListeners {
  return { route: `${c.req.method} ${c.req.path}`, log, expose, onError }
}

/** The client as its request knows it, for servers without a connection: a signal costs more than a socket's event. */
function clientBehind({ signal }: Request): Client {
  return {
    onDisconnect(run) {
      if (signal.aborted) run()
      signal.addEventListener('abort', run)
      return () => signal.removeEventListener('abort', run)
    },
  }
}
