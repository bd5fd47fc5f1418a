import fc from 'fast-check'
import {
  type DefaultTreeAdapterTypes,
  defaultTreeAdapter as dom,
  html,
  parseFragment,
} from 'parse5'
import { describe, expect, test } from 'vitest'
import { treeOf } from '../../src/html/read-tree.ts'
import { closingTags, type HtmlNode, partOf } from '../../src/html/tree.ts'
import { ChangingBlock, monkeyHtml, randomFrom } from './random-html.ts'
import { runsOf } from '../support/runs.ts'

const RUNS = runsOf(4_000)
const { seed = 0 } = fc.readConfigureGlobal()
const SPACES: Readonly<Record<string, string>> = {
  [html.NS.HTML]: 'html',
  [html.NS.SVG]: 'svg',
  [html.NS.MATHML]: 'math',
}

/** A tree in short: `p(text b(text))`; `?` stands for what is not known. */
function short({ tag, opaque, children }: HtmlNode): string {
  if (tag === '') return 'text'
  const inside = opaque ? '?' : children.map(short).join(' ')
  return inside === '' ? tag : `${tag}(${inside})`
}

/** What a part of the tree is in the DOM; nothing when that is the same. */
function difference(
  text: string,
  { tag, opaque, children }: HtmlNode,
  parent: DefaultTreeAdapterTypes.ParentNode,
): string | undefined {
  if (opaque) return undefined
  const nodes: (DefaultTreeAdapterTypes.ChildNode | { nodeName: '#text'; value: string })[] = []
  for (const node of parent.childNodes) {
    const last = nodes.at(-1)
    if (dom.isTextNode(node) && last?.nodeName === '#text')
      nodes[nodes.length - 1] = {
        nodeName: '#text',
        value: `${'value' in last ? last.value : ''}${node.value}`,
      }
    else nodes.push(node)
  }
  if (nodes.length !== children.length)
    return `${tag} holds ${children.length}, not ${nodes.length}`
  for (const [n, child] of children.entries()) {
    const node = nodes[n]!
    if (child.tag === '') {
      const [own] = parseFragment(`<i>${text.slice(child.start, child.end)}</i>`).childNodes
      const value = (own as DefaultTreeAdapterTypes.Element).childNodes
        .map((each) => ('value' in each ? each.value : ''))
        .join('')
      if (!('value' in node) || node.value !== value) return `text ${JSON.stringify(value)}`
    } else if (child.tag !== '!') {
      if (!('tagName' in node) || node.tagName !== child.tag)
        return `${child.tag} is ${node.nodeName}`
      if (SPACES[node.namespaceURI] !== child.space) return `${child.tag} of ${child.space}`
      const inner = child.tag === 'template' ? undefined : difference(text, child, node)
      if (inner !== undefined) return inner
    }
  }
  return undefined
}

describe('treeOf', () => {
  test.each([
    ['<p>a<b>b</b></p>', '#(p(text b(text)))'],
    ['<ul><li>a<li>b</ul>', '#(ul(li(text) li(text)))'],
    ['<p>a<p>b', '#(p(text) p(text))'],
    ['<table><tr><td>a<td>b</table>', '#(table(tbody(tr(td(text) td(text)))))'],
    ['<tr><td>a</td></tr>\n<tr></tr>', '#(tr(td(text)) text tr)'],
    ['<select><option>a<option>b</select>', '#(select(option(text) option(text)))'],
    ['<pre>\n\na</pre>', '#(pre(text))'],
    ['<textarea>a &lt; b</textarea>', '#(textarea(text))'],
    [
      '<svg viewBox="0 0 1 1"><lineargradient/><g><rect/></g></svg>',
      '#(svg(linearGradient g(rect)))',
    ],
    ['<svg><foreignObject><p>a</p></foreignObject></svg>', '#(svg(foreignObject(p(text))))'],
    ['<math><mi>a</mi></math>', '#(math(mi(text)))'],
    ['<!-- a --><p title="a > b">', '#(! p)'],
    ['<p title=a"b>c</p x>', '#(p(text))'],
    ['<svg x=1/><g></g></svg>', '#(svg(g))'],
    ['a < b <p>c</p>', '#(text p(text))'],
    ['<template><p>a</template>', '#(template(?))'],
    ['<script>"<p>"</script>', '#(script(?))'],
  ])('reads %j as %s', (text, expected) => {
    expect(short(treeOf(text).root)).toBe(expected)
  })

  test.each([
    ['<section><div><span>a</div></section>', '#(section(div(?)))'],
    ['<article><p>a</p><div></p>b</div></article>', '#(article(p(text) div(?)))'],
    ['<p>a</p><section><div></section>', '#(?)'],
    ['<p>a</div>', '#(?)'],
    ['<b><p>a</b></p>', '#(?)'],
    ['<div><table>a<tr></table></div>', '#(?)'],
    ['<form><form></form></form>', '#(?)'],
    ['<p title="a', '#(?)'],
    ['<title>a</title>', '#(?)'],
    ['<!-- a', '#(?)'],
    ['<svg><p>a</p></svg>', '#(?)'],
  ])('does not know what a parser makes of %j: %s', (text, expected) => {
    expect(short(treeOf(text).root)).toBe(expected)
  })

  test('is what a parser makes of it, or says that it does not know, whatever is typed', () => {
    const random = randomFrom(seed)
    let known = 0
    for (let n = 0; n < RUNS; n++) {
      const text = monkeyHtml(random, 1 + Math.floor(random() * 14))
      const { root } = treeOf(text)
      if (!root.opaque) known += 1
      const fault = difference(text, root, parseFragment(text))
      if (fault !== undefined) expect(fault, JSON.stringify(text)).toBeUndefined()
    }
    expect(known).toBeGreaterThan(RUNS / 10)
  }, 120_000)

  test('is the same where it goes on from what was read before', () => {
    const random = randomFrom(seed)
    for (let run = 0; run < RUNS / 40; run++) {
      const block = new ChangingBlock(random)
      // Shorter HTML is read anew.
      const first = `<p>${'long '.repeat(900)}</p>`
      let beginning = monkeyHtml(random, 8)
      const around = (text: string): string => `<section>${first}${text}</section>`
      let before = [treeOf(around(block.render())), treeOf(around(beginning))]
      for (let step = 0; step < 6; step++) {
        block.change()
        beginning =
          beginning.slice(0, beginning.length - Math.floor(random() * 8)) + monkeyHtml(random, 4)
        const texts = [around(block.render()), around(beginning)]
        before = texts.map((text, n) => {
          const tree = treeOf(text, undefined, before[n])
          expect(tree).toEqual(treeOf(text))
          return tree
        })
      }
    }
  }, 120_000)

  test('does not hold an element for ended that the next letter may leave open', () => {
    const begin = `<div>${'long '.repeat(1_000)}</div><p>a`
    const before = treeOf(`${begin}<div></div>`)
    const text = `${begin}<del></del>`
    expect(treeOf(text, undefined, before)).toEqual(treeOf(text))
  })

  test('leaves out what is out of band, and knows the end tags that are left out', () => {
    const read = treeOf('<ul><li>a<b out>n</b>b', ({ attributes }) => attributes[0]?.name === 'out')
    expect(short(read.root)).toBe('#(?)')
    const closed = treeOf('<li>a<b out>n</b>b', ({ attributes }) => attributes[0]?.name === 'out')
    expect(short(closed.root)).toBe('#(li(text text))')
    expect(partOf(closed, 0, closed.html.length)).toBe('<li>ab')
    expect(closingTags(closed)).toBe('</li>')
  })
})
