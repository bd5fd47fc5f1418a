import { type DefaultTreeAdapterTypes, defaultTreeAdapter as tree, html } from 'parse5'

export type Element = DefaultTreeAdapterTypes.Element
export type ChildNode = DefaultTreeAdapterTypes.ChildNode
export type ParentNode = DefaultTreeAdapterTypes.ParentNode

export function isTemplate(node: object): node is DefaultTreeAdapterTypes.Template {
  return 'content' in node
}

/** The elements below a node, in the order of the document; not those inside a template. */
export function elementsOf(parent: ParentNode): Element[] {
  return childElements(parent).flatMap((element) => [element, ...elementsOf(element)])
}

function childElements(parent: ParentNode): Element[] {
  return parent.childNodes.filter(tree.isElementNode)
}

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((each) => each.name === name)?.value
}

/** The elements with an id; none for an empty one. */
export function withId(root: ParentNode, id: string | undefined): Element[] {
  return id ? elementsOf(root).filter((element) => attribute(element, 'id') === id) : []
}

/** Puts nodes before a child, or behind the last one. */
export function insertBefore(
  parent: ParentNode,
  nodes: readonly ChildNode[],
  reference?: ChildNode,
): void {
  for (const node of nodes) {
    tree.detachNode(node)
    if (reference) tree.insertBefore(parent, node, reference)
    else tree.appendChild(parent, node)
  }
}

const NAME = String.raw`(?:[\w-]|[^\x00-\x7f])+`
const TOKEN_PATTERNS = [
  String.raw`\s*(?<combinator>[>+]|\s(?![\s>+]))\s*`,
  String.raw`(?<kind>[#.]?)(?<name>${NAME})`,
  String.raw`\[(?<key>${NAME})(?:=(?:"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>${NAME})))?\]`,
  String.raw`:(?:nth-of-type\((?<nth>\d+)\)|(?<end>first|last)-of-type)`,
  String.raw`:not\(:has\((?<hasNot>[^()]*)\)\)|:has\((?<has>[^()]*)\)`,
  String.raw`\*`,
]
const TOKEN = new RegExp(`^(?:${TOKEN_PATTERNS.join('|')})`)
type Token = Readonly<Record<string, string | undefined>>
/** Selectors that htmx reads before it asks the document. */
const EXTENDED =
  /^(?:closest|document|find(?:All)?|global|host|(?:next|previous)(?:ElementSibling)?|root|this|window)(?:\s|$)|^</

/**
 * All elements that a selector means, in the order of the document; not those inside a template.
 *
 * In      a few simple selectors: `#id`, `.class`, `[attribute=value]`, tags, `*`, `:nth-of-type(n)`,
 *         `:first-of-type`, `:last-of-type`, `:has(…)`, `:not(:has(…))`; joined by blank, `>`, `+` and comma.
 * Throws  Error for any other selector.
 *
 * @example
 * const { parse } = await import('parse5')
 * select(parse('<p>a</p><p>b</p>'), 'body>p:nth-of-type(2)').length // → 1
 */
export function select(root: ParentNode, selector: string): Element[] {
  const found = new Set<Element>()
  for (const part of selector.split(',').map((each) => each.trim())) {
    if (EXTENDED.test(part) || /^(?:[>+]|$)/.test(part)) throw unknown(selector)
    for (const element of follow(root, ` ${part}`)) found.add(element)
  }
  return found.size < 2 ? [...found] : elementsOf(root).filter((element) => found.has(element))
}

/** The elements that a selector leads to from a node. It begins with a combinator. */
function follow(root: ParentNode, selector: string): Element[] {
  let reached: ParentNode[] = [root]
  let rest = selector
  while (rest !== '') {
    const found = TOKEN.exec(rest)
    const token = found?.groups
    if (!token || /^\s*[>+]\s*$/.test(rest)) throw unknown(selector)
    const { combinator } = token
    reached = combinator
      ? [...new Set(reached.flatMap((from) => step(from, combinator)))]
      : (reached as Element[]).filter((element) => fits(element, token))
    rest = rest.slice(found[0].length)
  }
  return reached as Element[]
}

function step(from: ParentNode, combinator: string): Element[] {
  if (combinator === '>') return childElements(from)
  if (combinator !== '+') return elementsOf(from)
  const siblings = childElements((from as Element).parentNode!)
  const at = siblings.indexOf(from as Element) + 1
  return siblings.slice(at, at + 1)
}

function fits(element: Element, token: Token): boolean {
  const { kind, name, key, nth, end, has = token['hasNot'] } = token
  if (kind === '#') return attribute(element, 'id') === name
  if (kind === '.') return !!attribute(element, 'class')?.split(/\s+/).includes(name!)
  // Names are compared without case in HTML only: `linearGradient` is not `lineargradient`.
  if (name !== undefined)
    return element.tagName === (element.namespaceURI === html.NS.HTML ? name.toLowerCase() : name)
  if (key !== undefined) {
    const own = attribute(element, key)
    const value = token['double'] ?? token['single'] ?? token['bare'] ?? own
    return own !== undefined && own === value
  }
  if (has !== undefined) {
    const isThere = follow(element, /^[>+]/.test(has) ? has : ` ${has}`).length > 0
    return isThere === (token['hasNot'] === undefined)
  }
  const { parentNode, tagName, namespaceURI } = element
  const alike = childElements(parentNode!).filter(
    (other) => other.tagName === tagName && other.namespaceURI === namespaceURI,
  )
  if (nth !== undefined) return alike[Number(nth) - 1] === element
  return end === undefined || alike.at(end === 'last' ? -1 : 0) === element
}

function unknown(selector: string): Error {
  return new Error(`The selector ${JSON.stringify(selector.trim())} is not one that is known here.`)
}
