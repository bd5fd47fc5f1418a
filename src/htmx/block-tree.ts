import { type HtmlTree, partOf, treeOf } from '../html/tree.ts'

const OUT_OF_BAND = /\s(?:data-)?hx-swap-oob(?=[\s=]|$)/
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
 * @example blockTree('<p>a<b id="n" hx-swap-oob="true">1</b></p>').elsewhere.length // → 1
 */
export function blockTree(html: string, before?: HtmlTree): HtmlTree {
  const text = html.includes('\r') ? html.replace(/\r\n?/g, '\n') : html
  const tree = treeOf(text.toWellFormed(), isElsewhere, before)
  return tree.root.opaque ? treeOf(contained(tree.html), isElsewhere) : tree
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

function isElsewhere(tag: string, attributes: string): boolean {
  return tag === 'hx-partial' || OUT_OF_BAND.test(attributes)
}

/** The HTML without what htmx takes to another place. */
export function plain(tree: HtmlTree): string {
  return partOf(tree, 0, tree.html.length)
}

/** What htmx takes to another place of the page, where it is not the same as before: the data of a message each. */
export function elsewhere(tree: HtmlTree, before?: HtmlTree): string[] {
  const parts = (of?: HtmlTree): string[] =>
    of?.elsewhere.map(({ start, end }) => of.html.slice(start, end)) ?? []
  const old = parts(before)
  return parts(tree).filter((part, n) => part !== old[n])
}
