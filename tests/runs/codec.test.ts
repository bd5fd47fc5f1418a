import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fragment, ServerSentEvent, SourceError, streamToFragments } from 'swapstream'
import { createDecoder, createEncoder } from '../../src/runs/codec.ts'
import { EndMarker } from '../../src/streams/end.ts'

/** What JSON gives back as it was: it knows no negative zero. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown)
const fields = fc.dictionary(fc.string(), json).map((made) => ({ ...made }))

const cuts = [undefined, { streaming: false }, { streaming: false, failed: true }]
const place = fc.constantFrom({}, { target: '#a' }, { target: '#b', swap: 'beforeend' } as const)

/** Fragments of few addresses, whose text grows, jumps, is told wrong, or is not there. */
const fragment = fc
  .record({
    block: fc.constantFrom('one', 'two'),
    context: fields,
    key: fc.constantFrom('text', 'other', '__proto__'),
    text: fc.string(),
    /** More than there is: what it says about itself is wrong. */
    lie: fc.option(fc.string(), { nil: undefined }),
    cut: fc.constantFrom(...cuts),
    final: fc.boolean(),
    place,
  })
  .map(({ block, context, key, text, lie, cut, final, place: where }) => {
    const whole = Object.fromEntries([...Object.entries(context), [key, text]])
    const grows = lie === undefined ? {} : { grows: { key, delta: `${text}!${lie}` } }
    return new Fragment('t.html', block, whole, {
      ...where,
      ...grows,
      final,
      ...(cut && { cut }),
    })
  })

const growing = fc.array(fc.string(), { minLength: 1, maxLength: 8 }).map((deltas) =>
  deltas.map((delta, at) => {
    const text = deltas.slice(0, at + 1).join('')
    return new Fragment('t.html', 'answer', { text }, { grows: { key: 'text', delta } })
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
        const { value: encode } = createEncoder()
        const decode = createDecoder()
        for (const one of values) {
          const line = encode(one)
          expect(line).not.toContain('\n')
          expect(decode(line)).toEqual(one)
        }
      }),
    )
  })

  test('is about as long as the answer, not as its square', async () => {
    const words = Array.from({ length: 1_000 }, (_, n) => `word${n} `)
    const encoder = createEncoder()
    let chars = 0
    for await (const made of streamToFragments(words, 'chat.html', 'response', {
      extraContext: { sources: [{ title: 'A long title that is written once.' }] },
    }))
      chars += encoder.value(made).length
    expect(chars).toBeLessThan(words.join('').length + 1_000 * 20)
  })

  test('spells one token in one short line', () => {
    const { value: encode } = createEncoder()
    const at = (text: string, delta: string): Fragment =>
      new Fragment('chat.html', 'response', { text }, { grows: { key: 'text', delta } })
    expect([encode(at('Hel', 'Hel')), encode(at('Hello', 'lo'))]).toEqual([
      '{"f":0,"t":["chat.html","response"],"k":"text","c":{"text":"Hel"},"d":"Hel"}',
      '{"n":0,"d":"lo"}',
    ])
  })

  test.each([
    [{ at: new Date(0) }, 'at is a Date'],
    [{ list: [undefined] }, 'list.0 is undefined'],
    [{ n: Number.NaN }, 'n is NaN'],
    [{ go() {} }, 'go is a function'],
    [{ deep: { map: new Map() } }, 'deep.map is a Map'],
  ])('refuses a context that JSON would change: %o', (context, fault) => {
    const write = (): string => createEncoder().value(new Fragment('t.html', 'b', context))
    expect(write).toThrow(SourceError)
    expect(write).toThrow(fault)
  })

  test('refuses a circle, and plain values that have no JSON', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    const { value: encode } = createEncoder()
    expect(() => encode(new Fragment('t.html', 'b', circle))).toThrow(/circular/)
    expect(() => encode(1n)).toThrow(SourceError)
    expect(() => encode(undefined)).toThrow(SourceError)
  })

  test('tells how the run ended, and what its source returned', () => {
    const publicError = { code: 'source/failed', id: 'abc', message: 'Something went wrong.' }
    const back = (ended: EndMarker): unknown => createDecoder()(createEncoder().end(ended))
    expect(back(new EndMarker('done', { final: { url: '/r' } }))).toMatchObject({
      reason: 'done',
      final: { url: '/r' },
    })
    expect(back(new EndMarker('error', { publicError }))).toMatchObject({
      reason: 'error',
      publicError,
    })
  })
})
