import { type DefaultTreeAdapterTypes, defaultTreeAdapter as tree } from 'parse5'

type ParentNode = DefaultTreeAdapterTypes.ParentNode
type Element = DefaultTreeAdapterTypes.Element

/** What stands around something of a block as long as it is written. */
export const WRAPPERS: readonly string[] = ['swap-x', 'swap-frame', 'swap-text']
/** How the ids begin of elements that mark a place. */
export const LENT_ID = /^s\d\w{3}/
/** Left on an element until the next morph of it. */
export const LENT_ATTRIBUTE = 'hx-morph-skip-children'

/**
 * A tree without what a stream lends it while it runs: anchors are taken out, wrappers unwrapped, and no element says
 * that a morph left its children alone. Everything else is as it was.
 */
export function withoutLent(parent: ParentNode): ParentNode {
  const copy = tree.createDocumentFragment()
  copyInto(copy, parent)
  return copy
}

function copyInto(copy: ParentNode, parent: ParentNode): void {
  for (const node of parent.childNodes) {
    if (!tree.isElementNode(node)) {
      tree.appendChild(copy, { ...node, parentNode: null })
    } else if (WRAPPERS.includes(node.tagName)) {
      copyInto(copy, node)
    } else if (!isAnchor(node)) {
      const attrs = node.attrs.filter(({ name }) => name !== LENT_ATTRIBUTE)
      const element = tree.createElement(node.tagName, node.namespaceURI, attrs)
      tree.appendChild(copy, element)
      copyInto(element, node)
      if ('content' in node) {
        const content = tree.createDocumentFragment()
        copyInto(content, node.content as ParentNode)
        tree.setTemplateContent(element as DefaultTreeAdapterTypes.Template, content)
      }
    }
  }
}

function isAnchor({ tagName, attrs }: Element): boolean {
  return (
    tagName === 'template' && attrs.some(({ name, value }) => name === 'id' && LENT_ID.test(value))
  )
}
