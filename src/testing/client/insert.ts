import { defaultTreeAdapter as tree } from 'parse5'
import { attribute, elementsOf, insertBefore, isTemplate, withId } from './dom.ts'
import type { ChildNode, Element, ParentNode } from './dom.ts'
import { domText } from './dom-text.ts'

/** How many siblings htmx looks at for an element that is the same. */
const SCAN_LIMIT = 10

/**
 * Puts nodes where a swap says; what bears `hx-preserve` stays the element it was.
 *
 * Throws  Error for a swap that is not known here.
 */
export function insert(
  document: ParentNode,
  target: Element,
  style: string,
  nodes: readonly ChildNode[],
): void {
  const preserved = nodes
    .filter(tree.isElementNode)
    .flatMap((node) => [node, ...elementsOf(node)])
    .filter((element) => attribute(element, 'hx-preserve') !== undefined)
    .flatMap((element) => withId(document, attribute(element, 'id')).slice(0, 1))
  for (const old of preserved) tree.detachNode(old)
  put(target, style, nodes)
  for (const old of preserved) {
    const [next] = withId(document, attribute(old, 'id'))
    if (next) put(next, 'outerHTML', [old])
  }
}

function put(target: Element, style: string, nodes: readonly ChildNode[]): void {
  const { parentNode: parent, childNodes: children } = target
  if (style === 'innerHTML') {
    for (const old of children.slice()) tree.detachNode(old)
    insertBefore(target, nodes)
  } else if (style === 'innerMorph') morph(target, children.slice(), nodes)
  else if (style === 'beforeend') insertBefore(target, nodes)
  else if (style === 'afterbegin') insertBefore(target, nodes, children[0])
  else if (style === 'delete') tree.detachNode(target)
  else if (!/^(?:beforebegin|afterend|outerMorph|outerHTML)$/.test(style))
    throw new Error(`A frame asks for the swap ${JSON.stringify(style)}, which is not known here.`)
  else if (parent && style === 'outerMorph') morph(parent, [target], nodes)
  else if (parent) {
    insertBefore(parent, nodes, style === 'afterend' ? nextTo(target) : target)
    if (style === 'outerHTML') tree.detachNode(target)
  }
}

function nextTo(node: ChildNode): ChildNode | undefined {
  const siblings = node.parentNode!.childNodes
  return siblings[siblings.indexOf(node) + 1]
}

/**
 * Makes children of an element into others, as the morph of htmx 4 does: an element that matches stays the same node.
 *
 * Which of several like elements stays may differ from htmx, what the page shows does not: but for children that
 * `hx-morph-skip-children` and `hx-morph-skip` keep, all ends as the new nodes are.
 */
function morph(parent: ParentNode, old: readonly ChildNode[], nodes: readonly ChildNode[]): void {
  const [last] = old.slice(-1)
  const end = last && nextTo(last)
  for (const node of old) tree.detachNode(node)
  const left = old.filter(tree.isElementNode)
  for (const node of nodes) {
    const match = tree.isElementNode(node) ? matchOf(node, left) : -1
    const same = left.splice(0, match + 1).at(-1)
    if (same) become(same, node as Element)
    insertBefore(parent, [same ?? node], end)
  }
}

/** Which of the old elements becomes this one; -1 when it is new. */
function matchOf(element: Element, old: readonly Element[]): number {
  const id = attribute(element, 'id') ?? ''
  const fits = (other: Element): boolean =>
    other.tagName === element.tagName &&
    other.namespaceURI === element.namespaceURI &&
    (attribute(other, 'id') ?? '') === id
  if (id !== '') return old.findIndex(fits)
  const near = old.slice(0, SCAN_LIMIT)
  const text = textOf(element)
  const equal = near.findIndex((other) => fits(other) && textOf(other) === text)
  return equal === -1 ? near.findIndex(fits) : equal
}

function become(old: Element, next: Element): void {
  if (attribute(old, 'hx-morph-skip') !== undefined) return
  old.attrs = next.attrs
  if (attribute(old, 'hx-morph-skip-children') !== undefined) return
  if (isTemplate(old) && isTemplate(next)) old.content = next.content
  morph(old, old.childNodes.slice(), next.childNodes.slice())
}

function textOf(element: Element): string {
  return domText({ nodeName: '#document-fragment', childNodes: [element] })
}
