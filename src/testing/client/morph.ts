import { defaultTreeAdapter as tree } from 'parse5'
import { domText } from './dom-text.ts'
import { isTemplate, type ChildNode, type Element, type ParentNode } from './fragment.ts'
import { attribute } from './selector.ts'

/** How many siblings htmx looks at for an element that is the same. */
const SCAN_LIMIT = 10

/**
 * Makes children of an element into others, as the morph of htmx 4 does: what matches stays the same node.
 *
 * Which of several like elements stays may differ from htmx, what the page shows does not: but for children that
 * `hx-morph-skip-children` and `hx-morph-skip` keep, all ends as the new nodes are.
 *
 * @param before The children that give way; the new ones stand where they stood.
 */
export function morph(
  parent: ParentNode,
  before: readonly ChildNode[],
  after: readonly ChildNode[],
): void {
  const end = parent.childNodes[parent.childNodes.indexOf(before.at(-1)!) + 1]
  const left = before.slice()
  const put = (node: ChildNode): void => {
    tree.detachNode(node)
    if (end) tree.insertBefore(parent, node, end)
    else tree.appendChild(parent, node)
  }
  for (const node of after) {
    const at = matchOf(node, left)
    if (at === -1) {
      put(node)
      continue
    }
    for (const gone of left.splice(0, at)) tree.detachNode(gone)
    const same = left.shift()!
    morphNode(same, node)
    put(same)
  }
  for (const gone of left) tree.detachNode(gone)
}

/** Where among the old ones the node stands that becomes this one; -1 when it is new. */
function matchOf(node: ChildNode, old: readonly ChildNode[]): number {
  if (tree.isTextNode(node)) return old[0] && tree.isTextNode(old[0]) ? 0 : -1
  if (!tree.isElementNode(node)) return -1
  const id = attribute(node, 'id') ?? ''
  const fits = (other: ChildNode): other is Element =>
    tree.isElementNode(other) &&
    other.tagName === node.tagName &&
    other.namespaceURI === node.namespaceURI &&
    (attribute(other, 'id') ?? '') === id
  if (id !== '') return old.findIndex(fits)
  const text = ownText(node)
  const equal = old
    .slice(0, SCAN_LIMIT)
    .findIndex((other) => fits(other) && ownText(other) === text)
  return equal === -1 ? old.slice(0, SCAN_LIMIT).findIndex(fits) : equal
}

function morphNode(old: ChildNode, next: ChildNode): void {
  if (tree.isTextNode(old) && tree.isTextNode(next)) old.value = next.value
  if (!tree.isElementNode(old) || !tree.isElementNode(next)) return
  if (attribute(old, 'hx-morph-skip') !== undefined) return
  old.attrs = next.attrs.map((each) => ({ ...each }))
  if (attribute(old, 'hx-morph-skip-children') !== undefined) return
  if (isTemplate(old) && isTemplate(next)) old.content = next.content
  morph(old, old.childNodes, next.childNodes.slice())
}

function ownText(element: Element): string {
  return domText({ nodeName: '#document-fragment', childNodes: [element] })
}
