import { type HtmlTree, partOf, treeOf } from '../html/tree.ts'

const OUT_OF_BAND = /\s(?:data-)?hx-swap-oob(?=[\s=]|$)/

/**
 * What was rendered of a block, read as the page will have it: line breaks are LF, and what htmx takes to another place
 * is no part of it.
 *
 * @example blockTree('<p>a<b id="n" hx-swap-oob="true">1</b></p>').elsewhere.length // → 1
 */
export function blockTree(html: string): HtmlTree {
  const text = html.includes('\r') ? html.replace(/\r\n?/g, '\n') : html
  return treeOf(text.toWellFormed(), isElsewhere)
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
  const html = (of: HtmlTree | undefined, n: number): string | undefined => {
    const element = of?.elsewhere[n]
    return element && of.html.slice(element.start, element.end)
  }
  return tree.elsewhere.map((_, n) => html(tree, n)!).filter((part, n) => part !== html(before, n))
}
