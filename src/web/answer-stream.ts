import type { Context } from 'hono'
import { SwapstreamError } from '../shared/errors.ts'
import { accepts, htmxRequest, selectsPart, VARY, type HtmxRequest } from '../htmx/request.ts'
import { plainId, resumedAt } from '../htmx/resume.ts'
import { bytesEncoder, JsonDocument, NDJSON, ndjsonEncoder } from '../streams/bodies.ts'
import { toBody } from '../streams/body.ts'
import { ValueBuffer, type StreamBuffer } from '../streams/buffer.ts'
import type { Encoder } from '../streams/encoder.ts'
import { EndMarker, type EndReason } from '../streams/end.ts'
import { EventStream } from '../streams/event-stream.ts'
import { acquireSlot } from '../streams/registry.ts'
import type { Resumable, Source, StreamContext } from '../streams/source.ts'
import { Stream, type Client, type StreamOptions } from '../streams/stream.ts'
import type { StreamBody } from '../streams/stream-body.ts'
import { BlockRenders } from './block-renders.ts'
import { finishedFragments, finishedPage, handedOff } from './finished.ts'
import { FragmentBuffer } from './fragment-buffer.ts'
import { guardOrigin } from './origin-guard.ts'
import { replaceConnection } from './reconnect.ts'
import { checkSseMethod, type Settings } from './settings.ts'
import { StreamedPage } from './streamed-page.ts'

/** Never stored, never buffered, never re-encoded on the way: or the stream arrives in one piece at its end. */
const LIVE = { 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' }
const EVENTS = { 'Content-Type': 'text/event-stream; charset=utf-8', ...LIVE }
const PAGE = { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }

/** A run has its own limits, and its subscribers stay until they are reached. */
const AS_LONG_AS_THE_RUN = { maxDurationMs: Infinity, idleSourceMs: Infinity }

const FRAME_MS = 50
/** Where so many subscribers show one run, they get half as many frames. */
const MANY_SUBSCRIBERS = 100

/** What a stream is answered with. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | ReadableStream<Uint8Array> | null
}

/**
 * A stream for the client that asks. NDJSON and bytes are the same to all. Events for htmx are an event stream to those
 * who read one, the finished fragments to htmx without its extension, the page to a browser without scripts: from its top
 * down while the text is written, where its text has one place in it, else when it is finished. HEAD gets the headers.
 *
 * Throws  what the source throws before its first value, AccessError, InputError, LimitError: nothing has been sent then.
 */
export async function answerStream(
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
  if (body instanceof EventStream && body.options.encoding === undefined && wantsPage)
    return answerWhole(body, c, settings, request)

  const answer = answerWith(body.status, headersOf(body))
  if (c.req.method === 'HEAD') return answer(null)
  if (body instanceof JsonDocument) {
    const { maxOutputBytes } = { ...settings.limits, ...body.options.limits }
    const stream = open(body, c, settings)
    return answer(await body.text(stream.values(), maxOutputBytes))
  }
  const stream = await started(body, c, settings, request)
  const coding = body instanceof EventStream ? settings.contentCoding : undefined
  if (!coding || !accepts(headers, coding.name, 'accept-encoding')) return answer(toBody(stream))
  const coded = answer(coding.encode(toBody(stream)))
  const own = { 'Content-Encoding': coding.name, Vary: `${VARY}, Accept-Encoding` }
  return { ...coded, headers: { ...coded.headers, ...own } }
}

function answerWith(status: number, headers: Answer['headers']) {
  return (body: Answer['body'], own: Answer['headers'] = headers): Answer => ({
    status,
    headers: { ...own, Vary: VARY },
    body,
  })
}

function headersOf(body: StreamBody<unknown, string>): Record<string, string> {
  if (body instanceof EventStream) return EVENTS
  if (body instanceof NDJSON) return { 'Content-Type': 'application/x-ndjson', ...LIVE }
  if (body instanceof JsonDocument)
    return { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
  // Only the author of bytes knows what they are.
  return { 'Content-Type': body.headers.get('content-type') ?? 'application/octet-stream', ...LIVE }
}

/** Fragments for a client that reads no event stream: as HTML. */
async function answerWhole(
  body: EventStream,
  c: Context,
  settings: Settings,
  request: HtmxRequest,
): Promise<Answer> {
  const { engine, log } = settings
  const { updates = settings.updates, flushHeaders } = body.options
  const answer = answerWith(body.status, PAGE)
  if (c.req.method === 'HEAD') return answer(null)
  // Text that is sent cannot be replaced: it waits for the client, and the source with it.
  const stream = open(body, c, settings, { ...timingOf(body, settings), reads: 'pause' })
  if (body.run && request.handedOff)
    return answer(await handedOff(stream.values(), engine, body.run.path))
  if (request.fragment) return answer(await finishedFragments(stream.values(), engine))
  const page =
    updates === 'diff' &&
    (await stream.prepare((fragments) => StreamedPage.of(fragments, engine, log)))
  if (!page) return answer(await finishedPage(stream.values(), engine))
  await stream.start(page, flushHeaders !== 'immediately')
  return answer(toBody(stream), { ...PAGE, ...LIVE })
}

/** The stream, once its first value or its time has come. */
async function started(
  body: StreamBody<unknown, string>,
  c: Context,
  settings: Settings,
  request: HtmxRequest,
): Promise<Stream<unknown>> {
  const { flushHeaders } = body.options
  const start = async (
    stream: Stream<unknown>,
    buffer: StreamBuffer<unknown>,
  ): Promise<Stream<unknown>> => {
    await stream.start(buffer, flushHeaders !== 'immediately')
    return stream
  }
  if (!(body instanceof EventStream) || body.options.encoding) {
    const retryMs = body instanceof EventStream ? body.options.retryMs : undefined
    return start(open(body, c, settings), new ValueBuffer(encoderOf(body), retryMs))
  }

  const { run } = body
  const resume = run && resumeOf(run, c)
  const buffer = fragmentBuffer(body, settings, request, selectsPart(c.req.raw.headers), resume)
  const timing = timingOf(body, settings)
  if (!run) return start(open(body, c, settings, timing), buffer)

  const isReconnect = resume?.at !== undefined
  let isOver = (): void => {}
  const source = async (context: StreamContext) => {
    const lastEventId = context.lastEventId ?? resume?.after
    const isPatient = c.req.method === 'GET' && (request.morphs || isReconnect)
    const values = await openRun(run, { ...context, lastEventId }, isPatient)
    if (!context.signal.aborted)
      isOver = replaceConnection(`${run.path} ${buffer.at}`, () => stream.leave(), isReconnect)
    return values
  }
  // A run keeps its newest snapshots for all: no subscriber has to keep any.
  const reads = timing.frameMs() === 0 ? 'pause' : 'due'
  const stream = open(body, c, settings, { ...timing, reads }, source, () => isOver())
  return start(stream, buffer)
}

function encoderOf(body: StreamBody<unknown, string>): Encoder<unknown> {
  if (body instanceof EventStream) return body.options.encoding!()
  return body instanceof NDJSON ? ndjsonEncoder : bytesEncoder
}

/** How the connection of a subscriber ended before, and how it goes on when this one ends early. */
interface Resume {
  /** The prefix of the stream's ids in the page, from the connection before. */
  readonly at?: string | undefined
  /** Id of the last event that the client has. */
  readonly after?: string | undefined
  /** Where the main block belongs, if the client does not have it. */
  readonly to?: string | undefined
  /** Where the page goes on, when the client would not come back by itself. */
  readonly path?: string | undefined
}

function resumeOf(run: Resumable, c: Context): Resume {
  // A client that can ask the same again goes on by itself.
  if (c.req.method !== 'GET') return { path: run.path }
  const at = resumedAt(c.req.query('at'))
  return at === undefined ? {} : { at, after: c.req.query('after'), to: plainId(c.req.query('to')) }
}

function fragmentBuffer(
  { run, options }: EventStream,
  { engine, updates }: Settings,
  { morphs, source, target }: HtmxRequest,
  selects: boolean,
  resume: Resume | undefined,
): FragmentBuffer {
  const isElsewhere = selects || (resume !== undefined && resume.path === undefined)
  const shownIn = isElsewhere ? plainId(target) : undefined
  const path = morphs ? resume?.path : undefined
  const own = new BlockRenders(engine)
  return new FragmentBuffer({
    renders() {
      const shared = run?.shared?.()
      return shared ? BlockRenders.of(shared, engine) : own
    },
    updates: options.updates ?? updates,
    morphs,
    selects,
    resumable: run !== undefined,
    shown: shownIn && `#${shownIn}`,
    at: resume?.at,
    to: resume?.to && `#${resume.to}`,
    reconnect: path === undefined ? undefined : { path, source, target: plainId(target) },
    retryMs: options.retryMs,
  })
}

/**
 * Opens a run. A patient page asks again and again: so of a run that is not there it is told that it was interrupted, and
 * of a store that does not answer that it shall come back; after a mere status it would do neither.
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
  const { log, expose } = settings
  const { onEnd, onError } = body.options
  const { heartbeatMs = settings.heartbeatMs } = body instanceof EventStream ? body.options : {}
  const lasting = body instanceof EventStream && body.run ? AS_LONG_AS_THE_RUN : undefined
  const limits = { ...settings.limits, ...lasting, ...body.options.limits }
  const connection = settings.connection(c)
  const slot = acquireSlot(connection.address, connection.host, limits)
  const stream = new Stream(source, {
    asyncContext: body.asyncContext,
    slot,
    client: connection.onDisconnect ? (connection as Client) : clientBehind(c.req.raw),
    lastEventId: c.req.header('last-event-id'),
    route: `${c.req.method} ${c.req.path}`,
    log,
    expose,
    heartbeatMs,
    ...timing,
    limits,
    onError,
    onEnd(end) {
      onOver()
      return onEnd?.(end)
    },
  })
  slot.stop = (reason) => stream.stop(reason)
  return stream
}

/** The client as its request knows it, where the server tells nothing: a signal costs more than a socket's own event. */
function clientBehind({ signal }: Request): Client {
  return {
    onDisconnect(run) {
      if (signal.aborted) run()
      signal.addEventListener('abort', run)
      return () => signal.removeEventListener('abort', run)
    },
  }
}
