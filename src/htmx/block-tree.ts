import { treeOf } from '../html/read-tree.ts'
import { type Tag, tagAt } from '../html/tags.ts'
import { type HtmlNode, type HtmlTree, isElement, partOf } from '../html/tree.ts'

/** An element that holds text up to its end tag, and has none. */
const OPEN_TEXT =
  /<(iframe|noembed|noframes|script|style|textarea|title|xmp)(?=[\s/>])[^>]*>(?![^]*<\/\1[\s/>])/i
/** A tag that has no end. */
const OPEN_TAG = /<\/?[a-zA-Z](?:"[^"]*"|'[^']*'|[^"'>])*(?:"[^"]*|'[^']*)?$/

/**
 * Reads a rendered block as the page will have it: line breaks are LF, and what htmx takes to another place is no part
 * of it.
 *
 * @param before What was rendered of the same block before: its beginning need not be read again.
 * @example blockTree('<p>a<b id="n" hx-swap-oob="true">1</b></p>').outOfBand.length // → 1
 */
export function blockTree(html: string, before?: HtmlTree): HtmlTree {
  const text = html.includes('\r') ? html.replace(/\r\n?/g, '\n') : html
  const tree = treeOf(text.toWellFormed(), isOutOfBand, before)
  return tree.root.opaque ? treeOf(contained(tree.html), isOutOfBand) : tree
}

/** HTML that cannot end the template in which htmx reads it, nor take the end of that for its own text. */
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

/** The HTML without what htmx takes to another place. */
export function plain(tree: HtmlTree): string {
  return partOf(tree, 0, tree.html.length)
}

/** What htmx takes to another place of the page, where it is not the same as before: the data of a message each. */
export function elsewhere(tree: HtmlTree, before?: HtmlTree): string[] {
  const parts = (of?: HtmlTree): string[] =>
    of?.outOfBand.map(({ start, end }) => of.html.slice(start, end)) ?? []
  const old = parts(before)
  return parts(tree).filter((part, n) => part !== old[n])
}

export function elementsOf({ root }: HtmlTree): HtmlNode[] {
  return root.children.filter(isElement)
}

export function isBlank(html: string): boolean {
  return !/[^\t\n\f ]/.test(html)
}

/** Whether a block is made of elements alone, at most so many. */
export function isMadeOfElements({ root, html }: HtmlTree, most: number): boolean {
  const count = root.children.filter(isElement).length
  if (root.opaque || count === 0 || count > most) return false
  return root.children.every(({ tag, start, end }) => tag !== '' || isBlank(html.slice(start, end)))
}

/** `#id` of the one root of a block; nothing when that cannot be addressed. */
export function idOf(tree: HtmlTree): string | undefined {
  if (!isMadeOfElements(tree, 1)) return undefined
  const [root] = elementsOf(tree)
  const id = tagAt(tree.html, root!.start)?.attributes.find(({ name }) => name === 'id')?.value
  return id !== undefined && /^[A-Za-z_][\w-]*$/.test(id) ? `#${id}` : undefined
}
