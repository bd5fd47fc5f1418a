import { type EventFields, toJsonText } from './server-sent-event.ts'

const LINE_BREAK = /\r\n|\r|\n/g

/**
 * One event as text: every line of the data gets its own prefix, the empty line ends the event.
 *
 * LF only, because htmx 4 keeps no state for a CRLF that two packets cut apart: it would see an empty line too early.
 * `event` and `id` are trusted here: `ServerSentEvent` has checked them.
 *
 * @example encodeEvent({ data: '<p>Hello\nyou</p>' }) // → 'data: <p>Hello\ndata: you</p>\n\n'
 */
export function encodeEvent(fields: EventFields): string {
  let text = ''
  // Clients call an event without a name "message": those that split lines, too.
  if (fields.event !== undefined && fields.event !== 'message') text += `event: ${fields.event}\n`
  if (fields.id !== undefined) text += `id: ${fields.id}\n`
  if (fields.retry !== undefined) text += `retry: ${fields.retry}\n`
  const { data } = fields
  if (data !== undefined)
    text += `data: ${prefixed(typeof data === 'string' ? data : toJsonText(data))}\n`
  return `${text}\n`
}

function prefixed(data: string): string {
  return data.includes('\n') || data.includes('\r') ? data.replace(LINE_BREAK, '\ndata: ') : data
}

/** A comment: clients skip it, proxies see life. The text is ours and constant, so it is not checked. */
export function encodeComment(text: string): string {
  return `: ${text}\n\n`
}

/**
 * An event with the id under which a reader can come back: at its end, where it wins over an id of its author's. The
 * last one, when there are several: who has read that far has read them all.
 *
 * @example withId('data: Hello\n\n', '1-2') // → 'data: Hello\nid: 1-2\n\n'
 */
export function withId(events: string, id: string): string {
  return events.endsWith('\n\n') ? `${events.slice(0, -1)}id: ${id}\n\n` : events
}
