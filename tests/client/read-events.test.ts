import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventStream, events, ServerSentEvent, swapstream } from 'swapstream'
import { readEvents, type ReadEvent } from 'swapstream/client'
import { Hono } from 'hono'
import { runsOf } from '../support/runs.ts'

const EVENT_STREAM = { headers: { 'content-type': 'text/event-stream; charset=utf-8' } }

/** A body of these chunks, which notes when it is cancelled. */
function bodyOf(
  chunks: readonly Uint8Array[],
  { open = false } = {},
): { body: ReadableStream<Uint8Array>; cancelled: () => boolean } {
  let cancelled = false
  let next = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (next < chunks.length) controller.enqueue(chunks[next++]!)
        else if (!open) controller.close()
        else return new Promise<void>(() => {})
        return undefined
      },
      cancel() {
        cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { body, cancelled: () => cancelled }
}

interface Read {
  events: ReadEvent[]
  retries: number[]
  comments: string[]
}

async function read(chunks: readonly Uint8Array[]): Promise<Read> {
  const seen: Read = { events: [], retries: [], comments: [] }
  const received = readEvents(new Response(bodyOf(chunks).body, EVENT_STREAM), {
    onRetry: (retryMs) => seen.retries.push(retryMs),
    onComment: (comment) => seen.comments.push(comment),
  })
  for await (const event of received) seen.events.push(event)
  return seen
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const cut = (whole: Uint8Array, ...at: number[]): Uint8Array[] =>
  [0, ...at].map((from, index) => whole.slice(from, at[index] ?? whole.length))

/** Every rule of the standard at once; written with LF, read with all three line ends. */
const TEXT = [
  ': a comment',
  'retry: 1500',
  '',
  'data:  two spaces',
  'data:none',
  'data',
  'data: ',
  '',
  'event: token',
  'id: 7',
  'data: Grüße 👋 世界',
  '',
  'id',
  'data: x',
  '',
  'event: nothing to say',
  '',
  'retry: soon',
  'unknown: field',
  'id: a\0b',
  'data: y: z',
  '',
  'data: cut off',
].join('\n')
const WANTED: Read = {
  events: [
    { data: ' two spaces\nnone\n\n' },
    { data: 'Grüße 👋 世界', event: 'token', id: '7' },
    { data: 'x', id: '' },
    { data: 'y: z' },
  ],
  retries: [1500],
  comments: ['a comment'],
}

describe('readEvents', () => {
  test.each([
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ])('gives the same events wherever the bytes are cut: lines end with %s', async (_, end) => {
    for (const mark of ['', '\uFEFF']) {
      const whole = bytes(mark + TEXT.replaceAll('\n', end))
      for (let at = 0; at <= whole.length; at++) expect(await read(cut(whole, at))).toEqual(WANTED)
      expect(await read([...whole].map((byte) => Uint8Array.of(byte)))).toEqual(WANTED)
    }
  })

  test('gives the same events for any text, any mix of line ends and any cuts', async () => {
    const line = fc.oneof(
      fc.constantFrom(
        '',
        '',
        ': c',
        'data',
        'data:',
        'data: a',
        'data:  b',
        'event: e',
        'id: 1',
        'retry: 5',
      ),
      fc
        .string({ unit: 'grapheme', maxLength: 8 })
        .map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
    )
    const lines = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(lines, fc.array(fc.nat(400), { maxLength: 6 }), async (spelt, offsets) => {
        // CR before an empty line that ends with LF is one line end, not two: spell what is meant.
        const text = spelt.map(([content, end]) => content + end).join('')
        const whole = bytes(text)
        const at = offsets.filter((offset) => offset < whole.length).toSorted((a, b) => a - b)
        const reference = bytes(text.replace(/\r\n?/g, '\n'))
        expect(await read(cut(whole, ...at))).toEqual(await read([reference]))
      }),
      { numRuns: runsOf(120) },
    )
  })

  test('gives an event as soon as its empty line is there, also behind a CR', async () => {
    const { body } = bodyOf([bytes('data: a\r\r')], { open: true })
    const received = readEvents(new Response(body, EVENT_STREAM))
    expect(await received.next()).toEqual({ done: false, value: { data: 'a' } })
  })

  test('cancels the body when the loop is left', async () => {
    const { body, cancelled } = bodyOf([bytes('data: a\n\n'), bytes('data: b\n\n')], { open: true })
    for await (const event of readEvents(new Response(body, EVENT_STREAM))) {
      expect(event).toEqual({ data: 'a' })
      break
    }
    expect(cancelled()).toBe(true)
  })

  test('cancels the body when it is let go while it waits, and when nothing was read', async () => {
    const waiting = bodyOf([], { open: true })
    const received = readEvents(new Response(waiting.body, EVENT_STREAM))
    const pending = received.next()
    await new Promise((resolve) => setTimeout(resolve, 5))
    await received.return()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(waiting.cancelled()).toBe(true)
  })

  test('reads what our own encoding writes, by POST, with leading spaces and several lines', async () => {
    const app = new Hono()
    app.use(swapstream({ templates: {} }))
    const values = [
      ' lead',
      'two\nlines',
      new ServerSentEvent({ event: 'usage', id: '9', data: '{}' }),
    ]
    app.post('/chat', () => new EventStream(() => values, { encoding: events() }))
    const seen: ReadEvent[] = []
    for await (const event of readEvents(
      app.request('/chat', { method: 'POST' }) as Promise<Response>,
    ))
      seen.push(event)
    expect(seen).toEqual([
      { data: ' lead' },
      { data: 'two\nlines' },
      { data: '{}', event: 'usage', id: '9' },
      { data: '{"reason":"done"}', event: 'done' },
    ])
  })

  test('throws for an error status, another type, and a body that was read', async () => {
    const drain = async (response: Response): Promise<void> => {
      for await (const _ of readEvents(response)) continue
    }
    await expect(drain(new Response('no such prompt', { status: 422 }))).rejects.toMatchObject({
      code: 'source/failed',
      message: expect.stringContaining('The answer has status 422: no such prompt'),
    })
    await expect(drain(Response.json({ a: 1 }))).rejects.toMatchObject({
      code: 'source/value',
      message: /application\/json, not an event stream/,
    })
    const twice = new Response('data: a\n\n', EVENT_STREAM)
    await drain(twice)
    await expect(drain(twice)).rejects.toThrow(/was read before/)
  })

  test('throws what the connection throws, after the events before it', async () => {
    const seen: ReadEvent[] = []
    let sent = false
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) controller.error(new TypeError('terminated'))
        else controller.enqueue(bytes('data: a\n\ndata: b'))
        sent = true
      },
    })
    const drain = async (): Promise<void> => {
      for await (const event of readEvents(new Response(body, EVENT_STREAM))) seen.push(event)
    }
    await expect(drain()).rejects.toThrow('terminated')
    expect(seen).toEqual([{ data: 'a' }])
  })

  test('gives nothing for an answer without a body', async () => {
    expect(await readEvents(new Response(null, { status: 204 })).next()).toMatchObject({
      done: true,
    })
  })
})
