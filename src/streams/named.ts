import { encodeComment, encodeEvent } from '../sse/sse.ts'
import { checkEventName, ServerSentEvent } from '../sse/server-sent-event.ts'
import { farewell } from './farewell.ts'
import { toJsonText } from './json-text.ts'
import type { EventEncoding } from './wire.ts'

/** What the events are called. */
export interface EventsOptions {
  /** The event name of plain values. Default none: an unnamed message. */
  readonly event?: string
  /** The event name of the terminal. Default `done`. */
  readonly done?: string
  /** The event name of a failure. Default `error`. */
  readonly error?: string
}

/**
 * The wire for scripts: values as events, text as text, everything else as JSON.
 *
 * A good end is `event: done` with its reason; a failure is `event: error` with a code and an id, and no `done` after
 * it. The browser's EventSource delivers its own network errors under the name `error` too: only ours has data.
 *
 * Throws  SourceError `wire/field` for a name that cannot be sent; `source/value` for a value that has no JSON.
 *
 * @example new EventStream(() => [{ pct: 50 }, { pct: 100 }], { encoding: events({ event: 'progress' }) })
 */
export function events(options: EventsOptions = {}): EventEncoding {
  const { event, done = 'done', error = 'error' } = options
  if (event !== undefined) checkEventName(event)
  checkEventName(done)
  // What EventSource calls its own failures is the name that most scripts listen to.
  if (error !== 'error') checkEventName(error)
  return () => ({
    value(value) {
      if (value instanceof ServerSentEvent) return encodeEvent(value)
      const data = typeof value === 'string' ? value : toJsonText(value)
      return encodeEvent(event === undefined ? { data } : { event, data })
    },
    end({ reason, error: failure }) {
      if (failure)
        return encodeEvent({ event: error, data: JSON.stringify({ reason, ...failure }) })
      return reason === 'shutdown'
        ? farewell()
        : encodeEvent({ event: done, data: JSON.stringify({ reason }) })
    },
    heartbeat: () => encodeComment('ping'),
  })
}
