import type { Context } from 'hono'
import { requestFacts, VARY } from '../htmx/request.ts'
import { bytesWire } from '../streams/bytes.ts'
import { Driver } from '../streams/driver.ts'
import { EventStream } from '../streams/event-stream.ts'
import { JsonDocument } from '../streams/json-document.ts'
import { NDJSON, ndjsonWire } from '../streams/ndjson.ts'
import { takePlace } from '../streams/registry.ts'
import type { StreamBody } from '../streams/stream-body.ts'
import type { Wire } from '../streams/wire.ts'
import { finishedFragments, finishedPage } from './finished.ts'
import { FragmentsWire } from './fragments-wire.ts'
import { guardOrigin } from './origin-guard.ts'
import type { Settings } from './settings.ts'

/** Never stored, never buffered, never re-encoded on the way: or the stream arrives in one piece at its end. */
const LIVE = { 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' }
const EVENTS = { 'Content-Type': 'text/event-stream; charset=utf-8', ...LIVE }
const PAGE = { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }

/**
 * A stream for whoever asks. NDJSON and bytes are the same to everybody. Events for htmx are an event stream to those
 * who read one, the finished fragments to htmx without its extension, the finished page to a browser without scripts.
 * HEAD gets the headers.
 *
 * Throws  what the source throws before its first value, AccessError, LimitError: nothing has been sent then.
 */
export async function answerStream(
  stream: StreamBody<unknown, string>,
  c: Context,
  settings: Settings,
): Promise<Response> {
  const request = c.req.raw.headers
  // Only here, where it is known to be a stream: a GET that starts paid work needs the guard as much as a POST.
  guardOrigin(request, c.req.url, settings.allowedOrigins)

  const facts = requestFacts(request)
  const whole = stream instanceof EventStream && stream.options.wire === undefined && !facts.streams
  const { headers, wire } = formOf(stream, settings)
  const respond = (body: BodyInit | null): Response =>
    new Response(body, {
      status: stream.status,
      headers: { ...(whole ? PAGE : headers), Vary: VARY },
    })

  if (c.req.method === 'HEAD') return respond(null)
  const driver = drive(stream, c, settings)
  if (stream instanceof JsonDocument) {
    const { maxOutputBytes } = { ...settings.limits, ...stream.options.limits }
    return respond(await stream.text(driver.values(), maxOutputBytes))
  }
  if (whole) {
    const finish = facts.fragment ? finishedFragments : finishedPage
    return respond(await finish(driver.values(), settings.engine))
  }
  await driver.start(wire, stream.options.commit !== 'open')
  return respond(driver.body(wire))
}

function formOf(
  stream: StreamBody<unknown, string>,
  settings: Settings,
): { headers: Record<string, string>; wire: Wire<unknown> } {
  if (stream instanceof EventStream) {
    const { wire, delivery = settings.delivery } = stream.options
    return { headers: EVENTS, wire: wire?.() ?? new FragmentsWire(settings.engine, delivery) }
  }
  if (stream instanceof NDJSON) {
    return { headers: { 'Content-Type': 'application/x-ndjson', ...LIVE }, wire: ndjsonWire }
  }
  if (stream instanceof JsonDocument) {
    return {
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
      wire: ndjsonWire,
    }
  }
  // Only the author of bytes knows what they are.
  const type = stream.headers.get('content-type') ?? 'application/octet-stream'
  return { headers: { 'Content-Type': type, ...LIVE }, wire: bytesWire }
}

/** Takes a place among the open streams, and hold of the source. */
function drive(
  stream: StreamBody<unknown, string>,
  c: Context,
  settings: Settings,
): Driver<unknown> {
  const { log, expose } = settings
  const { onEnd, onError } = stream.options
  const { heartbeatMs = settings.heartbeatMs } = stream instanceof EventStream ? stream.options : {}
  const limits = { ...settings.limits, ...stream.options.limits }
  const { address, host, drop, onLeave } = settings.connection(c)
  const route = `${c.req.method} ${c.req.path}`

  const place = takePlace(address, host, limits)
  const driver = new Driver({
    source: stream.source,
    enter: stream.enter,
    client: c.req.raw.signal,
    drop,
    onLeave,
    lastEventId: c.req.header('last-event-id'),
    route,
    log,
    expose,
    heartbeatMs,
    limits,
    onError,
    onEnd: (end) => {
      place.left(end)
      const { reason, values, frames, bytes, durationMs: ms } = end
      log.info({ route, reason, values, frames, bytes, ms }, 'stream ended')
      return onEnd?.(end)
    },
  })
  place.taken(driver)
  return driver
}
