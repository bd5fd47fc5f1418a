import { describe, expect, test } from 'vitest'
import { markdown } from 'swapstream/markdown'
import { expectNothingTakenBack } from './markdown-steps.ts'

const md = markdown()
const marked = markdown({ math: 'class' })

describe('a formula', () => {
  test.each([
    ['in a line', 'So \\(a_1\\) and \\(b_1\\).'],
    ['with backslashes', '$$a \\\\ b$$'],
    ['by itself', '\\[ x^2 \\]'],
    ['with what else is emphasis', '\\(a*b*c\\) and $$x__y__z$$'],
    ['with what else is code, or a link', '\\(`a`\\) \\([b](/c)\\)'],
    ['over several lines', '\\[\na\n=\nb\n- c\n\\]'],
    ['that looks like a list and a heading', '$$\n- a\n# b\n+ c \\\\\n$$'],
    ['with more behind its end', '$$\n- a\n$$ where b\nis c'],
    ['behind words of its line', 'So $$\na_1\nb_2\n$$ and $$\nc_1\n$$'],
    ['behind other words, in brackets', 'So \\[\na_1\n\\] and $$b_1$$\nor \\(c_1\\)'],
  ])('%s stays as it was typed', (_, text) => {
    expect(md.render(text)).toBe(`<p>${text}</p>\n`)
    expectNothingTakenBack(md, text)
    expectNothingTakenBack(marked, `${text}\n\n- end`)
  })

  test('is text, whatever stands in it', () => {
    expect(md.render('\\(a < b & "c"\\)')).toBe('<p>\\(a &lt; b &amp; &quot;c&quot;\\)</p>\n')
    expect(marked.render('$$<b onclick="x">$$')).toBe(
      '<p><span class="math">$$&lt;b onclick=&quot;x&quot;&gt;$$</span></p>\n',
    )
  })

  test('stands in an element of its own when a script is to find it', () => {
    expect(marked.render('So \\(a_1\\) **is** $$b$$')).toBe(
      '<p>So <span class="math">\\(a_1\\)</span> <strong>is</strong> <span class="math">$$b$$</span></p>\n',
    )
  })

  test('stands in a list and in a quote, apart from the text before it', () => {
    expect(md.render('- a\n  $$\n  - b\n  $$\n- c')).toBe(
      '<ul>\n<li>a\n<p>$$\n- b\n$$</p>\n</li>\n<li>c</li>\n</ul>\n',
    )
    expect(md.render('> \\[\n> - a\n> \\]\n\nb')).toBe(
      '<blockquote>\n<p>\\[\n- a\n\\]</p>\n</blockquote>\n<p>b</p>\n',
    )
  })

  test('stands in the paragraph that has begun it, and else begins one', () => {
    expect(marked.render('So $$\na_1\n$$ is')).toBe(
      '<p>So <span class="math">$$\na_1\n$$</span> is</p>\n',
    )
    expect(md.render('So $$a$$:\n$$\n- b\n$$')).toBe('<p>So $$a$$:</p>\n<p>$$\n- b\n$$</p>\n')
    expect(md.render('It costs $$:\n\n$$\n- b\n$$')).toBe(
      '<p>It costs $$:</p>\n<p>$$\n- b\n$$</p>\n',
    )
    expect(md.render('> so $$\n> a_1\n> $$\n\n- so $$\n  b_1\n  $$')).toBe(
      '<blockquote>\n<p>so $$\na_1\n$$</p>\n</blockquote>\n<ul>\n<li>so $$\nb_1\n$$</li>\n</ul>\n',
    )
  })

  test('stands in the cells of a table', () => {
    const table = md.render('| \\(a_1\\) | *b* |\n|---|---|\n| $$c_1$$ | $5 and $6 |')
    expect(table.match(/<t[hd]>.*?<\/t[hd]>/g)).toEqual([
      '<th>\\(a_1\\)</th>',
      '<th><em>b</em></th>',
      '<td>$$c_1$$</td>',
      '<td>$5 and $6</td>',
    ])
  })

  test('may stand in a link and in what is bold', () => {
    expect(md.render('**\\(a_1\\)**')).toBe('<p><strong>\\(a_1\\)</strong></p>\n')
    expect(md.render('[\\(a]b\\)](/c)')).toMatch(/^<p><a href="\/c"[^>]*>\\\(a\]b\\\)<\/a><\/p>\n$/)
  })

  test('does not hide where a link leads', () => {
    for (const each of [md, marked])
      expect(each.render('[\\(https://bank.com\\)](https://evil.com)')).toContain('(evil.com)')
  })

  test.each([
    ['an amount with a low line', 'costs $5_000 or $6_000', 'costs $5_000 or $6_000'],
    ['an amount', 'costs $5 and *not* $6', 'costs $5 and <em>not</em> $6'],
    ['what has no end', 'a \\(b *c*', 'a (b <em>c</em>'],
    ['what is empty', '\\(\\) $$$$', '() $$$$'],
    ['what stands in code', '`\\(` a*b*c `\\)`', '<code>\\(</code> a<em>b</em>c <code>\\)</code>'],
    ['what a backslash escapes', 'a\\\\(b_ _c\\\\)', 'a\\(b_ _c\\)'],
    [
      'what is longer than a formula',
      `\\(${'a '.repeat(1_100)}*b*\\)`,
      `(${'a '.repeat(1_100)}<em>b</em>)`,
    ],
  ])('is not %s', (_, text, html) => {
    expect(md.render(text)).toBe(`<p>${html}</p>\n`)
  })

  test('that never ends leaves the blocks below it as they are', () => {
    expect(md.render('\\[\n- a\n\nb')).toBe('<p>[</p>\n<ul>\n<li>a</li>\n</ul>\n<p>b</p>\n')
  })

  test('is shown when it is whole, and not before', () => {
    const toHtml = md.open()
    expect(toHtml('So \\(a')).toBe('<p>So</p>\n')
    expect(toHtml('So \\(a_1\\)')).toBe('<p>So \\(a_1\\)</p>\n')
    expect(toHtml('So \\(a_1\\)\n$$\n- b')).toBe('<p>So \\(a_1\\)</p>\n')
    expect(toHtml('So \\(a_1\\)\n$$\n- b\n$$')).toBe('<p>So \\(a_1\\)</p>\n<p>$$\n- b\n$$</p>\n')
  })
})

describe('code in what is bold', () => {
  test.each(['**`code`** is', '- **`a`**: b\n- *`c*d`* e', '``a`b`` c', '**a `b*c` d** e'])(
    'shows no mark while it grows: %s',
    (text) => {
      expectNothingTakenBack(md, text)
    },
  )
})
