import { encodeComment, encodeEvent } from '../sse/sse.ts'
import { ServerSentEvent } from '../sse/server-sent-event.ts'
import { farewell } from './farewell.ts'
import { toJsonText } from './json-text.ts'
import type { Encoder } from './wire.ts'

/**
 * The barest encoding: unnamed events and nothing else. A good end is the end of the body, so it is for clients that fetch;
 * an EventSource would connect again. A failure is one last event `{"error": …}`.
 *
 * Throws  SourceError `source/value` for a value that has no JSON.
 *
 * @example new EventStream(() => ['Hel', 'lo'], { encoding: plain })
 */
export function plain(): Encoder<unknown> {
  return {
    value(value) {
      if (value instanceof ServerSentEvent) return encodeEvent(value)
      return encodeEvent({ data: typeof value === 'string' ? value : toJsonText(value) })
    },
    end({ reason, error }) {
      if (reason === 'done') return ''
      if (reason === 'shutdown') return farewell()
      const { message, code, id } = error ?? {
        message: 'The stream was cut.',
        code: reason,
        id: undefined,
      }
      return encodeEvent({ data: JSON.stringify({ error: message, code, id }) })
    },
    heartbeat: () => encodeComment('ping'),
  }
}
