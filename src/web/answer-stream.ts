import type { Context } from 'hono'
import { requestFacts, VARY } from '../htmx/request.ts'
import { Driver } from '../streams/driver.ts'
import type { EventStream } from '../streams/event-stream.ts'
import { takePlace } from '../streams/registry.ts'
import { FragmentsWire } from './fragments-wire.ts'
import { finishedFragments, finishedPage } from './finished.ts'
import { guardOrigin } from './origin-guard.ts'
import type { Settings } from './settings.ts'

/** Never stored, never buffered, never re-encoded on the way: or the stream arrives in one piece at its end. */
const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
}
const PAGE_HEADERS = { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }

/**
 * The same stream for whoever asks: an event stream to those who read one, the finished fragments to htmx without
 * its extension, the finished page to a browser without scripts, the headers alone to HEAD.
 *
 * Throws  what the source throws before its first value, AccessError, LimitError: nothing has been sent then.
 */
export async function answerStream(
  stream: EventStream,
  c: Context,
  settings: Settings,
): Promise<Response> {
  const { headers } = c.req.raw
  // Only here, where it is known to be a stream: a GET that starts paid work needs the guard as much as a POST.
  guardOrigin(headers, c.req.url, settings.allowedOrigins)

  const facts = requestFacts(headers)
  // Only the wire for htmx has another form for those who do not read streams.
  const streams = facts.streams || stream.options.wire !== undefined
  const respond = (body: BodyInit | null): Response =>
    new Response(body, {
      status: stream.status,
      headers: { ...(streams ? STREAM_HEADERS : PAGE_HEADERS), Vary: VARY },
    })
  if (c.req.method === 'HEAD') return respond(null)

  const driver = drive(stream, c, settings)
  if (!streams) {
    const finish = facts.fragment ? finishedFragments : finishedPage
    return respond(await finish(driver.values(), settings.engine))
  }
  const wire = stream.options.wire?.() ?? new FragmentsWire(settings.engine)
  await driver.start(wire)
  return respond(driver.body(wire))
}

/** Takes a place among the open streams, and hold of the source. */
function drive(stream: EventStream, c: Context, settings: Settings): Driver<unknown> {
  const { log, expose } = settings
  const { onEnd, heartbeatMs = settings.heartbeatMs } = stream.options
  const limits = { ...settings.limits, ...stream.options.limits }
  const { address, host, drop } = settings.connection(c)
  const route = `${c.req.method} ${c.req.path}`

  const place = takePlace(address, host, limits)
  const driver = new Driver({
    source: stream.source,
    enter: stream.enter,
    client: c.req.raw.signal,
    drop,
    lastEventId: c.req.header('last-event-id'),
    route,
    log,
    expose,
    heartbeatMs,
    limits,
    onEnd: (end) => {
      place.left(end)
      const { reason, values, frames, bytes, durationMs: ms } = end
      log.info({ route, reason, values, frames, bytes, ms }, 'stream ended')
      onEnd?.(end)
    },
  })
  place.taken(driver)
  return driver
}
