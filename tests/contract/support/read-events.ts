import { createParser } from 'eventsource-parser'

export interface ReadEvent {
  readonly event?: string
  readonly data: string
  readonly id?: string
}

export interface ReadStream {
  readonly events: ReadEvent[]
  readonly comments: string[]
  readonly retries: number[]
}

/** A body read by a parser that is not ours: it decides what a client sees. */
export function readEvents(body: string): ReadStream {
  const read: ReadStream = { events: [], comments: [], retries: [] }
  const parser = createParser({
    onEvent: ({ event, data, id }) =>
      read.events.push({ ...(event ? { event } : {}), data, ...(id === undefined ? {} : { id }) }),
    onComment: (comment) => read.comments.push(comment),
    onRetry: (retry) => read.retries.push(retry),
    onError: (error) => {
      throw error
    },
  })
  parser.feed(body)
  return read
}
