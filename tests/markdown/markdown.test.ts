import { describe, expect, test } from 'vitest'
import { markdown } from 'swapstream/markdown'

const md = markdown()
const open = (text: string): string => md.open().update(text).open

describe('Markdown', () => {
  test.each([
    ['a heading has no id', '# One', '<h1>One</h1>\n'],
    ['raw HTML is text', 'a <b> & "c"', '<p>a &lt;b&gt; &amp; &quot;c&quot;</p>\n'],
    ['a line break is one only where two blanks say so', 'a\nb  \nc', '<p>a\nb<br>\nc</p>\n'],
    [
      'a list keeps its first number',
      '3. a\n4. b',
      '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n',
    ],
    [
      'a task is a sign',
      '- [ ] a\n- [x] b\n- [y] c\n\n[ ] d',
      '<ul>\n<li>☐ a</li>\n<li>☑ b</li>\n<li>[y] c</li>\n</ul>\n<p>[ ] d</p>\n',
    ],
    [
      'a column keeps its side, without a style',
      '|a|b|c|\n|:-|-:|-|\n|1|2|3|',
      '<table>\n<thead>\n<tr>\n<th align="left">a</th>\n<th align="right">b</th>\n<th>c</th>\n</tr>\n</thead>\n' +
        '<tbody>\n<tr>\n<td align="left">1</td>\n<td align="right">2</td>\n<td>3</td>\n</tr>\n</tbody>\n</table>\n',
    ],
    ['what is struck is struck', '~~a~~', '<p><s>a</s></p>\n'],
    ['a text that is empty is nothing', '', ''],
  ])('%s', (_, text, html) => {
    expect(md.render(text)).toBe(html)
  })
})

describe('a number in brackets', () => {
  const defined = '[1]: #a "One"\n[2]: #b\n\n'
  const rel = 'rel="noopener noreferrer nofollow ugc"'
  const one = `<a href="#a" title="One" ${rel}>1</a>`
  const two = `<a href="#b" ${rel}>2</a>`

  test.each([
    ['is a mark', 'So [1].', `<p>So ${one}.</p>\n`],
    ['is one of two marks', '[1][2]', `<p>${one}${two}</p>\n`],
    ['may be bold', '**[2]**', `<p><strong>${two}</strong></p>\n`],
    ['is text when nothing defines it', '[3] [01]', '<p>[3] [01]</p>\n'],
    [
      'is text in code',
      '`a[1]`\n\n    b[2]',
      '<p><code>a[1]</code></p>\n<pre><code>b[2]\n</code></pre>\n',
    ],
    ['may be the text of a link', '[1](/c)', `<p><a href="/c" ${rel}>1</a></p>\n`],
    ['is not defined again', '[1]\n\n[1]: http://evil.example', `<p>${one}</p>\n`],
  ])('that is defined before %s', (_, text, html) => {
    expect(md.render(defined + text)).toBe(html)
  })

  test('is shown when nothing can make it another link, and not before', () => {
    const growing = md.open()
    const states = ['So ', '[', '1', ']', '[', '2', ']', '.'].map((_, n, all) =>
      growing.update(defined + all.slice(0, n + 1).join('')).open.slice(3, -5),
    )
    expect(states).toEqual([...Array<string>(7).fill('So'), `So ${one}${two}.`])
  })
})

describe('the open end', () => {
  test.each([
    ['bold', 'a **b', '<p>a <strong>b</strong></p>\n'],
    ['code', 'a `b', '<p>a <code>b</code></p>\n'],
    ['struck text', 'a ~~b', '<p>a <s>b</s></p>\n'],
    ['both of two marks', 'a *b **c', '<p>a <em>b <strong>c</strong></em></p>\n'],
    ['what is half closed', '**a*', '<p><strong>a</strong></p>\n'],
    [
      'what stands in a list',
      '- a\n- **b',
      '<ul>\n<li>a</li>\n<li><strong>b</strong></li>\n</ul>\n',
    ],
    ['what stands in a quote', '> **b', '<blockquote>\n<p><strong>b</strong></p>\n</blockquote>\n'],
  ])('closes %s', (_, text, html) => {
    expect(open(text)).toBe(html)
  })

  test.each([
    ['a list or a word', 'a\n\n-', '<p>a</p>\n'],
    ['a heading below or a list', 'a\n-', '<p>a</p>\n'],
    ['a number or an item', 'a\n\n1', '<p>a</p>\n'],
    ['an item without a word', '- a\n- ', '<ul>\n<li>a</li>\n</ul>\n'],
    ['a fence', 'a\n\n```py', '<p>a</p>\n'],
    ['the end of a fence, or of a line in it', '```\na\n``', '<pre><code>a</code></pre>\n'],
    ['marks that nothing follows', 'a **', '<p>a</p>\n'],
    ['a mark that begins or ends something', 'a*', '<p>a</p>\n'],
    ['a link of which half the text is there', 'a [b c', '<p>a</p>\n'],
    ['a link or a word in brackets', 'a [b]', '<p>a</p>\n'],
    ['a link, whose address is not there yet', 'a **[b](http://x', '<p>a</p>\n'],
    ['a link whose label is not there yet', 'a [b][c', '<p>a</p>\n'],
    ['an image', 'a ![b](/c', '<p>a</p>\n'],
    ['half an entity', 'a &am', '<p>a</p>\n'],
    ['half an address', 'a <https://x', '<p>a</p>\n'],
    ['a mark or a mark that means itself', 'a\\', '<p>a</p>\n'],
    ['a definition', 'a\n\n[b]: ', '<p>a</p>\n'],
    ['the address of a definition', 'a\n\n[b]: http://x', '<p>a</p>\n'],
    ['the head of a table', 'a\n\n| b | c |\n', '<p>a</p>\n'],
    ['the line below the head of a table', 'a\n\n| b | c |\n|--', '<p>a</p>\n'],
    ['half a character', 'a \ud83d', '<p>a</p>\n'],
    ['half a line break', 'a\r', '<p>a</p>\n'],
  ])('does not show %s', (_, text, html) => {
    const { settled, open: tail } = md.open().update(text)
    expect(settled + tail).toBe(html)
  })

  test('never shows a tag or a mark of a list, a table and a link that it takes back', () => {
    const text =
      'An **answer** with `code`:\n\n1. one\n2. two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[Go](https://x.io/y).'
    const growing = md.open()
    const seen = new Set<string>()
    for (let at = 1; at <= text.length; at++) {
      const { settled, open: tail } = growing.update(text.slice(0, at))
      for (const [shown] of `${settled}${tail}`
        .replace(/<[^>]*>/g, '')
        .matchAll(/[*`|[\](]+|\d\./g))
        seen.add(shown)
    }
    expect([...seen]).toEqual([])
  })

  test('is shown as it stands when nothing follows', () => {
    expect(md.open().update('a **b\n\n1', { final: true })).toMatchObject({
      settled: '<p>a **b</p>\n<p>1</p>\n',
      open: '',
      reset: false,
    })
  })

  test('leaves alone what an empty line has finished', () => {
    expect(open('a **b\n\n')).toBe('<p>a **b</p>\n')
    expect(open('# a **b\n')).toBe('<h1>a **b</h1>\n')
  })
})

describe('what is settled', () => {
  test('goes out once, and only the last block is open', () => {
    const growing = md.open()
    expect(growing.update('# a\n')).toMatchObject({
      settled: '',
      open: '<h1>a</h1>\n',
      reset: false,
    })
    expect(growing.update('# a\nb')).toMatchObject({
      settled: '',
      open: '<h1>a</h1>\n<p>b</p>\n',
      reset: false,
    })
    expect(growing.update('# a\nb\n')).toMatchObject({
      settled: '<h1>a</h1>\n',
      open: '<p>b</p>\n',
      reset: false,
    })
    expect(growing.update('# a\nb\n\nc\n')).toMatchObject({ settled: '<p>b</p>\n' })
  })

  test('is told anew when a definition below gives a link its address', () => {
    const growing = md.open()
    growing.update('[a] and [b]\n\nc\n\n')
    expect(growing.update('[a] and [b]\n\nc\n\n[x]: /y\n\nd\n')).toMatchObject({
      settled: '<p>c</p>\n',
      reset: false,
    })
    const update = growing.update('[a] and [b]\n\nc\n\n[x]: /y\n\nd\n\n[a]: /z\n\ne\n')
    expect(update.reset).toBe(true)
    expect(update.settled).toMatch(/^<p><a href="\/z" [^>]*>a<\/a> and \[b\]<\/p>\n<p>c<\/p>\n<p>d/)
    expect(
      growing.update('[a] and [b]\n\nc\n\n[x]: /y\n\nd\n\n[a]: /z\n\ne\n\n[b]: /w', {
        final: true,
      }),
    ).toMatchObject({
      settled: expect.stringContaining('/w'),
      reset: true,
    })
  })

  test('is told anew a few times at most, and right at the end', () => {
    const growing = md.open()
    let text = Array.from({ length: 50 }, (_, n) => `[a${n}]`).join(' ') + '\n\nx\n\n'
    let resets = 0
    for (let n = 0; n < 50; n++) {
      text += `[a${n}]: /b\n\nc\n\n`
      if (growing.update(text).reset) resets += 1
    }
    expect(resets).toBeGreaterThan(10)
    expect(resets).toBeLessThan(20)
    expect(growing.update(text, { final: true })).toEqual({
      settled: md.render(text),
      open: '',
      reset: true,
    })
  })

  test('is of the new text when the text is another one', () => {
    const growing = md.open()
    growing.update('a\n\nb\n\n')
    expect(growing.update('c')).toEqual({ settled: '', open: '<p>c</p>\n', reset: true })
    expect(growing.update('c\n\nd\n')).toMatchObject({
      settled: '<p>c</p>\n',
      open: '<p>d</p>\n',
      reset: false,
    })
  })
})

describe('what an update changes', () => {
  const changes = (before: string, after: string): unknown => {
    const growing = md.open()
    growing.update(before)
    return growing.update(after).changes
  }

  test.each([
    ['words', 'a', 'a & b', [{ path: ['p'], html: ' &amp; b' }]],
    ['words in what is bold', 'a **b', 'a **b c', [{ path: ['p', 'strong'], html: ' c' }]],
    ['words behind what was bold', 'a **b', 'a **b** c', [{ path: ['p'], html: ' c' }]],
    ['an item', '- a', '- a\n- b', [{ path: ['ul'], html: '<li>b</li>\n' }]],
    [
      'the rest of an item, and another one',
      '- a',
      '- a b\n- c',
      [
        { path: ['ul', 'li'], html: ' b' },
        { path: ['ul'], html: '<li>c</li>\n' },
      ],
    ],
    ['a block', 'a', 'a\n\nb', [{ path: [], html: '<p>b</p>\n' }]],
    ['a line of code', '```\na\n', '```\na\nb\n', [{ path: ['pre', 'code'], html: '\nb' }]],
    [
      'a row',
      '|a|\n|-|\n|b|\n',
      '|a|\n|-|\n|b|\n|c|\n',
      [{ path: ['table', 'tbody'], html: '<tr>\n<td>c</td>\n</tr>\n' }],
    ],
    ['nothing', 'a', 'a\n-', []],
    [
      'a heading that was a word, and what is below it',
      'a\n\nb',
      'a\n\nb\n=\nc',
      [
        { path: ['p'], html: '<h1>b</h1>', replaces: true },
        { path: [], html: '<p>c</p>\n' },
      ],
    ],
    [
      'the last of what is in a quote',
      '> - a\n> - b',
      '> - a\n> - b\n>   =\n',
      [{ path: ['blockquote', 'ul', 'li'], html: '<li>\n<h1>b</h1>\n</li>', replaces: true }],
    ],
  ])('may be %s', (_, before, after, parts) => {
    expect(changes(before, after)).toEqual(parts)
  })

  test.each([
    ['nothing is left of a block', 'a\n\n[b]: /c\n"t', 'a\n\n[b]: /c\n"t"\n'],
    ['the text is another one', 'a', 'b'],
  ])('is not told when %s', (_, before, after) => {
    expect(changes(before, `${after}\n`)).toBe(undefined)
  })
})
