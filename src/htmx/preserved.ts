import { tagAt } from '../html/tags.ts'
import { type HtmlNode, type HtmlTree, isElement, sourceOf } from '../html/tree.ts'
import { blockTree } from './block-tree.ts'

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
