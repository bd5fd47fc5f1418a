import { describe, expect, test } from 'vitest'
import { Fragment, type FragmentOptions } from '../../src/fragments/fragment.ts'
import { Addresser } from '../../src/htmx/addresser.ts'

const fragment = (options: FragmentOptions = {}, block = 'response'): Fragment =>
  new Fragment('chat.html', block, {}, options)
const final = { final: true }

/** Lent ids are random: shown as S here. */
const masked = (html: string): string => html.replace(/\bs\d\w{3}\b/g, 'S')

/** The frames of these states, and one more that takes back what is still lent: empty when nothing is. */
function frames(...states: (string | [string, FragmentOptions])[]): string[] {
  return framesFor(false, ...states)
}

function framesFor(morphs: boolean, ...states: (string | [string, FragmentOptions])[]): string[] {
  const addresser = new Addresser(morphs)
  let last = ''
  const sent = states.map((state) => {
    const [html, options] = typeof state === 'string' ? [state, {}] : state
    last = html
    return addresser.address(fragment(options), html)
  })
  const end = addresser.lends(fragment()) ? addresser.address(fragment(final), last) : ''
  return [...sent, end].map(masked)
}

describe('Addresser', () => {
  test('lends the root an id, morphs its content, and takes the id back with the last frame', () => {
    expect(
      frames('<p class="a">Hel</p>', '<p class="a">Hello</p>', ['<p class="a">Hello.</p>', final]),
    ).toEqual([
      '<p id="S" class="a">Hel</p>',
      '<div hx-swap-oob="innerMorph:#S">Hello</div>',
      '<p hx-swap-oob="outerHTML:#S" class="a">Hello.</p>',
      '',
    ])
  })

  test('takes a lent id back at the end of the stream when no fragment was said to be the last', () => {
    expect(frames('<p>Hel</p>', '<p>Hello</p>').at(-1)).toBe(
      '<p hx-swap-oob="outerHTML:#S">Hello</p>',
    )
  })

  test('morphs the element itself for a client that can: what happened in it in the page stays', () => {
    expect(
      framesFor(true, '<p aria-busy="true">x</p>', ['<p aria-busy="false">y</p>', final]),
    ).toEqual([
      '<p S aria-busy="true">x</p>',
      '<hx-partial hx-target="[S]" hx-swap="outerMorph"><p aria-busy="false">y</p></hx-partial>',
      '',
    ])
    // Several elements cannot be morphed into the one that was lent.
    expect(framesFor(true, 'one', ['<p>one</p><p>two</p>', final])[1]).toContain('beforebegin:[S]')
  })

  test('uses the id that the root has, and has nothing to take back', () => {
    expect(
      frames('<p id="a">Hel</p>', '<p id="a">Hello</p>', ['<p id="a">Hello.</p>', final]),
    ).toEqual([
      '<p id="a">Hel</p>',
      '<div hx-swap-oob="innerMorph:#a">Hello</div>',
      '<div hx-swap-oob="innerMorph:#a">Hello.</div>',
      '',
    ])
  })

  test('replaces the element itself when its own tag changed', () => {
    expect(frames('<p id="a" class="on">x</p>', '<p id="a">x</p>')[1]).toBe(
      '<p hx-swap-oob="outerHTML:#a" id="a">x</p>',
    )
    expect(frames('<p aria-busy="true">x</p>', '<p aria-busy="false">x</p>')[1]).toBe(
      '<p hx-swap-oob="outerHTML:#S" id="S" aria-busy="false">x</p>',
    )
  })

  test('follows a root that changes its id', () => {
    expect(frames('<p id="a">x</p>', '<p id="b">y</p>', '<p id="b">z</p>').slice(1, 3)).toEqual([
      '<p hx-swap-oob="outerHTML:#a" id="b">y</p>',
      '<div hx-swap-oob="innerMorph:#b">z</div>',
    ])
  })

  test('sends a single last frame as it is', () => {
    expect(frames(['<p>Hello</p>', final])).toEqual(['<p>Hello</p>', ''])
  })

  test('lends a whole element to a block of several roots or of text, and takes it back', () => {
    expect(frames('one', '<p>one</p><p>two</p>', ['<p>one</p><p>two.</p>', final])).toEqual([
      '<swap-frame id="S">one</swap-frame>',
      '<div hx-swap-oob="innerMorph:#S"><p>one</p><p>two</p></div>',
      '<div hx-swap-oob="beforebegin:#S"><p>one</p><p>two.</p></div><div hx-swap-oob="delete:#S"></div>',
      '',
    ])
  })

  test('moves from text to one root and on to several', () => {
    expect(frames('', '<p>one</p>', '<p>one</p><p>two</p>').slice(0, 3)).toEqual([
      '<swap-frame id="S"></swap-frame>',
      '<p hx-swap-oob="outerHTML:#S" id="S">one</p>',
      '<swap-frame hx-swap-oob="outerHTML:#S" id="S"><p>one</p><p>two</p></swap-frame>',
    ])
  })

  test('puts table parts into a partial, because a <div> would lose them', () => {
    expect(
      frames('<tr><td>1</td></tr>', '<tr><td>2</td></tr>', ['<tr><td>3</td></tr>', final]),
    ).toEqual([
      '<tr id="S"><td>1</td></tr>',
      '<hx-partial hx-target="#S" hx-swap="innerMorph"><td>2</td></hx-partial>',
      '<hx-partial hx-target="#S" hx-swap="outerHTML"><tr><td>3</td></tr></hx-partial>',
      '',
    ])
  })

  test('sends several table rows to where the form says each time: nothing can be lent around them', () => {
    const rows = '<tr><td>1</td></tr><tr><td>2</td></tr>'
    expect(frames(rows, rows)).toEqual([rows, rows, ''])
  })

  test('sends a fragment with a target there, every time', () => {
    const addresser = new Addresser()
    const sources = fragment({ target: '#sources' }, 'sources')
    expect(addresser.address(sources, '<li>1</li>')).toBe(
      '<div hx-swap-oob="innerMorph:#sources"><li>1</li></div>',
    )
    expect(addresser.address(fragment({ target: '#feed', swap: 'beforeend' }), '<li>1</li>')).toBe(
      '<div hx-swap-oob="beforeend:#feed"><li>1</li></div>',
    )
    expect(addresser.lends(sources)).toBe(false)
  })

  test.each([
    [false, '<b hx-swap-oob="outerHTML:#n" id="n">1</b>'],
    [true, '<hx-partial hx-target="#n" hx-swap="outerMorph"><b id="n">1</b></hx-partial>'],
  ])('puts a block that is its own target in its place (morphs: %s)', (morphs, frame) => {
    const own = '<b id="n">1</b>'
    expect(framesFor(morphs, [own, { target: '#n' }], [own, { target: '#other' }])).toEqual([
      frame,
      '<div hx-swap-oob="innerMorph:#other"><b id="n">1</b></div>',
      '',
    ])
    const inside: FragmentOptions = { target: '#n', swap: 'beforeend' }
    expect(framesFor(morphs, [own, inside])[0]).toBe(
      '<div hx-swap-oob="beforeend:#n"><b id="n">1</b></div>',
    )
  })

  test('sends a second block to the id of its root, and refuses one that has none', () => {
    const addresser = new Addresser()
    addresser.address(fragment(), '<p>x</p>')
    expect(addresser.address(fragment({}, 'usage'), '<p id="usage">3 tokens</p>')).toBe(
      '<p hx-swap-oob="outerHTML:#usage" id="usage">3 tokens</p>',
    )
    expect(() => addresser.address(fragment({}, 'other'), '<p>x</p>')).toThrow(
      expect.objectContaining({ code: 'block/no-address' }),
    )
  })

  test('puts a notice below the answer, below the last target, or where the form says', () => {
    const answered = new Addresser()
    answered.address(fragment(), '<p>x</p>')
    expect(masked(answered.below('<b>!</b>'))).toBe('<div hx-swap-oob="afterend:#S"><b>!</b></div>')

    const targeted = new Addresser()
    targeted.address(fragment({ target: '#feed' }), '<p>x</p>')
    expect(targeted.below('<b>!</b>')).toBe('<div hx-swap-oob="beforeend:#feed"><b>!</b></div>')
    expect(new Addresser().below('<b>!</b>')).toBe('<b>!</b>')
  })

  test('gives two streams different ids', () => {
    const ids = Array.from({ length: 50 }, () => new Addresser().address(fragment(), '<p>x</p>'))
    expect(new Set(ids).size).toBe(50)
  })
})
