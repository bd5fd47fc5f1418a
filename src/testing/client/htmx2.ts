import { defaultTreeAdapter as tree } from 'parse5'
import {
  cloned,
  clonedContent,
  hasContent,
  isTemplate,
  readAnswer,
  setTitle,
  takeAttribute,
  type Element,
  type ParentNode,
} from './fragment.ts'
import { insert } from './insert.ts'
import { attribute, elementsOf, select } from './selector.ts'

const OOB = ['hx-swap-oob', 'data-hx-swap-oob']
const STYLES = new Set([
  'outerHTML',
  'afterbegin',
  'beforebegin',
  'beforeend',
  'afterend',
  'delete',
])

/**
 * Swaps one message of an event stream into a document as htmx 2.0.11 does: each part that names its place goes there
 * at once, then the rest goes where the form says, even when there is no rest. `hx-select` counts for answers, not for
 * the messages of its event stream extension.
 */
export function swapAsHtmx2(
  document: ParentNode,
  main: Element | undefined,
  message: string,
  swap: string,
): void {
  const { content, title } = readAnswer(
    message
      .replace(/<hx-([a-z]+)((?:\s[^>]*)?)>/gi, '<template hx type="$1"$2>')
      .replace(/<\/hx-[a-z]+>/gi, '</template>'),
    (element, root) => element.parentNode === root,
  )
  swapContent(document, main, content, swap)
  setTitle(document, title)
}

function swapContent(
  document: ParentNode,
  target: Element | undefined,
  content: ParentNode,
  swap: string,
): void {
  outOfBand(document, content)
  for (const element of elementsOf(content))
    if (isTemplate(element) && outOfBand(document, element.content)) tree.detachNode(element)
  const hadPartials = partials(document, content)
  if (target && (!hadPartials || hasContent(content)))
    put(document, target, swap.trim().split(/\s+/)[0]!, [...content.childNodes])
}

function outOfBand(document: ParentNode, content: ParentNode): boolean {
  let found = false
  for (const element of elementsOf(content)) {
    const value = takeAttribute(element, OOB)
    if (value === undefined) continue
    found = true
    const colon = value.indexOf(':')
    const style = colon > 0 ? value.slice(0, colon) : value === 'true' ? 'outerHTML' : value
    const id = attribute(element, 'id')
    const targets =
      colon > 0
        ? select(document, value.slice(colon + 1))
        : elementsOf(document).filter((each) => id && attribute(each, 'id') === id)
    for (const target of targets) {
      const copy = cloned(element)
      put(document, target, style, style === 'outerHTML' ? [copy] : copy.childNodes.slice())
    }
    tree.detachNode(element)
  }
  return found
}

function partials(document: ParentNode, content: ParentNode): boolean {
  let found = false
  for (const element of elementsOf(content)) {
    if (!isTemplate(element) || attribute(element, 'hx') === undefined) continue
    found = true
    const type = attribute(element, 'type')
    if (type !== 'partial') throw new Error(`A frame has a <hx-${type}>, which is not known here.`)
    const id = attribute(element, 'id')
    const selector = attribute(element, 'hx-target')
    const targets = selector
      ? select(document, selector)
      : elementsOf(document).filter((each) => id && attribute(each, 'id') === id)
    for (const target of targets)
      swapContent(
        document,
        target,
        clonedContent(element.content),
        attribute(element, 'hx-swap') ?? 'innerHTML',
      )
    tree.detachNode(element)
  }
  return found
}

/** A swap that htmx 2 does not know is `innerHTML` to it, and the body is never replaced. */
function put(
  document: ParentNode,
  target: Element,
  style: string,
  nodes: ParentNode['childNodes'],
): void {
  if (style === 'none') return
  const isBody = style === 'outerHTML' && target.tagName === 'body'
  insert(document, target, STYLES.has(style) && !isBody ? style : 'innerHTML', nodes)
}
