import fc from 'fast-check'
import hljs from 'highlight.js/lib/common'
import { type DefaultTreeAdapterTypes, parseFragment, serialize } from 'parse5'
import { describe, expect, test } from 'vitest'
import type { AddedHtml, GrowingMarkdown } from '../../src/render/markdown/growing-markdown.ts'
import { markdown } from '../../src/render/markdown/markdown.ts'
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

/** All prefixes that a text is cut into. */
function prefixes(text: string, sizes: readonly number[]): string[] {
  const cut: string[] = []
  for (let at = 0, n = 0; at < text.length; n++) {
    at += sizes[n % sizes.length]!
    cut.push(text.slice(0, at))
  }
  return cut
}

/** HTML after things were added at the ends of its last elements, done as a browser does it. */
function withAdded(html: string, added: readonly AddedHtml[]): string {
  const page = parseFragment(html)
  for (const { html: more, depth } of added) {
    let element: DefaultTreeAdapterTypes.ParentNode = page
    for (let at = 0; at < depth; at++) {
      element = element.childNodes.findLast((node) => 'tagName' in node) as typeof element
    }
    const parsed = depth === 0 ? parseFragment(more) : parseFragment(element as never, more, {})
    element.childNodes.push(...parsed.childNodes)
  }
  return serialize(page)
}

const word = fc.constantFrom(
  'one',
  'two *em*',
  '**bold**',
  '`code`',
  '[a]',
  '[a][b]',
  '[1][2]',
  'x[1]',
  '[x](http://h.io/y)',
  '![p](/q)',
  '\\*',
  '&amp;',
  'snake_case',
  '~~s~~',
  '3 < 4',
  '<b>',
  '😀',
  '**open',
  '`open',
  '[b]',
  'a:b',
  '2.',
  '- x',
  '|',
)
const line = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '))
const lines = fc.array(line, { minLength: 1, maxLength: 4 })

const { block } = fc.letrec<{ block: string[]; flat: string[]; list: string[]; quote: string[] }>(
  (tie) => ({
    flat: fc.oneof(
      lines,
      line.map((text) => [`## ${text}`]),
      line.map((text) => [text, '===']),
      fc.constantFrom<string[]>(['---'], ['***'], ['- - -'], ['___']),
      fc
        .tuple(fc.constantFrom('```', '~~~', '````', '```js', '   ```'), lines, fc.boolean())
        .map(([fence, body, closed]) => [
          fence,
          ...body,
          '',
          '# no',
          ...(closed ? [fence.trim().replace('js', '')] : []),
        ]),
      lines.map((body) => body.map((each) => `    ${each}`)),
      fc
        .array(fc.tuple(line, line), { maxLength: 3 })
        .map((rows) => ['| a | b |', '|:-|-:|', ...rows.map(([a, b]) => `| ${a} | ${b} |`)]),
      fc.constantFrom<string[]>(
        ['[a]: /a'],
        ['[1]: #one "t"', '[2]: #two'],
        ['[a]: /a', '[b]: /b "t"'],
        ['[b]:', '  /late'],
        ['[a]: /x', '"title', 'goes on"'],
        ['[a]: /x', "'no title"],
        ['[A]: /second', 'text'],
      ),
      fc.constantFrom<string[]>(
        [''],
        ['', ''],
        ['\t'],
        ['1. '],
        ['2.'],
        ['-'],
        ['>'],
        ['=='],
        ['#'],
      ),
    ),
    list: fc
      .tuple(
        fc.constantFrom('- ', '* ', '1. ', '10) ', '-   ', '+ [ ] '),
        fc.array(tie('block'), { minLength: 1, maxLength: 3 }),
      )
      .map(([marker, items]) =>
        items.flatMap((item) =>
          item.map((each, at) => (at === 0 ? marker : ' '.repeat(marker.length)) + each),
        ),
      ),
    quote: fc
      .tuple(tie('block'), fc.boolean())
      .map(([inner, lazy]) => inner.map((each, at) => (lazy && at > 0 ? each : `> ${each}`))),
    block: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('flat'),
      tie('list'),
      tie('quote'),
    ),
  }),
)
const document = (definitions: boolean) =>
  fc
    .tuple(
      fc.array(fc.tuple(block, fc.nat(2)), { minLength: 1, maxLength: 7 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.boolean(),
    )
    .map(([blocks, newline, ends]) => {
      const all = blocks.flatMap(([body, blanks]) => [...body, ...Array<string>(blanks).fill('')])
      return (
        all.filter((each) => definitions || !/\]:/.test(each)).join(newline) + (ends ? newline : '')
      )
    })
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

/** More of them when one is looking for trouble: `RUNS=50000 npx vitest run …`. */
const numRuns = Number(process.env['RUNS'] ?? 400)
const md = markdown({ highlight: hljs })

describe('a growing text', () => {
  test('ends as one render of the whole', () => {
    fc.assert(
      fc.property(document(true), cuts, (text, sizes) => {
        const page = shown(md.open())
        for (const prefix of prefixes(text, sizes)) page.see(prefix)
        expect(page.see(text, true)).toBe(md.render(text))
      }),
      { numRuns },
    )
  })

  test('looks the same at each step, in whatever pieces it came so far', () => {
    fc.assert(
      fc.property(document(false), cuts, (text, sizes) => {
        const page = shown(md.open())
        for (const prefix of prefixes(text, sizes))
          expect(page.see(prefix)).toBe(shown(md.open()).see(prefix))
      }),
      { numRuns },
    )
  })

  test('settles what the whole begins with, and nothing that it takes back', () => {
    fc.assert(
      fc.property(document(false), cuts, (text, sizes) => {
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

  test('says of each change what it adds, as the page would have to', () => {
    let told = 0
    fc.assert(
      fc.property(document(true), cuts, (text, sizes) => {
        const growing = md.open()
        let before = ''
        for (const prefix of prefixes(text, sizes)) {
          const { settled, open, added, reset } = growing.update(prefix)
          if (added) {
            expect(withAdded(before, added)).toBe(serialize(parseFragment(settled + open)))
            told += 1
          } else expect(reset || before !== settled + open).toBe(true)
          before = open
        }
      }),
      { numRuns },
    )
    expect(told).toBeGreaterThan(numRuns * 3)
  })

  test('holds nothing at any step that a reader could not be trusted with', () => {
    fc.assert(
      fc.property(document(true), cuts, (text, sizes) => {
        const page = shown(md.open())
        for (const prefix of prefixes(text, sizes)) expect(faultsIn(page.see(prefix))).toEqual([])
        expect(faultsIn(md.render(text))).toEqual([])
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    )
  })
})
