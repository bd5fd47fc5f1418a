import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ServerSentEvent, SourceError } from 'swapstream'
import { encodeComment, encodeEvent } from '../../src/sse/sse.ts'

function parse(
  text: string,
): { event: string | undefined; id: string | undefined; data: string }[] {
  const events: { event: string | undefined; id: string | undefined; data: string }[] = []
  const parser = createParser({
    onEvent: ({ event, id, data }) => events.push({ event, id, data }),
  })
  parser.feed(text)
  return events
}

describe('encodeEvent', () => {
  test('gives every line of the data its own prefix, whatever ended the line', () => {
    expect(encodeEvent({ data: 'a\nb\r\nc\rd' })).toBe('data: a\ndata: b\ndata: c\ndata: d\n\n')
  })

  test('writes the fields in the order event, id, retry, data', () => {
    expect(encodeEvent({ data: 'x', retry: 1000, id: '2', event: 'added' })).toBe(
      'event: added\nid: 2\nretry: 1000\ndata: x\n\n',
    )
  })

  test('keeps empty data, an empty id, and text that looks like a field', () => {
    expect(encodeEvent({ data: '' })).toBe('data: \n\n')
    expect(encodeEvent({ id: '', data: 'x' })).toBe('id: \ndata: x\n\n')
    expect(encodeEvent({ data: 'event: x\nid: 1\n: comment' })).toBe(
      'data: event: x\ndata: id: 1\ndata: : comment\n\n',
    )
  })

  test('leaves U+2028 and NUL in the data alone', () => {
    expect(encodeEvent({ data: 'a\u2028b\0c' })).toBe('data: a\u2028b\0c\n\n')
  })

  test('any text comes out of an independent parser as it went in, with LF for every line break, as one event', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', ' ', ':', '\n', '\r', '\r\n', 'data: ', '\u2028', '😀', '<'),
        }),
        (data) => {
          const text = encodeEvent({ data })
          expect(text).not.toContain('\r')
          expect(parse(text)).toEqual([
            { event: undefined, id: undefined, data: data.replace(/\r\n|\r/g, '\n') },
          ])
        },
      ),
    )
  })
})

describe('encodeComment', () => {
  test('is skipped by parsers', () => {
    expect(encodeComment('ping')).toBe(': ping\n\n')
    expect(parse(encodeComment('ping') + encodeEvent({ data: 'x' }))).toHaveLength(1)
  })
})

describe('ServerSentEvent', () => {
  test.each([
    ['a line feed in the event name', { event: 'a\nb' }],
    ['a carriage return in the id', { id: 'a\rb' }],
    ['a NUL in the id', { id: 'a\0' }],
    ['a retry that is no whole number', { retry: 1.5 }],
    ['a negative retry', { retry: -1 }],
    ['a retry that is not a number', { retry: Number.NaN }],
    ['an event name that submits forms', { event: 'submit' }],
    ['an event name that looks like a lost network', { event: 'error' }],
    ['an event name of htmx', { event: 'htmx:load' }],
  ])('refuses %s when it is made', (_, fields) => {
    expect(() => new ServerSentEvent(fields)).toThrow(SourceError)
    expect(() => new ServerSentEvent(fields)).toThrow(
      expect.objectContaining({ code: 'wire/field' }),
    )
  })

  test('is frozen, and has exactly the fields of its input', () => {
    const event = new ServerSentEvent({ event: 'app:usage', data: '{}', id: '' })
    expect(Object.isFrozen(event)).toBe(true)
    expect({ ...event }).toEqual({ event: 'app:usage', data: '{}', id: '' })
  })
})
