import {
  type DefaultTreeAdapterTypes,
  defaultTreeAdapter as tree,
  parse,
  parseFragment,
  serialize,
} from 'parse5'

type Node = DefaultTreeAdapterTypes.ChildNode
type Parent = DefaultTreeAdapterTypes.ParentNode
type Element = DefaultTreeAdapterTypes.Element

/** Where the element that asks wants its answer: what `hx-target` and `hx-swap` say on a form. */
export interface Destination {
  /** `#id` of the target. */
  readonly target: string
  /** Default `innerHTML`. */
  readonly swap?: string
}

/**
 * The page after htmx has swapped a stream of frames into it, without a browser: for tests of what a stream ends in.
 *
 * In      the page's HTML; the data of unnamed events, in their order.
 * Out     the HTML of the whole page, as a parser and a serializer of the HTML standard see it.
 * Throws  Error for a swap that this reader does not know: it shows what is lost rather than passing it by.
 *
 * Swaps are those that our frames use: main, out-of-band, partial. A morph is taken for what it ends in: new content, but
 * in an element that holds a mark of ours.
 *
 * @example
 * const page = '<body><div id="answer"></div></body>'
 * applyFrames(page, ['<p id="s1">Hel</p>', '<p hx-swap-oob="outerHTML:#s1">Hello</p>'], { target: '#answer' })
 * // → '<html><head></head><body><div id="answer"><p>Hello</p></div></body></html>'
 */
export function applyFrames(
  page: string,
  frames: Iterable<string>,
  destination: Destination,
): string {
  const document = parse(page)
  // htmx looks the main target up once; what replaces it later gets no more frames.
  const [main] = found(document, destination.target)
  for (const frame of frames) applyFrame(document, main, frame, destination.swap ?? 'innerHTML')
  return serialize(document)
}

function applyFrame(
  document: Parent,
  main: Element | undefined,
  frame: string,
  swap: string,
): void {
  const text = frame
    .replace(/<hx-([a-z]+)(\s+|>)/gi, '<template hx type="$1"$2')
    .replace(/<\/hx-[a-z]+>/gi, '</template>')
  const wrapper = parseFragment(`<template>${text}</template>`)
    .childNodes[0] as DefaultTreeAdapterTypes.Template
  const content = tree.getTemplateContent(wrapper)

  const tasks: (() => void)[] = []
  // Collected first: what is found is taken out.
  for (const element of Array.from(elementsOf(content))) {
    const address = attribute(element, 'hx-swap-oob')
    const partial =
      attribute(element, 'type') === 'partial' && attribute(element, 'hx') !== undefined
    if (address === undefined && !partial) continue
    tree.detachNode(element)
    if (address === undefined) {
      const targets = found(document, attribute(element, 'hx-target')!)
      const nodes = [
        ...tree.getTemplateContent(element as DefaultTreeAdapterTypes.Template).childNodes,
      ]
      tasks.push(() => putInEach(targets, attribute(element, 'hx-swap') ?? 'innerHTML', nodes))
      continue
    }
    const [, style = 'outerHTML', selector] = /^(\S+):(.+)$/.exec(address) ?? []
    element.attrs = element.attrs.filter(({ name }) => name !== 'hx-swap-oob')
    const targets = found(document, selector ?? `#${attribute(element, 'id')}`)
    // Everything but an outer swap takes the content only: the element itself was just the envelope.
    const nodes = style.startsWith('outer') ? [element] : [...element.childNodes]
    tasks.push(() => putInEach(targets, style, nodes))
  }
  const rest = [...content.childNodes]
  const holds = rest.some(
    (node) => tree.isElementNode(node) || (tree.isTextNode(node) && node.value.trim() !== ''),
  )
  if (holds) put(main, swap, rest)
  for (const task of tasks) task()
}

function putInEach(targets: readonly Element[], style: string, nodes: readonly Node[]): void {
  if (targets.length > 1 && nodes.length > 0)
    throw new Error(`A frame with the swap ${JSON.stringify(style)} has ${targets.length} targets.`)
  for (const target of targets) put(target, style, nodes)
}

function put(target: Element | undefined, style: string, nodes: readonly Node[]): void {
  const parent = target && tree.getParentNode(target)
  if (target === undefined || !parent) return
  for (const node of nodes) tree.detachNode(node)
  const before = (reference: Node): void => {
    for (const node of nodes) tree.insertBefore(parent, node, reference)
  }
  if (style === 'innerMorph') keepMarked(target.childNodes, nodes)
  if (style === 'outerMorph') keepMarked([target], nodes)
  switch (style) {
    case 'innerHTML':
    case 'innerMorph':
      for (const child of target.childNodes.slice()) tree.detachNode(child)
      for (const node of nodes) tree.appendChild(target, node)
      return
    case 'beforeend':
      for (const node of nodes) tree.appendChild(target, node)
      return
    case 'afterbegin':
      for (const node of nodes.toReversed()) {
        const first = tree.getFirstChild(target)
        if (first) tree.insertBefore(target, node, first)
        else tree.appendChild(target, node)
      }
      return
    case 'beforebegin':
      return before(target)
    case 'outerHTML':
    case 'outerMorph':
      before(target)
      return tree.detachNode(target)
    case 'afterend': {
      before(target)
      const [first] = nodes
      // Inserted before it, so the target itself moves in front of them.
      if (!first) return
      tree.detachNode(target)
      return tree.insertBefore(parent, target, first)
    }
    case 'delete':
      return tree.detachNode(target)
    default:
      throw new Error(
        `A frame asks for the swap ${JSON.stringify(style)}, which applyFrames does not know.`,
      )
  }
}

function* elementsOf(parent: Parent): Generator<Element> {
  for (const node of parent.childNodes) {
    if (!tree.isElementNode(node)) continue
    yield node
    yield* elementsOf(node)
  }
}

/** A morph leaves the children alone of what holds a mark of ours. */
function keepMarked(before: readonly Node[], after: readonly Node[]): void {
  const old = before.filter(tree.isElementNode)
  for (const [n, element] of after.filter(tree.isElementNode).entries()) {
    const same = old[n]
    if (same?.tagName !== element.tagName) return
    const isMarked = same.childNodes.some(
      (node) => tree.isElementNode(node) && attribute(node, 'swap-end') !== undefined,
    )
    if (!isMarked) keepMarked(same.childNodes, element.childNodes)
    else {
      for (const child of element.childNodes.slice()) tree.detachNode(child)
      for (const child of same.childNodes.slice()) {
        tree.detachNode(child)
        tree.appendChild(element, child)
      }
    }
  }
}

/** All elements that a selector means, of the few that our frames use: `#id [attribute] >tag:last-of-type`. */
function found(root: Parent, selector: string): Element[] {
  let within: Parent[] = [root]
  for (const [, child, part] of selector.matchAll(/(\s*>)?\s*([^\s>]+)/g)) {
    within = within.flatMap((parent) =>
      (child === undefined ? [...elementsOf(parent)] : parent.childNodes).filter(
        (node): node is Element => tree.isElementNode(node) && fits(node, part!),
      ),
    )
  }
  return within as Element[]
}

function fits(element: Element, selector: string): boolean {
  if (selector.startsWith('#')) return attribute(element, 'id') === selector.slice(1)
  if (selector.startsWith('[')) return attribute(element, selector.slice(1, -1)) !== undefined
  const [, tag, last] = /^([a-z\d]+)(:last-of-type)?$/.exec(selector) ?? []
  if (tag === undefined)
    throw new Error(
      `A frame asks for ${JSON.stringify(selector)}, which applyFrames does not know.`,
    )
  if (last === undefined) return element.tagName === tag
  const like = tree
    .getParentNode(element)!
    .childNodes.filter((node) => tree.isElementNode(node) && node.tagName === tag)
  return like.at(-1) === element
}

function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((given) => given.name === name)?.value
}
