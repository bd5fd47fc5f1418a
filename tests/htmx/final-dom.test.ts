import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fragment } from '../../src/fragments/fragment.ts'
import { applyFrames, FramedPage, type Destination } from '../../src/testing/apply-frames.ts'
import { domText } from '../../src/testing/client/dom-text.ts'
import { FRAME_CASES } from '../support/frame-cases.ts'
import { blockTree } from '../../src/htmx/block-tree.ts'
import { StreamPage } from '../../src/htmx/stream-page.ts'
import { runsOf } from '../support/runs.ts'

/** Pieces of which blocks are made: well-formed, of every shape, some nearly alike. */
const inline = fc.constantFrom('text', 'more <b>bold</b>', '&lt;x&gt;', '<i></i>', '')
const root = fc.tuple(
  fc.constantFrom('p', 'div', 'article', 'ul', 'section', 'swap-frame'),
  fc.constantFrom(
    '',
    ' class="a"',
    ' id="own"',
    ' id="other"',
    ' id="a:b"',
    ' aria-busy="true"',
    ' title="a > b"',
  ),
  inline,
)
const element = root.map(([tag, attributes, content]) => `<${tag}${attributes}>${content}</${tag}>`)
const block = fc.oneof(
  { weight: 5, arbitrary: element },
  { weight: 1, arbitrary: inline },
  { weight: 2, arbitrary: fc.tuple(element, element).map((two) => two.join('\n')) },
  { weight: 1, arbitrary: element.map((one) => `<!-- note -->${one}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '<img src="x.png">',
      '<p>a<div>b</div></p>',
      '<p>open',
      '<li>x</li>',
    ),
  },
)

const page = '<body><main><div id="answer">old</div></main></body>'
/** Only elements and texts: blanks and comments around a block are not swapped again with it. */
const shape = (html: string): string =>
  html
    .replace(/<!--.*?-->/gs, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?(<[^>]+>) ?/g, '$1')

const last = (html: string, swap: string): string =>
  shape(applyFrames(page, [html], { target: '#answer', swap }))

/** The first frame comes as an answer; htmx 2 reads the others beside it, and swaps nothing but what has an address. */
function streamed([first = '', ...rest]: readonly string[], swap: string, htmx: 4 | 2): string {
  if (htmx === 4)
    return shape(applyFrames(page, [first, ...rest], { target: '#answer', swap, htmx }))
  const begun = applyFrames(page, [first], { target: '#answer', swap, htmx })
  return shape(applyFrames(begun, rest, { target: 'body', swap: 'none', htmx }))
}

describe.each([4, 2] as const)('the page after a stream, with htmx %i', (htmx) => {
  const morphs = htmx === 4
  test.each(['innerHTML', 'beforeend', 'outerHTML'])(
    'is the page with the last state alone, for hx-swap="%s"',
    (swap) => {
      fc.assert(
        fc.property(
          fc.array(block, { minLength: 1, maxLength: 6 }),
          fc.boolean(),
          (states, saysWhichIsLast) => {
            // A state without any element and text changes nothing, sent alone; streamed, it empties what was there.
            fc.pre(states.at(-1)!.trim() !== '')
            const stream = new StreamPage({ morphs })
            const frames = states.flatMap((html, n) => {
              const final = saysWhichIsLast && n === states.length - 1
              return stream.show(new Fragment('t', 'b', {}, { final }), blockTree(html))
            })
            frames.push(...stream.end())
            expect(streamed(frames, swap, htmx)).toBe(last(states.at(-1)!, swap))
          },
        ),
        { numRuns: runsOf(150) },
      )
    },
  )

  test('that was cut and resumed is the page with the last state alone, wherever the cuts were', () => {
    fc.assert(
      fc.property(
        fc.array(block, { minLength: 2, maxLength: 8 }),
        fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('innerHTML', 'beforeend', 'outerHTML'),
        fc.boolean(),
        (states, cuts, swap, knowsTarget) => {
          fc.pre(states.at(-1)!.trim() !== '')
          const frames: string[] = []
          let stream = new StreamPage({ morphs, resumable: true })
          let shown = 0
          const show = (n: number): void => {
            const fragment = new Fragment('t', 'b', {}, { final: n === states.length - 1 })
            frames.push(...stream.show(fragment, blockTree(states[n]!)))
            shown = n
          }
          // A connection may end before it has brought anything, where the page knows the target.
          if (!knowsTarget || htmx === 2 || swap === 'outerHTML' || cuts.length > 1) show(0)
          for (const cut of cuts) {
            for (let n = shown + 1; n < Math.min(states.length, cut); n++) show(n)
            if (shown === states.length - 1) break
            const to = knowsTarget ? '#answer' : undefined
            stream = new StreamPage({ morphs, resumable: true, at: stream.streamId, to })
            // What returns gets the newest state, perhaps a later one than it has.
            show(Math.min(states.length - 1, shown + (cut % 3)))
          }
          for (let n = shown + 1; n < states.length; n++) show(n)
          frames.push(...stream.end())
          // What stood in the target goes with the first frame, which may not have come.
          const withoutOld = (html: string): string =>
            html.replace('<div id="answer">old', '<div id="answer">')
          expect(withoutOld(streamed(frames, swap, htmx))).toBe(
            withoutOld(last(states.at(-1)!, swap)),
          )
        },
      ),
      { numRuns: runsOf(150) },
    )
  })
})

describe('applyFrames', () => {
  const destination = { target: '#answer' }
  test.each([
    ['innerHTML', '<div hx-swap-oob="innerHTML:#answer">new</div>', '<div id="answer">new</div>'],
    [
      'beforeend',
      '<div hx-swap-oob="beforeend:#answer"> new</div>',
      '<div id="answer">old new</div>',
    ],
    [
      'afterbegin',
      '<div hx-swap-oob="afterbegin:#answer"><b></b>new </div>',
      '<div id="answer"><b></b>new old</div>',
    ],
    [
      'beforebegin',
      '<div hx-swap-oob="beforebegin:#answer"><b></b></div>',
      '<b></b><div id="answer">old</div>',
    ],
    [
      'afterend',
      '<div hx-swap-oob="afterend:#answer"><b></b><i></i></div>',
      '<div id="answer">old</div><b></b><i></i>',
    ],
    ['delete', '<div hx-swap-oob="delete:#answer"></div>', ''],
    ['outerHTML', '<p hx-swap-oob="outerHTML:#answer">new</p>', '<p>new</p>'],
    [
      'its own id',
      '<p id="answer" hx-swap-oob="outerHTML:#answer">new</p>',
      '<p id="answer">new</p>',
    ],
    [
      'a partial',
      '<hx-partial hx-target="#answer" hx-swap="outerHTML"><p>new</p></hx-partial>',
      '<p>new</p>',
    ],
  ])('knows %s', (_, frame, main) => {
    expect(applyFrames(page, [frame], destination)).toBe(
      `<html><head></head><body><main>${main}</main></body></html>`,
    )
  })

  test('refuses a swap that it does not know', () => {
    expect(() =>
      applyFrames(page, ['<div hx-swap-oob="sideways:#answer"></div>'], destination),
    ).toThrow(/sideways/)
  })

  test('loses a frame whose target is not there, as htmx does', () => {
    expect(
      applyFrames(page, ['<div hx-swap-oob="innerHTML:#nobody">x</div>'], destination),
    ).toContain('old')
  })

  test('refuses an element that is no longer what it was written as', () => {
    const svg = '<body><svg id="answer"><g></g></svg></body>'
    expect(() => applyFrames(svg, ['<rect width="3"/>'], destination)).toThrow(/<rect>.*<svg>/)
    expect(() =>
      applyFrames(page, ['<svg hx-swap-oob="beforeend:#answer"><rect/></svg>'], destination),
    ).toThrow(/<rect>.*<div>/)
    expect(
      applyFrames(svg, ['<svg hx-swap-oob="beforeend:#answer"><rect width="3"/></svg>'], {
        ...destination,
        swap: 'beforeend',
      }),
    ).toContain('<g></g><rect width="3"></rect></svg>')
  })
})

describe('a page of frames', () => {
  /** What is below the target after some frames, in the version of htmx that each case names. */
  const after = (
    htmx: 4 | 2,
    inside: string,
    frames: readonly string[],
    more: Partial<Destination> = {},
  ): string => {
    const framed = new FramedPage(`<body><main><div id="answer">${inside}</div></main></body>`, {
      target: '#answer',
      htmx,
      ...(htmx === 2 ? { swap: 'none' } : {}),
      ...more,
    })
    for (const frame of frames) framed.apply(frame)
    return framed.dom('main')
  }
  const below = (html: string): string => domText(`<div id="answer">${html}</div>`)

  test.each(FRAME_CASES)('knows %s, for htmx %i', (_, htmx, inside, frame, wanted) => {
    expect(after(htmx, inside, [frame])).toBe(below(wanted))
  })

  test('gives a target that was replaced nothing more, but one that was morphed', () => {
    const both = ['<p>a</p>', '<p>b</p>']
    expect(after(4, 'old', both, { swap: 'outerHTML' })).toBe(domText('<p>a</p>'))
    expect(after(4, 'old', both, { swap: 'beforebegin' })).toBe(
      domText('<p>a</p><p>b</p><div id="answer">old</div>'),
    )
    const same = ['<div id="answer">a</div>', '<div id="answer" class="b">b</div>']
    expect(after(4, 'old', same, { swap: 'outerMorph' })).toBe(
      domText('<div id="answer" class="b">b</div>'),
    )
    expect(after(2, 'old', same, { swap: 'outerHTML' })).toBe(
      domText('<div id="answer" class="b">b</div>'),
    )
  })

  test('is emptied by a frame without content of its own only where htmx 2 reads it', () => {
    const frame = ['<p hx-swap-oob="delete:#nobody"></p>']
    expect(after(4, 'old', frame)).toBe(below('old'))
    expect(after(2, 'old', frame)).toBe(below('old'))
    expect(after(2, 'old', frame, { swap: 'innerHTML' })).toBe(below(''))
  })

  test('gets what is selected of an answer, which htmx 2 does not in an event stream', () => {
    const select = '.b'
    const frame = '<p>a</p><p class="b">b</p><i hx-swap-oob="afterend:#answer">c</i>'
    expect(after(4, 'old', [frame], { select })).toBe(
      domText('<div id="answer"><p class="b">b</p></div>c'),
    )
    expect(after(2, 'old', [frame], { select, swap: 'beforeend' })).toBe(
      domText('<div id="answer">old<p>a</p><p class="b">b</p></div>c'),
    )
  })

  test.each(['closest p', 'p:hover', '', 'p >', 'this', 'next .x'])(
    'refuses the selector %j, which it does not know',
    (selector) => {
      expect(() =>
        after(4, '', [`<hx-partial hx-target="${selector || '>'}">x</hx-partial>`]),
      ).toThrow(/selector/)
    },
  )

  test('is read as text that shows what HTML does not', () => {
    expect(
      domText(
        '<svg viewBox=1 id=a><title>t<b></b></title></svg><template>x<i></template>a<!--c-->',
      ),
    ).toBe(
      [
        '<svg svg id="a" viewBox="1">',
        '  <svg title>',
        '    "t"',
        '    <b>',
        '<template>',
        '  # "x"',
        '  # <i>',
        '"a"',
        '<!--c-->',
      ].join('\n'),
    )
  })
})
