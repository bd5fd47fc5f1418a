import { spaceOfName } from '../html/elements.ts'
import { tagAt } from '../html/tags.ts'
import { type HtmlNode, type HtmlTree, sourceOf } from '../html/tree.ts'
import { blockTree, plain } from './block-tree.ts'
import { literalSwap, type Within } from './swaps.ts'

const ATTRIBUTE = /\s*\b(?:data-)?hx-swap-oob(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"'][^\s>]*))?/i

/**
 * Changed elements that htmx moves to another place of the page: the data of a message each.
 *
 * @example oobChanges(true, blockTree('<p>a</p><b id="n" hx-swap-oob="true">1</b>')) // → ['<b id="n" hx-swap-oob="true">1</b>']
 */
export function oobChanges(morphs: boolean, tree: HtmlTree, before?: HtmlTree): string[] {
  const old = before?.outOfBand.map((node) => sourceOf(before, node)) ?? []
  return tree.outOfBand.flatMap((node, n) =>
    sourceOf(tree, node) === old[n] ? [] : messagesOf(morphs, tree, node),
  )
}

/** The HTML of a block where the form says. Beside it, a message for each part that htmx would not move from there. */
export function firstMessages(
  morphs: boolean,
  tree: HtmlTree,
): { readonly html: string; readonly more: readonly string[] } {
  const isFound = tree.outOfBand.every((node) => !isPart(node) && !isAround(tree, node))
  if (isFound) return { html: tree.html, more: [] }
  return { html: plain(tree), more: oobChanges(morphs, tree) }
}

/** An `<hx-partial>`, which htmx finds wherever it stands. */
export function partial(style: string, target: string, html: string): string {
  return `<hx-partial hx-target="${target}" hx-swap="${style}">${html}</hx-partial>`
}

/** Tells if an element is, or brings, a part of SVG or MathML. */
function isPart({ tag, space }: HtmlNode): boolean {
  return space !== 'html' && tag !== space
}

/** Tells if an element is a template around others that name their place. */
function isAround({ html }: HtmlTree, { tag, start }: HtmlNode): boolean {
  return tag === 'template' && valueOf(html, start, SWAP_OOB) === undefined
}

function messagesOf(morphs: boolean, tree: HtmlTree, node: HtmlNode): string[] {
  const html = sourceOf(tree, node)
  if (isAround(tree, node)) {
    // htmx 2 looks into a template; to htmx 4 it is one of the page's own.
    const inner = blockTree(tree.html.slice(node.innerStart, node.innerEnd).trim())
    if (!morphs || inner.outOfBand.length === 0) return [html]
    return inner.outOfBand.map((each) => {
      const moved = readMove(inner, each)
      return partial(moved.style, moved.target, moved.html)
    })
  }
  if (!isPart(node)) return [html]
  const moved = readMove(tree, node)
  return literalSwap(morphs, moved.style, moved.target, moved.html, moved.within)
}

const SWAP_OOB = /^(?:data-)?hx-swap-oob$/

/** Reads the place that an element names: `true`, `beforeend`, `beforeend:#list`, `beforeend target:#list`; or a partial. */
function readMove(tree: HtmlTree, node: HtmlNode) {
  const { start, tagEnd, innerStart, innerEnd, end, tag, space } = node
  const own = (name: RegExp): string | undefined => valueOf(tree.html, start, name)
  const isPartial = tag === 'hx-partial'
  const value = own(isPartial ? /^(?:data-)?hx-swap$/ : SWAP_OOB) ?? ''
  const [, written, selector] = /^([^\s:]+):(.+)/.exec(value) ?? []
  const [first = '', ...modifiers] = (written ?? value).trim().split(/\s+/)
  const named = modifiers.find((each) => each.startsWith('target:'))?.slice('target:'.length)
  const usual = isPartial ? 'innerHTML' : 'outerHTML'
  const style = first === '' || first === 'true' ? usual : first
  const ownTarget = isPartial ? own(/^(?:data-)?hx-target$/) : (selector ?? named)
  const target = ownTarget ?? `#${own(/^id$/) ?? ''}`
  const isWhole = !isPartial && style.startsWith('outer')
  const html = isWhole
    ? tree.html.slice(start, tagEnd).replace(ATTRIBUTE, '') + tree.html.slice(tagEnd, end)
    : tree.html.slice(innerStart, innerEnd)
  const isNamed = isWhole || spaceOfName(tag.toLowerCase()) === 'html'
  const within: Within = isNamed ? { tag: space, space } : { tag, space }
  return { style, target, html, within }
}

function valueOf(html: string, at: number, name: RegExp): string | undefined {
  return tagAt(html, at)?.attributes.find((each) => name.test(each.name))?.value
}
