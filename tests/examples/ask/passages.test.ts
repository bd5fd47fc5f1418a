import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toPassages } from '../../../examples/ask/passages.ts'

const where = { package: 'sample', file: 'README.md' }
const FILLER =
  'This sentence is only here so that the section is long enough to stand alone. '.repeat(3)

function toPairs(markdown: string): [string, string][] {
  return toPassages(markdown, where).map(({ heading, text }) => [heading, text])
}

function textOf(markdown: string): string {
  return toPassages(markdown, where)
    .map(({ text }) => text)
    .join('\n\n')
}

describe('toPassages', () => {
  it('makes one passage of each section and names the headings above it', () => {
    const markdown = `# Sample\n\nIt does things.\n\n## Routing\n\n${FILLER}\n\n### Groups\n\n${FILLER}`
    expect(toPairs(markdown).map(([heading]) => heading)).toEqual([
      'Sample',
      'Routing',
      'Routing › Groups',
    ])
    expect(toPassages(markdown, where)[0]).toEqual({
      ...where,
      heading: 'Sample',
      text: 'It does things.',
    })
  })

  it('names the package where there is no heading', () => {
    expect(toPairs('Only words here.')).toEqual([['sample', 'Only words here.']])
  })

  it('does not take a # inside of a code fence for a heading', () => {
    const markdown =
      '# Title\n\nRun this:\n\n```sh\n# not a heading\n<!-- no comment -->\nnpm start\n```\n\nDone it is.'
    expect(toPairs(markdown)).toEqual([
      [
        'Title',
        'Run this:\n\n    # not a heading\n    <!-- no comment -->\n    npm start\n\nDone it is.',
      ],
    ])
  })

  it('ends a fence only at a fence that is as long', () => {
    expect(textOf('Words before.\n\n````md\n```js\na()\n```\n````\n\nWords after.')).toBe(
      'Words before.\n\n    ```js\n    a()\n    ```\n\nWords after.',
    )
  })

  it('reads setext headings, and a rule below a list as a rule', () => {
    const markdown = `Title\n=====\n\n${FILLER}\n\nPart\n----\n\n${FILLER}\n\n- an item of a list\n---\n\nMore words.`
    expect(toPairs(markdown).map(([heading]) => heading)).toEqual(['Title', 'Part'])
  })

  it('makes a paragraph of each item of a nested list', () => {
    expect(
      textOf('- One thing\n  goes on\n  - Inner thing\n    1. Deep thing\n- [x] Last thing'),
    ).toBe('One thing goes on\n\nInner thing\n\nDeep thing\n\nLast thing')
  })

  it('drops HTML comments, over several lines and in the middle of one', () => {
    expect(textOf('Before <!-- one --> it.\n\n<!-- two\n\n# Hidden\n\n-->\nAfter it.')).toBe(
      'Before it.\n\nAfter it.',
    )
    expect(textOf('A `<!--` in code stays.')).toBe('A <!-- in code stays.')
  })

  it('drops badges, images and tables of contents', () => {
    const markdown =
      '[![build](https://x/y.svg)](https://x) ![](logo.png)\n\n<p align="center"><img src="a.png"></p>\n\n' +
      '- [Usage](#usage)\n  - [Deep](#deep)\n- [Licence](#licence)\n\nReal words here.'
    expect(textOf(markdown)).toBe('Real words here.')
  })

  it('takes the marks away and leaves the words, code letter for letter', () => {
    expect(
      textOf(
        'Use **bold**, _this_ and `a_b *c* <T>`, see [the docs](https://x "t") or [here][ref].\n\n[ref]: https://x',
      ),
    ).toBe('Use bold, this and a_b *c* <T>, see the docs or here.')
    expect(textOf('snake_case_name, 2 * 3 * 4, a\\*b\\*c, items[0] &lt;b&gt; &amp;amp;')).toBe(
      'snake_case_name, 2 * 3 * 4, a*b*c, items[0] <b> &amp;',
    )
  })

  it('reads the rows of a table, without its head and its rule', () => {
    expect(
      textOf('| Option | What |\n|---|:-:|\n| `ttl` | Time to live |\n| a \\| b | Either |'),
    ).toBe('ttl | Time to live\n\na | b | Either')
  })

  it('joins tiny neighbours and names both', () => {
    expect(toPairs('# T\n\n## One\n\nFirst words.\n\n## Two\n\nSecond words.')).toEqual([
      ['One, Two', 'First words.\n\nSecond words.'],
    ])
  })

  it('splits a long section between paragraphs', () => {
    const passages = toPairs(`## Long\n\n${Array.from({ length: 12 }, () => FILLER).join('\n\n')}`)
    expect(passages.length).toBeGreaterThan(2)
    for (const [heading, text] of passages) {
      expect(heading).toBe('Long')
      expect(text.length).toBeLessThanOrEqual(1_400)
    }
  })

  it('skips front matter and reads CRLF', () => {
    expect(toPairs('---\r\ntitle: x\r\n---\r\n# Hi\r\n\r\nSome words.\r\n')).toEqual([
      ['Hi', 'Some words.'],
    ])
  })

  it('has no passage for a text without prose', () => {
    for (const text of [
      '',
      '\n\n',
      '# Only a heading',
      '![](a.png)',
      '<!-- x',
      '```\n',
      '***',
      '|---|',
    ])
      expect(toPassages(text, where)).toEqual([])
  })

  it('never throws, and never makes a passage without words, for any input', () => {
    const marks =
      '# |\n|\n\n|```|~~~|- |1. |> |    |\t|---|===|<!--|-->|`|``|**|_|[|](|)|![|\\|&lt;|<pre>|</pre>|<table>|\r\n|word '
    const mark = fc.constantFrom('|', '\uE000', ...marks.split('|'))
    fc.assert(
      fc.property(fc.array(fc.oneof(mark, fc.string({ unit: 'binary' }))), (parts) => {
        for (const { text, heading } of toPassages(parts.join(''), where)) {
          expect(text.trim()).not.toBe('')
          expect(heading.trim()).not.toBe('')
        }
      }),
    )
  })
})
