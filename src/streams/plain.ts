import { encodeComment, encodeEvent } from '../wire/sse.ts'
import { ServerSentEvent } from '../wire/server-sent-event.ts'
import { farewell } from './farewell.ts'
import { toJsonText } from './json-text.ts'
import type { Wire } from './wire.ts'

/**
 * The barest wire: unnamed events and nothing else. A good end is the end of the body, so it is for clients that fetch;
 * an EventSource would connect again. A failure is one last event `{"error": …}`.
 *
 * Throws  SourceError `source/value` for a value that has no JSON.
 *
 * @example new EventStream(() => ['Hel', 'lo'], { wire: plain })
 */
export function plain(): Wire<unknown> {
  return {
    value(value) {
      if (value instanceof ServerSentEvent) return encodeEvent(value)
      return encodeEvent({ data: typeof value === 'string' ? value : toJsonText(value) })
    },
    terminal({ reason, error }) {
      if (reason === 'stop') return ''
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
