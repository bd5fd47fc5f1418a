import { requestFacts, VARY } from '../htmx/request.ts'
import type { TemplateEngine } from '../render/engine.ts'
import type { Driver } from '../streams/driver.ts'
import { FragmentsWire } from './fragments-wire.ts'
import { finishedFragments, finishedPage } from './finished.ts'

/** Never stored, never buffered, never re-encoded on the way: or the stream arrives in one piece at its end. */
const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
}

export interface StreamAnswer {
  /** Takes hold of the source; for HEAD it is never called. */
  readonly drive: () => Driver<unknown>
  readonly engine: TemplateEngine
  readonly heartbeatMs: number | false
  readonly status: number
  readonly method: string
  readonly request: Headers
}

/**
 * The same stream for whoever asks: an event stream to those who read one, the finished fragments to htmx without
 * its extension, the finished page to a browser without scripts, the headers alone to HEAD.
 */
export async function answerStream(answer: StreamAnswer): Promise<Response> {
  const { drive, engine, heartbeatMs, status, method, request } = answer
  const { streams, fragment } = requestFacts(request)
  const respond = (body: BodyInit | null, headers: Record<string, string>): Response =>
    new Response(body, { status, headers: { ...headers, Vary: VARY } })
  const html = { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }

  if (method === 'HEAD') return respond(null, streams ? STREAM_HEADERS : html)
  const driver = drive()
  if (!streams) {
    const finish = fragment ? finishedFragments : finishedPage
    return respond(await finish(driver.values(), engine), html)
  }
  const wire = new FragmentsWire(engine)
  await driver.start(wire)
  return respond(driver.body(wire, heartbeatMs), STREAM_HEADERS)
}
