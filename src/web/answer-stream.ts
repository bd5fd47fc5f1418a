import type { Context } from 'hono'
import { plainId, resumedAt } from '../htmx/resume.ts'
import { accepts, htmxRequest, selectsPart, VARY, type HtmxRequest } from '../htmx/request.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { bytesWire } from '../streams/bytes.ts'
import { Driver, type Client, type DriverOptions } from '../streams/driver.ts'
import { SwapstreamError } from '../shared/errors.ts'
import { Ended } from '../streams/ended.ts'
import { EventStream } from '../streams/event-stream.ts'
import { JsonDocument } from '../streams/json-document.ts'
import { NDJSON, ndjsonWire } from '../streams/ndjson.ts'
import { ValueOutbox, type Outbox } from '../streams/outbox.ts'
import { takePlace, type Place } from '../streams/registry.ts'
import type { EndReason } from '../streams/stream-end.ts'
import type { Resumable, Source, StreamContext, Values } from '../streams/source.ts'
import type { StreamBody } from '../streams/stream-body.ts'
import { withRetry } from '../streams/with-retry.ts'
import type { Encoder } from '../streams/wire.ts'
import { finishedFragments, finishedPage, handedOff } from './finished.ts'
import { BlockRenders } from './block-renders.ts'
import { FragmentBuffer } from './fragment-buffer.ts'
import { takeOver } from './newest-viewer.ts'
import { guardOrigin } from './origin-guard.ts'
import { PageOutbox } from './page-outbox.ts'
import { checkSseMethod, type Settings } from './settings.ts'

/** Never stored, never buffered, never re-encoded on the way: or the stream arrives in one piece at its end. */
const LIVE = { 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' }
const EVENTS = { 'Content-Type': 'text/event-stream; charset=utf-8', ...LIVE }
const PAGE = { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }

/** A run has its own limits, and its viewers stay until they are reached. */
const AS_LONG_AS_THE_RUN = { maxDurationMs: Infinity, idleSourceMs: Infinity }

/**
 * A stream for the client that asks. NDJSON and bytes are the same to all. Events for htmx are an event stream to those
 * who read one, the finished fragments to htmx without its extension, the page to a browser without scripts: from its top
 * down while the text is written, where its text has one place in it, else when it is finished.
 * HEAD gets the headers.
 *
 * Throws  what the source throws before its first value, AccessError, InputError, LimitError: nothing has been sent then.
 */
export async function answerStream(
  stream: StreamBody<unknown, string>,
  c: Context,
  settings: Settings,
): Promise<Answer> {
  const request = c.req.raw.headers
  // Only here, where it is known to be a stream: a GET that starts paid work needs the guard as much as a POST.
  guardOrigin(request, c.req.url, settings.allowedOrigins)

  if (stream instanceof EventStream) checkSseMethod(c, settings)
  const facts = htmxRequest(request)
  // A boosted link and a page of the history want a page, also where the client reads event streams.
  const wantsPage = !facts.streams || facts.boosted || facts.historyRestore
  const whole = stream instanceof EventStream && stream.options.encoding === undefined && wantsPage
  const run = stream instanceof EventStream ? stream.run : undefined
  const resume = run && resumeOf(run, c)
  const { headers, outbox, pace } = formOf(stream, facts, settings, selectsPart(request), resume)
  const respond = (body: Answer['body'], own = whole ? PAGE : headers): Answer => ({
    status: stream.status,
    headers: { ...own, Vary: VARY },
    body,
  })

  if (c.req.method === 'HEAD') return respond(null)
  const isShown = run && outbox instanceof FragmentBuffer && !whole
  const returns = resume?.at !== undefined
  const shown = isShown ? { run, at: outbox.at, returns, after: resume?.after } : undefined
  const patient = c.req.method === 'GET' && (facts.morphs || returns)
  const driver = drive(stream, c, settings, pace, shown && { ...shown, patient })
  if (stream instanceof JsonDocument) {
    const { maxOutputBytes } = { ...settings.limits, ...stream.options.limits }
    return respond(await stream.text(driver.values(), maxOutputBytes))
  }
  if (whole) {
    if (run && facts.handedOff)
      return respond(await handedOff(driver.values(), settings.engine, run.path))
    if (facts.fragment) return respond(await finishedFragments(driver.values(), settings.engine))
    const { updates = settings.updates } = stream.options
    const page =
      updates === 'diff' &&
      (await driver.prepare((values) => PageOutbox.of(values, settings.engine, settings.log)))
    if (!page) return respond(await finishedPage(driver.values(), settings.engine))
    await driver.start(page, stream.options.flushHeaders !== 'immediately')
    return respond(driver, { ...PAGE, ...LIVE })
  }
  await driver.start(outbox, stream.options.flushHeaders !== 'immediately')
  const { contentCoding } = settings
  if (
    stream instanceof EventStream &&
    contentCoding &&
    accepts(request, contentCoding.name, 'accept-encoding')
  ) {
    const encoded = { 'Content-Encoding': contentCoding.name, Vary: `${VARY}, Accept-Encoding` }
    return { ...respond(contentCoding.encode(driver.body())), headers: { ...headers, ...encoded } }
  }
  return respond(driver)
}

/** What a stream is answered with. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** A stream that is ready: its body, or the stream itself for a server that can send it. */
  readonly body: string | ReadableStream<Uint8Array> | Driver<unknown> | null
}

function resumeOf(run: Resumable, c: Context): Resume {
  // Whoever can ask the same again goes on by himself.
  const nowhere = { at: undefined, after: undefined, to: undefined }
  if (c.req.method !== 'GET') return { ...nowhere, path: run.path }
  const at = resumedAt(c.req.query('at'))
  if (at === undefined) return { ...nowhere, path: undefined }
  return { at, after: c.req.query('after'), to: plainId(c.req.query('to')), path: undefined }
}

/** How the connection of a subscriber ended before, and how it goes on when this one ends early. */
interface Resume {
  /** What the page was lent. */
  readonly at: string | undefined
  /** Id of the last event that the client has. */
  readonly after: string | undefined
  /** Where the main block belongs, if the client does not have it. */
  readonly to: string | undefined
  /** Where the page goes on, when the client would not come back by itself. */
  readonly path: string | undefined
}

/** How a stream is spelt, and at which pace. */
interface Form {
  readonly headers: Record<string, string>
  readonly outbox: Outbox<unknown>
  readonly pace: Pick<DriverOptions, 'frameMs' | 'asks' | 'viewers'>
}

function formOf(
  stream: StreamBody<unknown, string>,
  { morphs, source, target }: HtmxRequest,
  { engine, updates, frameMs, backpressure }: Settings,
  selects: boolean,
  resume?: Resume,
): Form {
  // One value, one piece: the reader's pace is the source's.
  const pulled = (headers: Record<string, string>, encoding: Encoder<unknown>): Form => ({
    headers,
    outbox: new ValueOutbox(encoding),
    pace: { frameMs: 0 },
  })
  if (stream instanceof EventStream) {
    const { options } = stream
    const { retryMs } = options
    const told = (form: Form): Form =>
      retryMs === undefined ? form : { ...form, outbox: withRetry(form.outbox, retryMs) }
    if (options.encoding) return told(pulled(EVENTS, options.encoding()))
    const width = options.frameMs ?? frameMs
    const policy = options.backpressure ?? backpressure ?? (width === 0 ? 'hold' : 'finish')
    const { run } = stream
    // A run keeps its newest snapshot for all: no subscriber has to keep one.
    const asks = run ? width !== 0 && 'on time' : policy === 'finish' && 'ahead'
    const isElsewhere = selects || (resume !== undefined && resume.path === undefined)
    const shownIn = isElsewhere ? plainId(target) : undefined
    return told({
      headers: EVENTS,
      outbox: new FragmentBuffer({
        renders: () => rendersOf(run, engine),
        updates: options.updates ?? updates,
        morphs,
        selects,
        resumable: run !== undefined,
        shown: shownIn && `#${shownIn}`,
        ...(resume && {
          at: resume.at,
          to: resume.to && `#${resume.to}`,
          reconnect:
            morphs && resume.path !== undefined
              ? { path: resume.path, source, target: plainId(target) }
              : undefined,
        }),
      }),
      pace: {
        frameMs: width,
        asks: asks || undefined,
        viewers: run && (() => run.crowd?.()?.viewers ?? 1),
      },
    })
  }
  if (stream instanceof NDJSON) {
    return pulled({ 'Content-Type': 'application/x-ndjson', ...LIVE }, ndjsonWire)
  }
  if (stream instanceof JsonDocument) {
    return pulled({ 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }, ndjsonWire)
  }
  // Only the author of bytes knows what they are.
  const type = stream.headers.get('content-type') ?? 'application/octet-stream'
  return pulled({ 'Content-Type': type, ...LIVE }, bytesWire)
}

function rendersOf(run: Resumable | undefined, engine: TemplateEngine): BlockRenders {
  const subscribers = run?.crowd?.()
  return subscribers ? BlockRenders.of(subscribers, engine) : new BlockRenders(engine)
}

/** A run on its way to one place of one page. */
interface Shown {
  readonly run: Resumable
  /** What the page was lent for it. */
  readonly at: string
  /** He was cut off before, and comes back. */
  readonly returns: boolean
  readonly after: string | undefined
  /**
   * The page asks again and again. So of a run that is not there it is told that it was interrupted, and of a store that
   * does not answer that it shall come back: after a mere status it would do neither.
   */
  readonly patient: boolean
}

/** A run for the newest reader of a place; the one before leaves when this one has been let in. */
function shownOnce(
  { run, at, returns, after, patient }: Shown,
  seat: Place,
): { source: Source<unknown>; gone: () => void } {
  let gone = (): void => {}
  const source = async (context: StreamContext): Promise<Values<unknown>> => {
    let values: Values<unknown>
    try {
      values = await run.open({ ...context, lastEventId: context.lastEventId ?? after })
    } catch (error) {
      const code = patient && error instanceof SwapstreamError ? error.code : undefined
      if (code === 'run/unknown') return ended('interrupted')
      if (code === 'run/store-away') return ended('shutdown')
      throw error
    }
    if (!context.signal.aborted)
      gone = takeOver(`${run.path} ${at}`, () => seat.driver?.leave(), returns)
    return values
  }
  return { source, gone: () => gone() }
}

async function* ended(reason: EndReason): AsyncGenerator<never, Ended, undefined> {
  return new Ended(reason)
}

/** The client as its request knows it, where the server below tells nothing: a signal costs more than a socket's own event. */
function clientBehind({ signal }: Request): Client {
  return {
    onLeave(run) {
      if (signal.aborted) run()
      signal.addEventListener('abort', run)
      return () => signal.removeEventListener('abort', run)
    },
  }
}

/** Takes a place among the open streams, and hold of the source. */
function drive(
  stream: StreamBody<unknown, string>,
  c: Context,
  settings: Settings,
  pace: Form['pace'],
  shown: Shown | undefined,
): Driver<unknown> {
  const { log, expose } = settings
  const { onEnd, onError } = stream.options
  const { heartbeatMs = settings.heartbeatMs } = stream instanceof EventStream ? stream.options : {}
  const lasting = stream instanceof EventStream && stream.run ? AS_LONG_AS_THE_RUN : undefined
  const own = stream.options.limits
  const limits = lasting || own ? { ...settings.limits, ...lasting, ...own } : settings.limits
  const connection = settings.connection(c)
  const route = `${c.req.method} ${c.req.path}`

  const seat = takePlace(connection.address, connection.host, limits)
  const once = shown && shownOnce(shown, seat)
  const driver = new Driver(once?.source ?? stream.source, {
    asyncContext: stream.asyncContext,
    seat,
    client: connection.onLeave ? (connection as Client) : clientBehind(c.req.raw),
    lastEventId: c.req.header('last-event-id'),
    route,
    log,
    expose,
    heartbeatMs,
    ...pace,
    limits,
    onError,
    onEnd: once ? (end) => (once.gone(), onEnd?.(end)) : onEnd,
  })
  seat.driver = driver
  return driver
}
