import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BATTERY, CONFORMANCE, useApp } from './support/child-app.ts'
import { useConnections } from './support/raw-connection.ts'
import { readEvents } from './support/read-events.ts'
import { runsOf } from '../support/runs.ts'

const DONE = { event: 'done', data: '{"reason":"done"}' }
const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
}

describe('the framing of an event', () => {
  const app = useApp(CONFORMANCE)
  const { request } = useConnections(() => app().port)
  const echo = (fields: Record<string, unknown>) =>
    request('/echo', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    })

  test('has the headers that no cache, proxy or browser misreads', async () => {
    const response = await echo({ data: 'x' })
    const { status, headers } = await response.head
    expect(status).toBe(200)
    expect(headers).toMatchObject(STREAM_HEADERS)
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  test.each<[string, string, string?]>([
    ['plain text', 'hello'],
    ['no text at all', ''],
    ['a space in front', '  two spaces'],
    ['LF', 'a\nb'],
    ['CRLF', 'a\r\nb', 'a\nb'],
    ['a lone CR', 'a\rb', 'a\nb'],
    ['all three line breaks, in a row and at both ends', '\n\r\n\ra\r\r\n\n', '\n\n\na\n\n\n'],
    ['an empty line', 'a\n\nb'],
    ['only line breaks', '\n\n'],
    ['U+2028 and U+2029, U+0085, VT and FF', 'a\u2028b\u2029c\u0085d\ve\f'],
    ['NUL', 'a\0b'],
    ['a BOM, first and inside', '\uFEFFa\uFEFFb'],
    ['emoji with joiners', '👩🏽‍🚀🏳️‍🌈 and ✨'],
    ['combining marks and right-to-left text', 'é ͏ שלום‏'],
    ['a lone high surrogate', 'a\uD800b', 'a\uFFFDb'],
    ['a lone low surrogate', 'a\uDC00', 'a\uFFFD'],
    ['a line that looks like a field', 'data: x\nevent: y\nid: 1\nretry: 5\nevent'],
    ['a line that looks like a comment', ': x\n:'],
    ['an event that looks finished', 'x\n\nevent: done\ndata: {"reason":"error"}\n\n'],
    ['the same with CR', 'x\r\revent: done\rdata: 1\r\r', 'x\n\nevent: done\ndata: 1\n\n'],
    ['markup', '<script>alert(1)</script>'],
  ])('keeps %s', async (_, data, expected = data) => {
    const body = await (await echo({ data })).text()
    const { events, comments, retries } = readEvents(body)
    expect(events).toEqual([{ data: expected }, DONE])
    expect([comments, retries]).toEqual([[], []])
    expect(body).not.toContain('\r')
    expect(body.endsWith('\n\n')).toBe(true)
  })

  test('keeps any text that can be thought of', async () => {
    const nasty = fc.string({
      unit: fc.oneof(
        fc.constantFrom(
          '\r',
          '\n',
          '\r\n',
          ':',
          ' ',
          'data: ',
          'event: ',
          'id:',
          '\0',
          '\u2028',
          '\uFEFF',
        ),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
      ),
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(nasty, async (data) => {
        const { events } = readEvents(await (await echo({ data })).text())
        expect(events).toEqual([
          { data: Buffer.from(data.replace(/\r\n|\r/g, '\n')).toString() },
          DONE,
        ])
      }),
      { numRuns: runsOf(40) },
    )
  })

  test('sends every field of an event, and each of them alone', async () => {
    const { events, retries } = readEvents(
      await (await echo({ data: 'x', event: 'app:n-1.a_B', id: 'é/1 2', retry: 1_500 })).text(),
    )
    expect(events).toEqual([{ event: 'app:n-1.a_B', data: 'x', id: 'é/1 2' }, DONE])
    expect(retries).toEqual([1_500])
    expect(readEvents(await (await echo({ data: 'x', id: '' })).text()).events[0]).toEqual({
      data: 'x',
      id: '',
    })
    expect(readEvents(await (await echo({ data: 'x', retry: 0 })).text()).retries).toEqual([0])
    expect(readEvents(await (await echo({ html: '<b>x</b>' })).text()).events[0]).toEqual({
      data: '<b>x</b>',
    })
  })

  test.each<[string, Record<string, unknown>]>([
    ...['\n', '\r', '\r\n', '\0', '\ndata: injected\n\n'].flatMap(
      (end): [string, Record<string, unknown>][] => [
        [`an event name with ${JSON.stringify(end)}`, { event: `x${end}` }],
        [`an id with ${JSON.stringify(end)}`, { id: `1${end}` }],
        [`a retry with ${JSON.stringify(end)}`, { retry: `1${end}` }],
      ],
    ),
    ['an empty event name', { event: '' }],
    ['an event name with a space', { event: 'a b' }],
    ['an event name of 65 letters', { event: 'x'.repeat(65) }],
    ...['error', 'message', 'submit', 'click', 'open', 'htmx:abort'].map(
      (event): [string, Record<string, unknown>] => [`an event named ${event}`, { event }],
    ),
    ['an event name that is no text', { event: { toString: 'x' } }],
    ['an id that is a number', { id: 1 }],
    ['a negative retry', { retry: -1 }],
    ['a broken retry', { retry: 1.5 }],
    ['a retry beyond all numbers', { retry: 1e30 }],
    ['a retry that is text', { retry: '1000' }],
    ['a retry of null', { retry: null }],
    ['data that is a number', { data: 1 }],
    ['data that is an object', { data: {} }],
  ])('is refused before its first byte for %s', async (_, fields) => {
    const response = await echo({ data: 'x', ...fields })
    const { status, headers } = await response.head
    expect([400, 422]).toContain(status)
    expect(headers['content-type']).not.toContain('event-stream')
    expect(await response.text()).not.toMatch(/^(data|event|id|retry):/m)
  })
})

describe('the size of an event', () => {
  const app = useApp(BATTERY)
  const { request } = useConnections(() => app().port)
  const edges = [1, 2, 4, 8, 16, 32, 64, 128, 256].flatMap((kib) => {
    const size = kib * 1024
    // Around the size of the line and around that of the whole event: `data: ` and two line ends more.
    return [size - 9, size - 8, size - 7, size - 1, size, size + 1]
  })

  test.each([0, 1, 2, ...edges])('of %i bytes arrives whole', async (size) => {
    const body = await (await request(`/line/${size}`)).text()
    const { events } = readEvents(body)
    expect(events.length).toBe(2)
    expect(events[0]!.data === 'x'.repeat(size)).toBe(true)
    expect(events[1]).toEqual(DONE)
  })

  test('of 10 MB in one line arrives whole', async () => {
    const size = 10 * 1024 * 1024
    const body = await (await request(`/line/${size}`)).text()
    expect(body.length).toBe(
      size + 'data: \n\n'.length + 'event: done\ndata: {"reason":"done"}\n\n'.length,
    )
    expect(readEvents(body).events[0]!.data === 'x'.repeat(size)).toBe(true)
  })
})
