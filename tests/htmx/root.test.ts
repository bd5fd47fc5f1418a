import { describe, expect, test } from 'vitest'
import { rootOf } from '../../src/htmx/root.ts'

describe('rootOf', () => {
  test.each([
    ['<p>Hello</p>', 'p', undefined],
    ['\n  <article id="a1" class="x">\n <p>one</p></article>\n', 'article', 'a1'],
    ["<div id='x'><div><div></div></div></div>", 'div', 'x'],
    ['<section id=x title="a > b"><p>1</p><p>2</p></section>', 'section', 'x'],
    ['<!-- note --><p>a</p><!-- </p> -->', 'p', undefined],
    ['<img src="x.png" alt="">', 'img', undefined],
    ['<div><script>if (a < b) "</div>"</script></div>', 'div', undefined],
    ['<P ID="Up">x</P>', 'p', 'Up'],
    ['<p title="id=no" data-id="no">x</p>', 'p', undefined],
    ['<tr id="r"><td>1</td></tr>', 'tr', 'r'],
    ['<div><textarea><div></textarea></div>', 'div', undefined],
  ])('finds the one element of %j', (html, tag, id) => {
    const root = rootOf(html)
    expect(root).toMatchObject({ tag, id })
    expect(html.slice(root!.attributesAt - tag.length, root!.attributesAt).toLowerCase()).toBe(tag)
  })

  test.each([
    'just text',
    '',
    '  \n',
    '<p>one</p><p>two</p>',
    'text <p>one</p>',
    '<p>one</p> text',
    '<p>never closed',
    '</p><p>x</p>',
    '<p>a paragraph <div>cannot hold a div</div></p>',
    '<li>a</li>\n<li>b</li>',
    '<p id="a:b">an id that no plain selector can name</p>',
    '<p id="">x</p>',
  ])('finds none in %j', (html) => {
    expect(rootOf(html)).toBeUndefined()
  })

  test('gives the content between the tags', () => {
    const html = ' <div class="a"><b>x</b></div> '
    const { innerStart, innerEnd } = rootOf(html)!
    expect(html.slice(innerStart, innerEnd)).toBe('<b>x</b>')
  })

  test.each(['<a "', '<p ', '<!--', '<p>', '<', '<p><script>'])(
    'reads %j a hundred thousand times over in one pass',
    (bomb) => {
      // Anything that grows with the square would take minutes here.
      expect(rootOf(bomb.repeat(100_000))).toBeUndefined()
    },
  )
})
