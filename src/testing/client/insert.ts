import { defaultTreeAdapter as tree } from 'parse5'
import { replaceChildren, type ChildNode, type Element, type ParentNode } from './fragment.ts'
import { morph } from './morph.ts'
import { attribute, elementsOf } from './selector.ts'

/**
 * Puts nodes where a swap says, the same for each version of htmx; what bears `hx-preserve` stays the element it was.
 *
 * Throws  Error for a swap that is not known here.
 */
export function insert(
  document: ParentNode,
  target: Element,
  style: string,
  nodes: readonly ChildNode[],
): void {
  const preserved = preservedBy(document, nodes)
  for (const old of preserved) tree.detachNode(old)
  put(target, style, nodes)
  for (const old of preserved) {
    const next = byId(document, attribute(old, 'id')!)
    if (next) insertBefore(next.parentNode!, [old], next)
    if (next) tree.detachNode(next)
  }
}

function put(target: Element, style: string, nodes: readonly ChildNode[]): void {
  const parent = target.parentNode
  const sibling = parent?.childNodes[parent.childNodes.indexOf(target) + 1]
  switch (style) {
    case 'innerHTML':
      return replaceChildren(target, nodes)
    case 'innerMorph':
      return morph(target, target.childNodes.slice(), nodes)
    case 'beforeend':
      return insertBefore(target, nodes, undefined)
    case 'afterbegin':
      return insertBefore(target, nodes, target.childNodes[0])
    case 'beforebegin':
    case 'afterend':
      if (parent) insertBefore(parent, nodes, style === 'afterend' ? sibling : target)
      return
    case 'outerMorph':
      if (parent) morph(parent, [target], nodes)
      return
    case 'outerHTML':
      if (parent) insertBefore(parent, nodes, target)
      if (parent) tree.detachNode(target)
      return
    case 'delete':
      return tree.detachNode(target)
    default:
      throw new Error(
        `A frame asks for the swap ${JSON.stringify(style)}, which is not known here.`,
      )
  }
}

function insertBefore(
  parent: ParentNode,
  nodes: readonly ChildNode[],
  reference: ChildNode | undefined,
): void {
  for (const node of nodes) {
    tree.detachNode(node)
    if (reference) tree.insertBefore(parent, node, reference)
    else tree.appendChild(parent, node)
  }
}

function preservedBy(document: ParentNode, nodes: readonly ChildNode[]): Element[] {
  const news = nodes
    .filter(tree.isElementNode)
    .flatMap((node) => [node, ...elementsOf(node)])
    .filter((element) => attribute(element, 'hx-preserve') !== undefined)
  return news.flatMap((element) => byId(document, attribute(element, 'id') ?? '') ?? [])
}

function byId(document: ParentNode, id: string): Element | undefined {
  return id === ''
    ? undefined
    : elementsOf(document).find((element) => attribute(element, 'id') === id)
}
