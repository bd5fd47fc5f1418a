import fc from 'fast-check'
import { parseFragment, serialize, type DefaultTreeAdapterTypes } from 'parse5'
import { describe, expect, it } from 'vitest'
import { behind, define, literally, withoutCitations } from '../../../examples/ask/citations.ts'
import type { Source } from '../../../examples/ask/sources.ts'
import { markdown } from '../../../src/markdown/markdown.ts'

const md = markdown()
const REL = 'rel="noopener noreferrer nofollow ugc"'

const source = (number: number, heading = 'Routing', name = 'hono'): Source => ({
  number,
  package: name,
  file: 'README.md',
  heading,
  snippet: '',
  text: '',
  fit: 0,
  isPurpose: false,
})
const two = [source(1), source(2, 'Cookies')]

/** What a text cites: the addresses of its links. */
const linksOf = (html: string): string[] =>
  [...html.matchAll(/<a href="([^"]*)"/g)].map(([, href]) => href!)

/** Text as a hostile model or a hostile document would write it. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '[1]',
        '[2]',
        '[3]',
        '[1',
        '](',
        '[1](',
        ']:',
        '[1]: http://evil',
        '"',
        "'",
        '\\',
      ),
      fc.constantFrom(
        '`',
        '```\n',
        '    ',
        '\n\n',
        '\n',
        '# ',
        '- ',
        '> ',
        '1. ',
        '* * *',
        '|-|',
        '===',
      ),
      fc.constantFrom(
        '<script>',
        '<a href="#src-a-1">',
        '&#91;1&#93;',
        '&amp;',
        '**',
        '_',
        '~~',
        '![',
      ),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join(''))

describe('what a text begins with', () => {
  it('makes marks links to the sources, named by them', () => {
    expect(md.render(`${define(two, 'src-a')}So it is [1][2].`)).toBe(
      `<p>So it is <a href="#src-a-1" title="hono, Routing" ${REL}>1</a><a href="#src-a-2" title="hono, Cookies" ${REL}>2</a>.</p>\n`,
    )
  })

  it('shows nothing by itself, and is nothing without sources', () => {
    expect(md.render(define(two, 'src-a'))).toBe('')
    expect(define([], 'src-a')).toBe('')
  })

  it('leaves marks that point nowhere, and those in code, as text', () => {
    const html = md.render(`${define(two, 'src-a')}[3] [0] [01] \`x[1]\` ( [1\n\n    y[2]`)
    expect(linksOf(html)).toEqual([])
    expect(html).toContain('[3] [0] [01] <code>x[1]</code> ( [1')
  })

  it('cannot be taken over by the text behind it', () => {
    const html = md.render(`${define(two, 'src-a')}[1]: http://evil.example\n\n[1] [x]\n\n[x]: #y`)
    expect(linksOf(html)).toEqual(['#src-a-1', '#y'])
  })

  it('shows any name of a source as it is, in a title and nowhere else', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (name, heading) => {
        const html = md.render(`${define([source(1, heading, name)], 'src-a')}[1]`)
        const [p] = parseFragment(html).childNodes as DefaultTreeAdapterTypes.Element[]
        const [a, ...rest] = p!.childNodes as DefaultTreeAdapterTypes.Element[]
        expect(rest).toEqual([])
        expect(a!.attrs.map((each) => each.name)).toEqual(['href', 'title', 'rel'])
        expect(a!.attrs[0]!.value).toBe('#src-a-1')
      }),
    )
  })

  it('leads marks to sources that exist and nowhere else, whatever the text, whole or cut off anywhere', () => {
    fc.assert(
      fc.property(hostileText, fc.nat(), (text, cut) => {
        const toHtml = md.open()
        const begun = define(two, 'src-a')
        for (const end of [cut % (text.length + 1), text.length]) {
          const html = toHtml(begun + text.slice(0, end))
          const cited = linksOf(html).filter((href) => href.startsWith('#src-'))
          expect(cited.filter((href) => !/^#src-a-[12]$/.test(href))).toEqual([])
        }
      }),
    )
  })

  it('is sent at once, while the model still thinks', async () => {
    let asked = 0
    const words = behind('begun ', {
      async *[Symbol.asyncIterator]() {
        asked += 1
        yield 'word'
      },
    })
    expect([await words.next(), asked]).toEqual([{ value: 'begun ', done: false }, 0])
    expect([await words.next(), asked]).toEqual([{ value: 'word', done: false }, 1])
  })
})

describe('literally', () => {
  it('shows a text letter for letter, whatever it holds', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        // A browser shows one blank for several, and Markdown takes no others at the edges.
        const line = text
          .replace(/\p{Cc}|\p{Z}|\s/gu, ' ')
          .replace(/ +/g, ' ')
          .trim()
        const html = md.render(`“${literally(line)}”`)
        expect(serialize(parseFragment(html))).toMatch(/^<p>[^<]*<\/p>\n$/)
        const [p] = parseFragment(html).childNodes as DefaultTreeAdapterTypes.Element[]
        expect((p!.childNodes[0] as DefaultTreeAdapterTypes.TextNode).value).toBe(`“${line}”`)
      }),
    )
  })
})

describe('withoutCitations', () => {
  it('leaves the words, for an answer with other sources', () => {
    expect(withoutCitations(`${define(two, 'src-a')}It is [1]. So [2][1].`)).toBe('It is. So.')
    expect(withoutCitations('[x] stays')).toBe('[x] stays')
  })
})
