import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changesOf, type DiffOptions } from '../../src/html/diff.ts'
import { type PageHtml, pageHtml, removeTemporary } from '../../src/html/page-html.ts'
import { treeOf } from '../../src/html/read-tree.ts'

const ANYTHING: DiffOptions = { attributes: true, container: true, start: true, end: true }

/** The changes between renders that follow each other, in short: `end p: lo`. */
function changes(...renders: string[]): string[] | undefined {
  return follow(renders, ANYTHING).at(-1)?.changes
}

function follow(
  renders: readonly string[],
  options: DiffOptions,
): { changes: string[] | undefined; page: PageHtml }[] {
  let page = pageHtml(treeOf(renders[0]!))
  return renders.slice(1).map((render) => {
    const found = changesOf(page, treeOf(render), options)
    page = found.page
    const spelt = found.changes?.map(({ how, path, html }) => {
      const way = path.map(({ tag, nth }) => (nth === 1 ? tag : `${tag}:${nth}`)).join('>')
      return `${how} ${way || 'top'}: ${html}`
    })
    return { changes: spelt, page }
  })
}

const LONG =
  'This text is long enough that an element with it in it is not sent as a whole, as small ones are. '

describe('the changes between two renders', () => {
  test('add what is new at the end of an element', () => {
    expect(changes('<p>Hel</p>', '<p>Hello</p>')).toEqual(['end p: lo'])
    expect(changes('<ul><li>a</li></ul>', '<ul><li>a</li><li>b</li></ul>')).toEqual([
      'end ul: <li>b</li>',
    ])
    expect(changes(`<div><p>${LONG}</p></div>`, `<div><p>${LONG}b</p>\n<p>c</p></div>`)).toEqual([
      'end div: \n<p>c</p>',
      'end div>p: b',
    ])
    expect(changes('<table><tr><td>1</table>', '<table><tr><td>1<tr><td>2</table>')).toEqual([
      'end table>tbody: <tr><td>2',
    ])
  })

  test('add what is new before an element, or behind one', () => {
    expect(changes('<p>Hel<i></i></p>', '<p>Hello<i></i></p>')).toEqual(['before p>i: lo'])
    expect(changes('<ul><li>a</li></ul>', '<ul><li>b</li><li>a</li></ul>')).toEqual([
      'before ul>li: <li>b</li>',
    ])
    expect(changes('<ol>\n<li>a</li>\n</ol>', '<ol>\n<li>a</li>\n<li>b</li>\n</ol>')).toEqual([
      'end ol: <li>b</li>\n',
    ])
  })

  test('add a temporary element at the end of a text where text goes on before it, and send their parent once', () => {
    expect(changes(`<p>${LONG}…</p>`, `<p>${LONG}one…</p>`)).toEqual([
      `inside p: ${LONG}one<swap-text>…</swap-text>`,
    ])
    expect(changes(`<p>${LONG}…</p>`, `<p>${LONG}one…</p>`, `<p>${LONG}one two…</p>`)).toEqual([
      'before p>swap-text:  two',
    ])
    const counts = [1, 2, 3].map((n) => `<p>${LONG.repeat(n)}(${n} times)</p>`)
    expect(changes(...counts)).toEqual([
      'inside p>swap-text: (3 times)',
      `before p>swap-text: ${LONG}`,
    ])
  })

  test('remove what was temporary, and leave the rest alone', () => {
    const { page } = follow([`<p>${LONG}…</p>`, `<p>${LONG}one…</p>`], ANYTHING)[0]!
    expect(
      removeTemporary(page).map(({ how, path, html }) => [how, path.at(-1)!.tag, html]),
    ).toEqual([
      ['before', 'swap-text', '…'],
      ['remove', 'swap-text', ''],
    ])
    const held = follow([`<p class="a">${LONG}</p>`, `<p class="b">${LONG}</p>`], ANYTHING)[0]!
    expect(held.changes).toEqual(['attributes p: <p class="b"></p>'])
    // A page that knows the mark leaves alone what stands beside it.
    expect(removeTemporary(held.page).map(({ how, html }) => [how, html])).toEqual([
      ['end', '<swap-end></swap-end>'],
      ['replace', `<p class="b">${LONG}</p>`],
      ['remove', ''],
    ])
  })

  test('are those of the smallest element that differs otherwise', () => {
    expect(
      changes('<div><p>a</p><small>1</small></div>', '<div><p>a</p><small>2</small></div>'),
    ).toEqual(['inside div>small: 2'])
    expect(changes('<div><img src="a"><p>b</p></div>', '<div><img src="c"><p>b</p></div>')).toEqual(
      ['replace div>img: <img src="c">'],
    )
    expect(changes('<p>a<b>b</b></p>', '<p>a</p>')).toEqual(['remove p>b: '])
    expect(changes('<p>a</p>', '<p>a</p>')).toEqual([])
  })

  test('replace an element whose tag changes, where attributes cannot change alone', () => {
    const [found] = follow([`<i class="a">${LONG}</i>`, `<i class="b">${LONG}</i>`], {
      ...ANYTHING,
      attributes: false,
    })
    expect(found!.changes).toEqual([`replace i: <i class="b">${LONG}</i>`])
  })

  test('replace an element whose id changes, which a morph takes for another element', () => {
    const grown = (tag: string): string => `<div>${tag}${LONG}</p></div>`
    expect(changes(grown('<p id="a">'), grown('<p id="b">'))).toEqual([
      `replace div>p: <p id="b">${LONG}</p>`,
    ])
    expect(changes(grown('<p class="a">'), grown('<p id="a">'))).toEqual([
      `replace div>p: <p id="a">${LONG}</p>`,
    ])
    expect(changes(grown(`<p title=" id='" id="a">`), grown(`<p title=" id=''" id="a">`))).toEqual([
      `attributes div>p: <p title=" id=''" id="a"></p>`,
    ])
  })

  test('never cut an entity, nor a character', () => {
    expect(changes('<p>a &am</p>', '<p>a &amp; b</p>')).toEqual(['inside p: a &amp; b'])
    expect(changes('<p>\ud83d</p>', '<p>😀</p>')).toEqual(['inside p: 😀'])
    expect(changes('<p>a &amp;</p>', '<p>a &amp; b</p>')).toEqual(['end p:  b'])
  })

  test('are nothing smaller than all where nothing can be addressed', () => {
    const nowhere = { ...ANYTHING, container: false, start: false, end: false }
    expect(follow(['a', 'b'], nowhere)[0]!.changes).toBeUndefined()
    expect(follow(['<p>a</div>', '<p>b</div>'], nowhere)[0]!.changes).toBeUndefined()
    expect(follow(['<p>a</p>', '<p>a</p><p>b</p>'], nowhere)[0]!.changes).toEqual([
      'after p: <p>b</p>',
    ])
  })

  test('leave alone what a reader may be busy with, and the white space around it', () => {
    const form = `<form>\n<input>\n\n</form>`
    expect(changes(form, '<form>\n<input>\n<b>new</b>\n</form>')).toEqual([
      'end form: <b>new</b>\n',
    ])
    // Where there is nothing of the kind, white space is what it would be.
    expect(changes('<p>\n<i></i>\n\n</p>', '<p>\n<i></i>\n<b>new</b>\n</p>')).toEqual([
      'inside p: \n<i></i>\n<b>new</b>\n',
    ])
  })
})

test('one change of a long answer costs what changed', () => {
  fc.assert(
    fc.property(fc.array(fc.lorem({ maxCount: 6 }), { minLength: 20, maxLength: 40 }), (words) => {
      const list = (count: number): string =>
        `<ol>${words
          .slice(0, count)
          .map((word, n) => `<li data-n="${n}">${word}</li>`)
          .join('')}</ol><p>${words.slice(0, count).join(' ')} (${count})</p>`
      const steps = follow(
        words.map((_, n) => list(n + 1)),
        ANYTHING,
      )
      const chars = steps.reduce((sum, { changes: found }) => sum + found!.join('').length, 0)
      expect(chars).toBeLessThan(8 * list(words.length).length)
    }),
    { numRuns: 50 },
  )
})
