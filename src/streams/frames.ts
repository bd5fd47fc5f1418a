import { encodeComment, encodeEvent } from '../sse/sse.ts'
import { ServerSentEvent } from '../sse/server-sent-event.ts'
import { toJsonText } from './json-text.ts'
import type { Encoder } from './wire.ts'

/**
 * The wire that counts: every event is a frame with its type and a number that rises by one, so that a client sees what
 * it missed. `start`, then `chunk`s, then exactly one of `complete` (with what the source returned), `error`, `cancel`.
 *
 * Throws  SourceError `source/value` for a value that has no JSON.
 *
 * @example new EventStream(async function* () { yield { pct: 50 }; return { url: '/report' } }, { encoding: sequenced })
 */
export function sequenced(): Encoder<unknown> {
  let seq = 0
  const frame = (type: string, member = ''): string =>
    encodeEvent({ event: type, data: `{"type":"${type}","seq":${seq++}${member}}` })
  return {
    start: () => frame('start'),
    value(value) {
      if (value instanceof ServerSentEvent) return encodeEvent(value)
      return frame('chunk', `,"chunk":${toJsonText(value)}`)
    },
    end({ reason, error, final }) {
      if (error) return frame('error', `,"error":${JSON.stringify(error)}`)
      if (reason !== 'done') return frame('cancel', `,"reason":"${reason}"`)
      return frame('complete', final === undefined ? '' : `,"final":${toJsonText(final)}`)
    },
    heartbeat: () => encodeComment('ping'),
  }
}
