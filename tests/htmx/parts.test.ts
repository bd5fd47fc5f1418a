import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fragment } from '../../src/fragments/fragment.ts'
import { blockTree } from '../../src/htmx/block-tree.ts'
import { StreamPage } from '../../src/htmx/stream-page.ts'
import { FramedPage } from '../../src/testing/apply-frames.ts'
import { runsOf } from '../support/runs.ts'

/** Parts of an SVG, of every kind that a block may begin with. */
const part = fc.constantFrom(
  '<g><circle r="1"/><circle r="2"/></g>',
  '<g><circle r="1"/></g>',
  '<g id="own"><path d="M0 0"/></g>',
  '<circle id="own" r="3"/>',
  '<rect x="1"/>',
  '<rect x="2"></rect>',
  '<text>Hel</text>',
  '<text>Hello<tspan>!</tspan></text>',
  '<foreignObject><p>Hel</p></foreignObject>',
  '<foreignObject><p>Hello</p><b>!</b></foreignObject>',
  '<linearGradient><stop offset="1"/></linearGradient>',
  '<a href="/x"><text>x</text></a>',
  '<svg><rect/></svg>',
)
const block = fc
  .tuple(fc.constantFrom('<g/>', '<rect/>', '<use/>', '<!-- c --><path/>'), fc.array(part))
  .map(([first, parts]) => [first, ...parts].join('\n'))
const states = fc.array(fc.oneof({ weight: 5, arbitrary: block }, fc.constant('')), {
  minLength: 1,
  maxLength: 6,
})
/** Only elements and texts: comments around a block are not swapped again with it. */
const shape = (dom: string): string =>
  dom.replaceAll(/^ *(?:<!--.*-->|"(?:\\n)+")\n?/gm, '').trimEnd()

const PAGE = '<svg id="answer"></svg>'
const shown = (html: string): string =>
  shape(new FramedPage(`<svg id="answer">${html}</svg>`).dom('body'))

describe.each([4, 2] as const)('parts of an SVG in a page of htmx %i', (htmx) => {
  test('are what the last state alone is, whatever was before it', () => {
    fc.assert(
      fc.property(states, fc.boolean(), (all, isFull) => {
        const stream = new StreamPage({ morphs: htmx === 4 })
        const page = new FramedPage(PAGE, { target: '#answer', swap: 'beforeend', htmx })
        const show = (frames: readonly string[]): void => frames.forEach((each) => page.apply(each))
        for (const html of all) show(stream.show(new Fragment('t', 'b'), blockTree(html), isFull))
        show(stream.end())
        expect(shape(page.dom('body'))).toBe(shown(all.at(-1)!))
      }),
      { numRuns: runsOf(150) },
    )
  })

  test('are the same when another connection goes on with them', () => {
    fc.assert(
      fc.property(states, states, fc.boolean(), (first, rest, knowsTarget) => {
        const page = new FramedPage(PAGE, { target: '#answer', swap: 'beforeend', htmx })
        const show = (frames: readonly string[]): void => frames.forEach((each) => page.apply(each))
        const morphs = htmx === 4
        const one = new StreamPage({ morphs, resumable: true })
        const to = knowsTarget ? '#answer' : undefined
        const other = new StreamPage({ morphs, resumable: true, at: one.streamId, to })
        // The connection before may have brought nothing, where the page knows the target.
        for (const html of knowsTarget && first.length < 3 ? [] : first)
          show(one.show(new Fragment('t', 'b'), blockTree(html)))
        for (const html of rest) show(other.show(new Fragment('t', 'b'), blockTree(html)))
        show(other.end())
        expect(shape(page.dom('body'))).toBe(shown(rest.at(-1)!))
      }),
      { numRuns: runsOf(150) },
    )
  })
})
