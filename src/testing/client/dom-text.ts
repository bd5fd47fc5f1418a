import { defaultTreeAdapter as tree, html, parse, parseFragment } from 'parse5'
import { elementsOf, isTemplate, type Element, type ParentNode } from './dom.ts'

const PREFIX: Readonly<Record<string, string>> = {
  [html.NS.SVG]: 'svg ',
  [html.NS.MATHML]: 'math ',
}

/** Foreign elements in which a parser reads HTML again. */
const READS_HTML: Readonly<Record<string, RegExp>> = {
  [html.NS.SVG]: /^(?:foreignObject|desc|title)$/,
  [html.NS.MATHML]: /^(?:m[ions]|mtext|annotation-xml)$/,
}

/**
 * A DOM as text, a line for each node, to compare two of them: HTML alone does not show namespaces.
 *
 * In      HTML, or a tree of parse5: a document, an element, a fragment. Of an element or a fragment, what is inside.
 * Out     Elements with their namespace and sorted attributes, text in quotes, adjacent texts as one, what is inside of
 *         a template too.
 *
 * @example domText('<p title=x id=a>one<b>two</b></p>') // → '<p id="a" title="x">\n  "one"\n  <b>\n    "two"'
 */
export function domText(dom: string | ParentNode): string {
  if (typeof dom !== 'string') return linesOf(dom, '').join('\n')
  // A document where the HTML says that it is one, else a fragment, as htmx reads it.
  return domText(/^\s*<(?:!doctype|html|body)[\s>]/i.test(dom) ? parse(dom) : parseFragment(dom))
}

function linesOf(parent: ParentNode, indent: string): string[] {
  const lines: string[] = []
  let text = ''
  const flush = (): void => {
    if (text !== '') lines.push(`${indent}${JSON.stringify(text)}`)
    text = ''
  }
  for (const node of parent.childNodes) {
    if (tree.isTextNode(node)) {
      text += node.value
      continue
    }
    flush()
    if (tree.isCommentNode(node)) lines.push(`${indent}<!--${node.data}-->`)
    if (!tree.isElementNode(node)) continue
    lines.push(`${indent}${startTag(node)}`, ...linesOf(node, `${indent}  `))
    if (isTemplate(node)) lines.push(...linesOf(node.content, `${indent}  # `))
  }
  flush()
  return lines
}

function startTag({ namespaceURI, tagName, attrs }: Element): string {
  const attributes = attrs
    .map(
      ({ prefix, name, value }) => ` ${prefix ? `${prefix}:` : ''}${name}=${JSON.stringify(value)}`,
    )
    .toSorted()
  return `<${PREFIX[namespaceURI] ?? ''}${tagName}${attributes.join('')}>`
}

/** Finds an element that no parser puts there: an SVG shape that is none, because HTML surrounds it. */
export function misplaced(root: ParentNode): string | undefined {
  for (const element of elementsOf(root)) {
    const { tagName, namespaceURI, parentNode } = element
    if (!belongs(element))
      return `<${tagName}> stands in <${(parentNode as Element).tagName}> as an element of ${namespaceURI}, which no parser would put there: a browser does not show it as meant.`
    const inside = isTemplate(element) ? misplaced(element.content) : undefined
    if (inside !== undefined) return inside
  }
  return undefined
}

function belongs({ tagName, namespaceURI, parentNode, childNodes }: Element): boolean {
  const around = parentNode as Partial<Element>
  const space = around.namespaceURI ?? html.NS.HTML
  const readsHtml = space === html.NS.HTML || READS_HTML[space]!.test(around.tagName!)
  // What is never seen may stand anywhere: a template, a frame without content.
  const isUnseen = tagName === 'template' || (tagName === 'swap-frame' && childNodes.length === 0)
  if (!readsHtml) return namespaceURI === space || isUnseen
  if (namespaceURI === html.NS.HTML) return true
  if (tagName === (namespaceURI === html.NS.SVG ? 'svg' : 'math')) return true
  // Two elements of MathML stay what they are in its texts, and an annotation may hold any.
  return space === html.NS.MATHML && namespaceURI === html.NS.MATHML
}
