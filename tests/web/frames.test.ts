import { describe, expect, test } from 'vitest'
import type { Fragment } from 'swapstream'
import { FramedPage, type Destination } from '../../src/testing/apply-frames.ts'
import { domText } from '../../src/testing/client/dom-text.ts'
import {
  BLOCK,
  BLOCK_CASES,
  contextsOf,
  readsTextAlone,
  TEMPLATE,
  WORDS,
  type BlockCase,
} from '../support/block-cases.ts'
import { fragmentsOf, spoken, streamBlock } from '../support/block-stream.ts'
import { withoutLent } from '../support/lent.ts'

const TITLE = { title: 'A title' }
const byHand = (count: number): Fragment[] => fragmentsOf(contextsOf(count), TEMPLATE, BLOCK)
const bySpeech = (count: number): AsyncIterable<Fragment> =>
  spoken(WORDS.slice(0, count), TEMPLATE, BLOCK, TITLE)

const WAYS = {
  'with fragments written by hand': byHand,
  'with streamToFragments': bySpeech,
} as const

const fits = (way: keyof typeof WAYS, each: BlockCase): boolean =>
  WAYS[way] === byHand || readsTextAlone(each)

describe.each([4, 2] as const)('to htmx %i, four times the tokens', (htmx) => {
  for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[]) {
    const cases = BLOCK_CASES.filter((each) => fits(way, each)).filter((each) =>
      htmx === 4 ? each.linear : each.linearInHtmx2,
    )
    test.each(cases)(
      `cost at most 4.8 times the bytes, ${way}: $name`,
      async ({ engine, isListed }) => {
        const count = isListed ? 40 : 30
        const bytesOf = async (tokens: number): Promise<number> =>
          (await streamBlock(engine, WAYS[way](tokens), { htmx })).bytes
        const few = await bytesOf(count)
        const many = await bytesOf(4 * count)
        expect(many / few).toBeLessThanOrEqual(4.8)
      },
    )
  }
})

/** The extension of htmx 2 swaps into the element that opened the stream, and leaves what it finds there. */
const DESTINATIONS: readonly Destination[] = [
  { target: '#answer', htmx: 4, swap: 'innerHTML' },
  { target: '#answer', htmx: 4, swap: 'outerHTML' },
  { target: '#answer', htmx: 2, swap: 'beforeend' },
]
const PAGE = '<!doctype html><body><main><div id="answer"></div><b id="count"></b></main></body>'

/** The page with a block drawn at once. */
function drawnAtOnce(block: string, destination: Destination): string {
  return new FramedPage(PAGE, destination).apply(block).dom('main')
}

describe.each(DESTINATIONS)('to htmx $htmx, by $swap, the page', (destination) => {
  test.each(BLOCK_CASES)(
    'is that of the whole block after each frame, and holds nothing else at the end: $name',
    async ({ engine }) => {
      // Several words at a time, as to a reader who is slow; and each word of a part of the text, which differs between
      // the destinations. Where the form puts the first frame changes nothing of those behind it.
      const part = destination.htmx === 2 ? 40 : 0
      const words = destination.swap === 'outerHTML' ? 4 : 20
      const contexts = contextsOf(90).filter(
        (_, n) => (n >= part && n < part + words) || n % 9 === 0 || n === 89,
      )
      const fragments = fragmentsOf(contexts, TEMPLATE, BLOCK)
      const { frames, end, errors } = await streamBlock(engine, fragments, {
        htmx: destination.htmx!,
      })
      expect(errors).toEqual([])
      expect(frames).toHaveLength(fragments.length)
      const framed = new FramedPage(PAGE, destination)
      let whole = ''
      for (const [n, messages] of frames.entries()) {
        for (const message of messages) framed.apply(message)
        const rendering = await engine.open(TEMPLATE, BLOCK, contexts[n])
        whole = drawnAtOnce(await rendering.render(), destination)
        expect(domText(withoutLent(framed.find('main')!)), `after frame ${n + 1}`).toBe(whole)
      }
      for (const message of end) framed.apply(message)
      expect(framed.dom('main'), 'at the end').toBe(whole)
    },
  )
})
