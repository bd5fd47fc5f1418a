import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { citeHtml } from '../../../examples/ask/cite.ts'

const LINK = /<a class="cite" href="#src-(\d+)" aria-label="Source \1">\1<\/a>/g

/** Text as a hostile model would write it: marks, half marks, markup and quotes in any order. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '[',
        ']',
        '[1]',
        '[2]',
        '[01]',
        '[9]',
        '[1',
        '1]',
        '<',
        '>',
        '&',
        '"',
        "'",
        '`',
        '\\',
      ),
      fc.constantFrom(
        '<script>',
        '<img onerror=x>',
        '</a>',
        '<a class="cite" href="#src-1">',
        '&#91;1&#93;',
        '<hx-partial>',
      ),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join(''))

describe('citeHtml', () => {
  it('turns a mark that points to a source into a link', () => {
    expect(citeHtml('So it is [1].', 2)).toBe(
      'So it is <a class="cite" href="#src-1" aria-label="Source 1">1</a>.',
    )
    expect(citeHtml('[1][2]', 2).match(LINK)).toHaveLength(2)
  })

  it('leaves marks that point nowhere, and all other brackets, as text', () => {
    for (const text of [
      '[0]',
      '[3]',
      '[-1]',
      '[1.5]',
      '[ 1 ]',
      '[01]',
      '[a]',
      '[]',
      '[99999999999]',
      '[1',
    ])
      expect(citeHtml(text, 2)).toBe(text)
  })

  it('escapes the text around a mark', () => {
    expect(citeHtml('<img onerror="a">[1]&amp;', 1)).toBe(
      '&lt;img onerror=&quot;a&quot;&gt;<a class="cite" href="#src-1" aria-label="Source 1">1</a>&amp;amp;',
    )
  })

  it('makes nothing but its own links of any text, whole or cut off anywhere', () => {
    fc.assert(
      fc.property(hostileText, fc.nat(12), fc.nat(), (text, count, cut) => {
        const prefix = text.slice(0, cut % (text.length + 1))
        const html = citeHtml(prefix, count)
        const rest = html.replace(LINK, '')
        expect(rest).not.toMatch(/[<>"'\\]/)
        for (const [, digits] of html.matchAll(LINK))
          expect(Number(digits)).toBeLessThanOrEqual(count)
      }),
    )
  })

  it('shows the same words as the text', () => {
    fc.assert(
      fc.property(hostileText, fc.nat(12), (text, count) => {
        const shown = citeHtml(text, count)
          .replace(LINK, '[$1]')
          .replace(/&(lt|gt|quot|#39|#92|amp);/g, (_, name: string) => {
            return { lt: '<', gt: '>', quot: '"', '#39': "'", '#92': '\\', amp: '&' }[name]!
          })
        expect(shown).toBe(text)
      }),
    )
  })
})
