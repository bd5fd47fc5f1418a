import {
  type DefaultTreeAdapterTypes,
  defaultTreeAdapter as tree,
  html,
  parse,
  parseFragment,
} from 'parse5'

type Node = DefaultTreeAdapterTypes.Node
type ParentNode = DefaultTreeAdapterTypes.ParentNode
type Element = DefaultTreeAdapterTypes.Element

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
  const root = typeof dom === 'string' ? treeOf(dom) : dom
  const lines: string[] = []
  write(root, '', lines)
  return lines.join('\n')
}

/** A document where the HTML says that it is one, else a fragment, as htmx reads it. */
function treeOf(text: string): ParentNode {
  return /^\s*<(?:!doctype|html|body)[\s>]/i.test(text) ? parse(text) : parseFragment(text)
}

function write(parent: ParentNode, indent: string, lines: string[]): void {
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
    lines.push(`${indent}<${nameOf(node)}${attributesOf(node)}>`)
    write(node, `${indent}  `, lines)
    if (isTemplate(node)) write(node.content, `${indent}  # `, lines)
  }
  flush()
}

function nameOf(element: Element): string {
  return `${PREFIX[element.namespaceURI] ?? ''}${element.tagName}`
}

function attributesOf(element: Element): string {
  return element.attrs
    .map(
      ({ prefix, name, value }) => `${prefix ? `${prefix}:` : ''}${name}=${JSON.stringify(value)}`,
    )
    .toSorted()
    .map((each) => ` ${each}`)
    .join('')
}

/**
 * Finds an element that stands where no parser would put it: an SVG shape that is none, because HTML surrounds it.
 *
 * Out     what is wrong with the first such element, as a sentence; nothing when all are right.
 */
export function misplaced(parent: ParentNode): string | undefined {
  for (const node of parent.childNodes) {
    if (!tree.isElementNode(node)) continue
    if (!belongs(node, parent))
      return `<${node.tagName}> stands in <${'tagName' in parent ? parent.tagName : ''}> as an element of ${node.namespaceURI}, which no parser would put there: a browser does not show it as meant.`
    const below = misplaced(isTemplate(node) ? node.content : node)
    if (below !== undefined) return below
  }
  return undefined
}

function belongs(element: Element, parent: Node): boolean {
  const around = 'tagName' in parent ? parent : undefined
  const space = around?.namespaceURI ?? html.NS.HTML
  const readsHtml = space === html.NS.HTML || READS_HTML[space]!.test(around!.tagName)
  if (!readsHtml) return element.namespaceURI === space
  if (element.namespaceURI === html.NS.HTML) return true
  if (element.tagName === (element.namespaceURI === html.NS.SVG ? 'svg' : 'math')) return true
  // Two elements of MathML stay what they are in its texts, and an annotation may hold any.
  return space === html.NS.MATHML && element.namespaceURI === html.NS.MATHML
}

function isTemplate(element: Element): element is DefaultTreeAdapterTypes.Template {
  return 'content' in element
}
