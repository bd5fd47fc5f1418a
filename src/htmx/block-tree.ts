import { treeOf } from '../html/read-tree.ts'
import { spaceOf, type Tag, tagAt } from '../html/tags.ts'
import {
  type HtmlNode,
  type HtmlTree,
  isElement,
  partOf,
  sourceOf,
  type Space,
} from '../html/tree.ts'

/** An element that holds text up to its end tag, and has none. */
const OPEN_TEXT =
  /<(iframe|noembed|noframes|script|style|textarea|title|xmp)(?=[\s/>])[^>]*>(?![^]*<\/\1[\s/>])/i
/** A tag that has no end. */
const OPEN_TAG = /<\/?[a-zA-Z](?:"[^"]*"|'[^']*'|[^"'>])*(?:"[^"]*|'[^']*)?$/

/**
 * Reads a rendered block as the page has it: with LF as line break, without what htmx moves to another place.
 *
 * @param before An earlier render of the block: their common beginning is not read again.
 * @example blockTree('<p>a<b id="n" hx-swap-oob="true">1</b></p>').outOfBand.length // → 1
 */
export function blockTree(html: string, before?: HtmlTree): HtmlTree {
  const text = html.includes('\r') ? html.replace(/\r\n?/g, '\n') : html
  const space = spaceOfBlock(text)
  const tree = treeOf(text.toWellFormed(), isOutOfBand, before, space)
  if (!tree.root.opaque) return tree
  return treeOf(contained(tree.html), isOutOfBand, undefined, space)
}

/** The space of a block: of what stays in it, not of what htmx moves to another place. */
function spaceOfBlock(html: string): Space {
  const space = spaceOf(html)
  if (space === 'html' || !/hx-swap-oob/.test(html)) return space
  const { outOfBand, root } = treeOf(html, isOutOfBand)
  return outOfBand.length > 0 && !root.opaque ? spaceOf(plain({ html, outOfBand, root })) : space
}

/** Removes tags that end the template in which htmx reads the HTML; closes a text that hides its end. */
function contained(html: string): string {
  let depth = 0
  const text = html
    .replace(OPEN_TAG, '')
    .replace(/<(\/?)template(?=[\s/>])[^>]*>/gi, (tag, slash: string) => {
      if (slash === '/' && depth === 0) return ''
      depth += slash === '/' ? -1 : 1
      return tag
    })
  const [, open] = OPEN_TEXT.exec(text) ?? []
  return open === undefined ? text : `${text}</${open}>`
}

function isOutOfBand({ name, attributes }: Tag): boolean {
  return (
    name === 'hx-partial' || attributes.some((each) => /^(?:data-)?hx-swap-oob$/.test(each.name))
  )
}

/** The HTML without what htmx moves to another place. */
export function plain(tree: HtmlTree): string {
  return partOf(tree, 0, tree.html.length)
}

/** The same without the comments beside its elements: once in the page, nothing removes them. */
export function withoutComments(tree: HtmlTree): string {
  let html = ''
  let at = 0
  for (const { tag, start, end } of tree.root.children) {
    if (tag !== '!') continue
    html += partOf(tree, at, start)
    at = end
  }
  return html + partOf(tree, at, tree.html.length)
}

export function elementsOf({ root }: HtmlTree): HtmlNode[] {
  return root.children.filter(isElement)
}

export function isBlank(html: string): boolean {
  return !/[^\t\n\f ]/.test(html)
}

/** Tells if a block is made of elements alone, at most so many. */
export function isMadeOfElements({ root, html }: HtmlTree, most: number): boolean {
  const { length } = root.children.filter(isElement)
  if (root.opaque || length === 0 || length > most) return false
  return root.children.every(({ tag, start, end }) => tag !== '' || isBlank(html.slice(start, end)))
}

/** `#id` of the one root of a block; nothing when that cannot be addressed. */
export function idOf(tree: HtmlTree): string | undefined {
  if (!isMadeOfElements(tree, 1)) return undefined
  const [root] = elementsOf(tree)
  const id = tagAt(tree.html, root!.start)?.attributes.find(({ name }) => name === 'id')?.value
  return id !== undefined && /^[A-Za-z_][\w-]*$/.test(id) ? `#${id}` : undefined
}

const NAME = /^(?:data-)?hx-preserve$/
const ATTRIBUTE = /^(?:data-)?hx-preserve(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"'][^\s>]*))?/i

/** An element with `hx-preserve`: its id, and where the attribute is written. */
interface Preserved {
  readonly node: HtmlNode
  readonly id: string
  readonly at: number
}

/**
 * Elements of a block that htmx preserves while it swaps.
 *
 * Those are the elements with `hx-preserve` that are what the page shows. One that changes loses the attribute: htmx would
 * keep the old one in its place, or remove it with the element it is in.
 *
 * @example
 * const elements = new PreservedElements()
 * elements.apply(blockTree('<p id="a" hx-preserve>1</p>')).html // → '<p id="a" hx-preserve>1</p>'
 * elements.apply(blockTree('<p id="a" hx-preserve>2</p>')).html // → '<p id="a">2</p>'
 */
export class PreservedElements {
  /** By id, the HTML that the page shows; empty when it has changed. */
  readonly #shown = new Map<string, string>()

  /**
   * The render as htmx has to get it.
   *
   * @param mayStay Tells if an element that comes for the first time may be preserved; default all.
   */
  apply(tree: HtmlTree, mayStay: (node: HtmlNode) => boolean = () => true): HtmlTree {
    let { html } = tree
    // Most blocks have none.
    if (!preserves(html)) return tree
    for (const { node, id, at } of preservedIn(tree).toReversed()) {
      const source = sourceOf(tree, node)
      const shown = this.#shown.get(id) ?? (mayStay(node) ? source : '')
      this.#shown.set(id, shown === source ? source : '')
      if (shown === source) continue
      html = html.slice(0, at).trimEnd() + html.slice(at).replace(ATTRIBUTE, '')
    }
    return html === tree.html ? tree : blockTree(html)
  }
}

/** Tells if htmx may move an element out of the page while it swaps this HTML. */
export function preserves(html: string): boolean {
  return html.includes('hx-preserve')
}

/** In the order of their start tags. */
function preservedIn(tree: HtmlTree): Preserved[] {
  const found: Preserved[] = []
  const walk = (node: HtmlNode): void => {
    for (const child of node.children) {
      if (!isElement(child)) continue
      const attributes = tagAt(tree.html, child.start)?.attributes ?? []
      const id = attributes.find(({ name }) => name === 'id')?.value
      const own = attributes.find(({ name }) => NAME.test(name))
      if (id !== undefined && own) found.push({ node: child, id, at: own.at })
      walk(child)
    }
  }
  walk(tree.root)
  return found
}
