import fc from 'fast-check'
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5'
import { describe, expect, test } from 'vitest'
import { Fragment } from '../../src/fragments/fragment.ts'
import { FramedPage } from '../../src/testing/apply-frames.ts'
import { blockTree } from '../../src/htmx/block-tree.ts'
import { domText } from '../../src/testing/client/dom-text.ts'
import { StreamPage } from '../../src/htmx/stream-page.ts'
import { spaceOf } from '../../src/html/tags.ts'
import { ChangingBlock, monkeyHtml, type Random, randomFrom } from '../html/random-html.ts'
import { withoutLent } from '../support/lent.ts'
import { runsOf } from '../support/runs.ts'

/** Steps in all: `RUNS=1000000 SEED=1 npx vitest run tests/htmx/stream-page.test.ts` goes on. */
const RUNS = runsOf(4_000)
const { seed = 0 } = fc.readConfigureGlobal()
const STEPS = 8
/** A machine may have more to do. */
const TIMEOUT_MS = 60_000 + 10 * RUNS
const PAGE = '<body><main><div id="answer"></div></main></body>'

/** Snapshots of one block, some of them passed over. */
function changing(random: Random): () => string {
  const block = new ChangingBlock(random)
  return () => {
    do block.change()
    while (random() < 0.2)
    return block.render()
  }
}

/** Snapshots that have nothing in common but the monkey that typed them. */
function typed(random: Random): () => string {
  const beginning = monkeyHtml(random, Math.floor(random() * 8))
  let rest = ''
  return () => {
    rest = random() < 0.6 ? rest + monkeyHtml(random, 3) : monkeyHtml(random, 6)
    // htmx takes a title for that of the page, and reads tables in paragraphs as pages without a doctype do; a template
    // may stand before anything.
    const html = (beginning + rest).replaceAll(/<\/?(?:title|table|template)[^>]*>/g, '')
    // A block that begins with a part of SVG or MathML is for a target in there.
    return spaceOf(html) === 'html' ? html : `x${html}`
  }
}

/** Where a reader may be busy in a block, one white space is as good as another. */
const isBusy = (html: string): boolean =>
  /<(?:audio|details|dialog|iframe|img|input|object|select|textarea|video)\b/i.test(html)
const withoutSpace = (dom: string): string =>
  dom
    .replaceAll(/(?:\\n|\\t| )+/g, '')
    .replaceAll(/^(?:<!--.*-->|"")\n?/gm, '')
    .trim()

/** What a parser makes of a block in an element of the page. */
function wholeOf(html: string): string {
  const { root, html: text } = blockTree(html)
  if (!root.opaque) return domText(text)
  const [template] = parseFragment(`<template><swap-x>${text}`).childNodes
  const { content } = template as DefaultTreeAdapterTypes.Template
  return domText(content.childNodes[0] as DefaultTreeAdapterTypes.Element)
}

describe.each([
  [4, 'changing', changing],
  [2, 'changing', changing],
  [4, 'typed', typed],
  [2, 'typed', typed],
] as const)('a page of htmx %i', (htmx, kind, snapshots) => {
  test(
    `shows a block as it is after each frame, and nothing else at the end: ${kind}`,
    () => {
      const random = randomFrom(seed + htmx)
      for (let run = 0; run < RUNS / STEPS / 4; run++) {
        const next = snapshots(random)
        const stream = new StreamPage({ morphs: htmx === 4 })
        const page = new FramedPage(PAGE, { target: '#answer', swap: 'beforeend', htmx })
        // Names of SVG and MathML at the top of a target mean that it is one.
        const target = kind === 'changing' && random() < 0.3 ? { target: '#answer' } : {}
        const sent: string[] = []
        let seen = ''
        let html = ''
        const expectSame = (dom: string): void => {
          const whole = wholeOf(html)
          // A block that takes another place leaves the white space and comments around it where they were.
          const moves = sent.some(
            (message, n) => n > 0 && /<swap-frame>|<template id="s|\+\*"/.test(message),
          )
          const compared = moves || isBusy(seen) ? withoutSpace : String
          const [shown, wanted] = [compared(dom), compared(whole)]
          if (shown !== wanted)
            expect(shown, `${JSON.stringify(seen)}\n${sent.join('\n')}`).toBe(wanted)
        }
        for (let step = 0; step < STEPS; step++) {
          html = next()
          seen += html
          const messages = stream.show(new Fragment('t', 'b', {}, target), blockTree(html))
          sent.push(...messages)
          for (const message of messages) page.apply(message)
          expectSame(domText(withoutLent(page.find('#answer')!)))
        }
        for (const message of stream.end()) page.apply(message)
        expectSame(page.dom('#answer'))
      }
    },
    TIMEOUT_MS,
  )
})

describe.each([4, 2] as const)(
  'a block of elements that stand beside each other, with htmx %i',
  (htmx) => {
    test('costs as much for the hundredth element as for the third, also when it began with one', () => {
      const stream = new StreamPage({ morphs: htmx === 4 })
      const page = new FramedPage(PAGE, { target: '#answer', swap: 'beforeend', htmx })
      const lengths: number[] = []
      let html = ''
      for (let n = 100; n < 200; n++) {
        html += `<li>${n}</li>`
        const messages = stream.show(new Fragment('t', 'b'), blockTree(html))
        lengths.push(messages.join('').length)
        for (const message of messages) page.apply(message)
        expect(domText(withoutLent(page.find('#answer')!))).toBe(domText(html))
      }
      expect(lengths.at(-1)).toBe(lengths[2])
      for (const message of stream.end()) page.apply(message)
      expect(page.dom('#answer')).toBe(domText(html))
    })
  },
)

test.each([4, 2] as const)(
  'a block beside the main one stays where it is when its root loses its id, with htmx %i',
  (htmx) => {
    const stream = new StreamPage({ morphs: htmx === 4 })
    const page = new FramedPage('<body><div id="answer"></div><p id="side"></p></body>', {
      target: '#answer',
      swap: 'beforeend',
      htmx,
    })
    const show = (block: string, html: string): void => {
      for (const message of stream.show(new Fragment('t', block), blockTree(html)))
        page.apply(message)
    }
    show('main', '<p>Hello</p>')
    for (const html of ['<p id="side">a</p>', '<p>b</p>', '<p>c</p><p>d</p>']) show('side', html)
    show('main', '<p>Hello there</p>')
    for (const message of stream.end()) page.apply(message)
    expect(page.html).toContain(
      '<body><div id="answer"><p>Hello there</p></div><p>c</p><p>d</p></body>',
    )
  },
)

test.each([4, 2] as const)(
  'a block inside another one is there after each frame of both, and at the end, with htmx %i',
  (htmx) => {
    const stream = new StreamPage({ morphs: htmx === 4 })
    const page = new FramedPage(PAGE, { target: '#answer', swap: 'beforeend', htmx })
    const outer = (tag: string): string =>
      `<${tag}><p>${'a long text '.repeat(9)}</p><aside id="in"></aside></${tag.split(' ')[0]!}>`
    const expectBoth = (tag: string, inner: string): void =>
      expect(domText(withoutLent(page.find('#answer')!))).toBe(
        domText(outer(tag).replace('</aside>', `${inner}</aside>`)),
      )
    const show = (block: string, html: string): void => {
      const target = block === 'inner' ? { target: '#in' } : {}
      for (const message of stream.show(new Fragment('t', block, {}, target), blockTree(html)))
        page.apply(message)
    }
    show('outer', outer('section'))
    show('inner', '<b>1</b>')
    for (const tag of ['section aria-busy="true"', 'div', 'div aria-busy="false"']) {
      show('outer', outer(tag))
      expectBoth(tag, '<b>1</b>')
    }
    show('inner', '<b>1</b><b>2</b>')
    for (const message of stream.end()) page.apply(message)
    expectBoth('div aria-busy="false"', '<b>1</b><b>2</b>')
  },
)
