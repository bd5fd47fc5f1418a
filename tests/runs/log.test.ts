import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fragment, ServerSentEvent, SourceError, streamToFragments } from 'swapstream'
import { LogDecoder, LogEncoder } from '../../src/runs/log.ts'
import { Ended } from '../../src/streams/ended.ts'

/** What JSON gives back as it was: it knows no negative zero. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown)
const fields = fc.dictionary(fc.string(), json).map((made) => ({ ...made }))

const cuts = [undefined, { streaming: false }, { streaming: false, failed: true }]
const place = fc.constantFrom({}, { target: '#a' }, { target: '#b', swap: 'beforeend' } as const)

/** Fragments of few addresses, whose variables grow, jump, or are not there. */
const fragment = fc
  .record({
    block: fc.constantFrom('one', 'two'),
    context: fields,
    key: fc.constantFrom('text', 'other', '__proto__'),
    text: fc.string(),
    cut: fc.constantFrom(...cuts),
    final: fc.boolean(),
    place,
  })
  .map(({ block, context, key, text, cut, final, place: where }) => {
    const whole = Object.fromEntries([...Object.entries(context), [key, text]])
    return new Fragment('t.html', block, whole, { ...where, final, ...(cut && { cut }) })
  })

const growing = fc.array(fc.string(), { minLength: 1, maxLength: 8 }).map((deltas) =>
  deltas.map((_, at) => {
    const text = deltas.slice(0, at + 1).join('')
    return new Fragment('t.html', 'answer', { text, ['__proto__']: text })
  }),
)
const value = fc.oneof(
  fc.string(),
  json.filter((made) => typeof made !== 'string'),
  fc.string().map((data) => new ServerSentEvent({ data, event: 'usage' })),
  fragment,
)
const said = fc
  .array(
    fc.oneof(
      value.map((one): unknown[] => [one]),
      growing,
    ),
  )
  .map((parts) => parts.flat())

describe('the log of a run', () => {
  test('gives back what was written, whatever it was', () => {
    fc.assert(
      fc.property(said, (values) => {
        const encoder = new LogEncoder()
        const decoder = new LogDecoder()
        for (const one of values) {
          const line = encoder.value(one)
          expect(line).not.toContain('\n')
          expect(decoder.decode(line)).toEqual(one)
        }
      }),
    )
  })

  test('is about as long as the answer, not as its square', async () => {
    const words = Array.from({ length: 1_000 }, (_, n) => `word${n} `)
    const encoder = new LogEncoder()
    let chars = 0
    for await (const made of streamToFragments(words, 'chat.html', 'response', {
      extraContext: { sources: [{ title: 'A long title that is written once.' }] },
    }))
      chars += encoder.value(made).length
    expect(chars).toBeLessThan(words.join('').length + 1_000 * 25)
  })

  test('spells one token in one short line', () => {
    const encoder = new LogEncoder()
    const line = (context: object, final = false): string =>
      encoder.value(new Fragment('chat.html', 'response', { ...context }, { final }))
    expect([
      line({ text: 'Hel', streaming: true }),
      line({ text: 'Hello', streaming: true }),
      line({ text: 'Hello you', streaming: false }, true),
      line({ text: 'Bye' }),
    ]).toEqual([
      '{"f":0,"t":["chat.html","response"],"c":{"text":"Hel","streaming":true}}',
      '{"n":0,"d":{"text":"lo"}}',
      '{"n":0,"d":{"text":" you"},"c":{"streaming":false},"z":1}',
      '{"n":0,"c":{"text":"Bye"},"x":["streaming"]}',
    ])
  })

  test.each([
    [{ at: new Date(0) }, 'at is a Date'],
    [{ list: [undefined] }, 'list.0 is undefined'],
    [{ n: Number.NaN }, 'n is NaN'],
    [{ go() {} }, 'go is a function'],
    [{ deep: { map: new Map() } }, 'deep.map is a Map'],
  ])('refuses a context that JSON would change: %o', (context, fault) => {
    const write = (): string => new LogEncoder().value(new Fragment('t.html', 'b', context))
    expect(write).toThrow(SourceError)
    expect(write).toThrow(fault)
  })

  test('refuses a circle, and plain values that have no JSON', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    const encode = (one: unknown): string => new LogEncoder().value(one)
    expect(() => encode(new Fragment('t.html', 'b', circle))).toThrow(/circular/)
    expect(() => encode(1n)).toThrow(SourceError)
    expect(() => encode(undefined)).toThrow(SourceError)
  })

  test('tells how the run ended, and what its source returned', () => {
    const seen = { code: 'source/failed', id: 'abc', message: 'Something went wrong.' }
    const back = (ended: Ended): unknown => new LogDecoder().decode(new LogEncoder().end(ended))
    expect(back(new Ended('done', { final: { url: '/r' } }))).toMatchObject({
      reason: 'done',
      final: { url: '/r' },
    })
    expect(back(new Ended('error', { seen }))).toMatchObject({ reason: 'error', seen })
  })
})
