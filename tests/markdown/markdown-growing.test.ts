import fc from 'fast-check'
import hljs from 'highlight.js/lib/common'
import { type DefaultTreeAdapterTypes, parseFragment, serialize } from 'parse5'
import { describe, expect, test } from 'vitest'
import type { GrowingMarkdown, HtmlChange } from '../../src/markdown/growing-markdown.ts'
import { markdown } from '../../src/markdown/markdown.ts'
import { cuts, markdownDocument, prefixes } from './markdown-documents.ts'
import { faultsIn } from './markdown-safety.ts'

/** A page that shows one growing text. */
function shown(growing: GrowingMarkdown) {
  let settled = ''
  return {
    see(text: string, final = false): string {
      const update = growing.update(text, { final })
      settled = update.reset ? update.settled : settled + update.settled
      return settled + update.open
    },
  }
}

/** HTML after changes at its end, done as a browser does them. */
function changed(html: string, changes: readonly HtmlChange[]): string {
  const page = parseFragment(html)
  for (const { html: more, path, replaces } of changes) {
    let parent: DefaultTreeAdapterTypes.ParentNode = page
    let element = page as DefaultTreeAdapterTypes.Element
    for (const tag of path) {
      parent = element
      element = element.childNodes.findLast((node) => 'tagName' in node)!
      expect(element.tagName).toBe(tag)
    }
    const around = replaces ? parent : element
    const { childNodes } = around === page ? parseFragment(more) : parseFragment(around, more, {})
    if (replaces) parent.childNodes.splice(parent.childNodes.indexOf(element), 1, ...childNodes)
    else element.childNodes.push(...childNodes)
  }
  return serialize(page)
}

/** More of them when one is looking for trouble: `RUNS=50000 npx vitest run …`. */
const numRuns = Number(process.env['RUNS'] ?? 400)
const md = markdown({ highlight: hljs })

describe('a growing text', () => {
  test('ends as one render of the whole', () => {
    fc.assert(
      fc.property(markdownDocument(true), cuts, (text, sizes) => {
        const page = shown(md.open())
        for (const prefix of prefixes(text, sizes)) page.see(prefix)
        expect(page.see(text, true)).toBe(md.render(text))
      }),
      { numRuns },
    )
  })

  test('looks the same at each step, in whatever pieces it came so far', () => {
    fc.assert(
      fc.property(markdownDocument(false), cuts, (text, sizes) => {
        const page = shown(md.open())
        for (const prefix of prefixes(text, sizes))
          expect(page.see(prefix)).toBe(shown(md.open()).see(prefix))
      }),
      { numRuns },
    )
  })

  test('settles what the whole begins with, and nothing that it takes back', () => {
    fc.assert(
      fc.property(markdownDocument(false), cuts, (text, sizes) => {
        const growing = md.open()
        const whole = md.render(text)
        let settled = ''
        for (const prefix of prefixes(text, sizes)) {
          const update = growing.update(prefix)
          expect(update.reset).toBe(false)
          settled += update.settled
          expect(whole.slice(0, settled.length)).toBe(settled)
        }
      }),
      { numRuns },
    )
  })

  test('says of nearly each change what it is at the end, as the page would have to do it', () => {
    let told = 0
    let untold = 0
    fc.assert(
      fc.property(markdownDocument(true), cuts, (text, sizes) => {
        const growing = md.open()
        let before = ''
        const pieces = prefixes(text, sizes)
        for (const [n, prefix] of [...pieces, text].entries()) {
          const final = n === pieces.length
          const { settled, open, changes, reset } = growing.update(prefix, { final })
          if (changes) {
            expect(changed(before, changes)).toBe(serialize(parseFragment(settled + open)))
            told += 1
          } else if (!reset && !final) untold += 1
          before = open
        }
      }),
      { numRuns },
    )
    expect(told).toBeGreaterThan(numRuns * 3)
    expect(untold).toBeLessThan(told / 100)
  })

  test('holds nothing at any step that a reader could not be trusted with', () => {
    fc.assert(
      fc.property(markdownDocument(true), cuts, (text, sizes) => {
        const page = shown(md.open())
        for (const prefix of prefixes(text, sizes)) expect(faultsIn(page.see(prefix))).toEqual([])
        expect(faultsIn(md.render(text))).toEqual([])
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    )
  })
})
