import fc from 'fast-check'
import hljs from 'highlight.js/lib/common'
import { describe, expect, test } from 'vitest'
import { growing, markdown } from '../../src/markdown/markdown.ts'
import { createParser } from '../../src/markdown/parser.ts'
import { cuts, markdownDocument, prefixes } from './markdown-documents.ts'
import { faultsIn } from './markdown-safety.ts'
import { runsOf } from '../support/runs.ts'

/** More of them when one is looking for trouble: `RUNS=50000 npx vitest run …`. */
const numRuns = runsOf(50)
const md = markdown({ highlight: hljs })

/** A growing text, and what is rendered of it for good and as its tail. */
function watched() {
  const parser = createParser({})
  const seen = { stable: '', stableChars: 0, tailChars: 0, blocksChars: 0 }
  const toHtml = growing({
    ...parser,
    render(text, state) {
      const html = parser.render(text, state)
      if (state.isTail) seen.tailChars += text.length
      else {
        seen.stable += html
        seen.stableChars += text.length
      }
      return html
    },
    lastBlockLine(text) {
      seen.blocksChars += text.length
      return parser.lastBlockLine(text)
    },
  })
  return { toHtml, seen }
}

describe('a growing text', () => {
  test('looks the same at each step, in whatever pieces it came so far', () => {
    fc.assert(
      fc.property(markdownDocument(false), cuts, (text, sizes) => {
        const toHtml = md.open()
        for (const [n, prefix] of prefixes(text, sizes).entries()) {
          const html = toHtml(prefix)
          if (n % 5 === text.length % 5) expect(html).toBe(md.open()(prefix))
        }
      }),
      { numRuns },
    )
  })

  test('begins with what the whole begins with, and takes nothing of that back', () => {
    fc.assert(
      fc.property(markdownDocument(false), cuts, (text, sizes) => {
        const { toHtml, seen } = watched()
        const whole = markdown().render(text)
        const states: string[] = []
        for (const prefix of prefixes(text, sizes)) {
          const html = toHtml(prefix)
          expect(html.slice(0, seen.stable.length)).toBe(seen.stable)
          states.push(seen.stable)
        }
        for (const stable of states) expect(whole.slice(0, stable.length)).toBe(stable)
      }),
      { numRuns },
    )
  })

  test('is read once, and its last block a few times, however many steps there are', () => {
    const paragraph = 'Some words and **bold** ones, in a line of their own.\n\n'
    const text = paragraph.repeat(200)
    const { toHtml, seen } = watched()
    for (let at = 1; at <= text.length; at++) toHtml(text.slice(0, at))
    expect(seen.stable).toBe(markdown().render(text.slice(0, -paragraph.length)))
    expect(seen.stableChars).toBeLessThanOrEqual(text.length)
    expect(seen.tailChars).toBeLessThan(2 * paragraph.length * text.length)
    expect(seen.blocksChars).toBeLessThan(10 * text.length)
  })

  test('that is one long list is searched for its blocks a few times, not at each of its lines', () => {
    const item = '- an item\n'
    const { toHtml, seen } = watched()
    for (let items = 1; items <= 500; items++) toHtml(item.repeat(items))
    expect(seen.blocksChars).toBeLessThan(40 * 500 * item.length)
  })

  test('holds nothing at any step that a reader could not be trusted with', () => {
    fc.assert(
      fc.property(markdownDocument(true), cuts, (text, sizes) => {
        const toHtml = md.open()
        for (const prefix of prefixes(text, sizes)) expect(faultsIn(toHtml(prefix))).toEqual([])
        expect(faultsIn(md.render(text))).toEqual([])
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    )
  })
})
