import { describe, expect, test } from 'vitest'
import { markdown } from 'swapstream/markdown'

const md = markdown()
const open = (text: string): string => md.open()(text)

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
    const toHtml = md.open()
    const states = ['So ', '[', '1', ']', '[', '2', ']', '.'].map((_, n, all) =>
      toHtml(defined + all.slice(0, n + 1).join('')).slice(3, -5),
    )
    expect(states).toEqual([...Array<string>(7).fill('So'), `So ${one}${two}.`])
  })
})

describe('the tail', () => {
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
    expect(open(text)).toBe(html)
  })

  test('never shows a tag or a mark of a list, a table and a link that it takes back', () => {
    const text =
      'An **answer** with `code`:\n\n1. one\n2. two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[Go](https://x.io/y).'
    const toHtml = md.open()
    const seen = new Set<string>()
    for (let at = 1; at <= text.length; at++) {
      const words = toHtml(text.slice(0, at)).replace(/<[^>]*>/g, '')
      for (const [mark] of words.matchAll(/[*`|[\](]+|\d\./g)) seen.add(mark)
    }
    expect([...seen]).toEqual([])
  })

  test('leaves alone what an empty line has finished', () => {
    expect(open('a **b\n\n')).toBe('<p>a **b</p>\n')
    expect(open('# a **b\n')).toBe('<h1>a **b</h1>\n')
  })
})

describe('a growing text', () => {
  test('gives all of its HTML at each step', () => {
    const toHtml = md.open()
    expect(toHtml('# a\n')).toBe('<h1>a</h1>\n')
    expect(toHtml('# a\nb')).toBe('<h1>a</h1>\n<p>b</p>\n')
    expect(toHtml('# a\nb\n\nc\n')).toBe('<h1>a</h1>\n<p>b</p>\n<p>c</p>\n')
  })

  test('gives a link its address when its definition below is whole', () => {
    const toHtml = md.open()
    const text = '[a] and [b]\n\nc\n\n'
    expect(toHtml(text)).toBe('<p>[a] and [b]</p>\n<p>c</p>\n')
    expect(toHtml(`${text}[x]: /y\n\nd\n`)).toBe('<p>[a] and [b]</p>\n<p>c</p>\n<p>d</p>\n')
    expect(toHtml(`${text}[x]: /y\n\nd\n\n[a]: /z\n\ne\n`)).toMatch(
      /^<p><a href="\/z" [^>]*>a<\/a> and \[b\]<\/p>\n<p>c<\/p>\n<p>d<\/p>\n<p>e<\/p>\n$/,
    )
  })

  test('leads a link to the whole address, also when half of it came first', () => {
    const toHtml = md.open()
    const text = 'a\n\n[b]:\n/late\n\n[b] c\n\nd\n'
    for (let at = 1; at <= text.length; at++) toHtml(text.slice(0, at))
    expect(toHtml(text)).toBe(md.render(text))
    expect(toHtml(text)).toContain('href="/late"')
  })

  test('gives the first links their addresses while it grows, and the rest when it is whole', () => {
    const toHtml = md.open()
    let text = Array.from({ length: 50 }, (_, n) => `[a${n}]`).join(' ') + '\n\nx\n\n'
    let html = ''
    for (let n = 0; n < 50; n++) {
      text += `[a${n}]: /b\n\nc\n\n`
      html = toHtml(text)
    }
    const links = html.match(/<a /g)!.length
    expect(links).toBeGreaterThan(10)
    expect(links).toBeLessThan(20)
    expect(md.render(text).match(/<a /g)).toHaveLength(50)
  })

  test('may be followed by another text, which begins anew', () => {
    const toHtml = md.open()
    toHtml('a\n\nb\n\n')
    expect(toHtml('c')).toBe('<p>c</p>\n')
    expect(toHtml('c\n\nd\n')).toBe('<p>c</p>\n<p>d</p>\n')
    expect(toHtml('c')).toBe('<p>c</p>\n')
    expect(toHtml('')).toBe('')
  })
})
