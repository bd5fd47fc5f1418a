import { defaultTreeAdapter as tree } from 'parse5'
import {
  cloned,
  clonedContent,
  hasContent,
  isTemplate,
  readAnswer,
  setTitle,
  takeAttribute,
  type ChildNode,
  type Element,
  type ParentNode,
} from './fragment.ts'
import { parseSwap, type SwapSpec } from './hcon.ts'
import { insert } from './insert.ts'
import { attribute, elementsOf, select } from './selector.ts'

const OOB = ['hx-swap-oob', 'data-hx-swap-oob']

/** What the element that asks says of its answer. */
export interface Asking {
  readonly swap: string
  readonly select: string | undefined
}

interface Task {
  readonly target: Element
  readonly spec: SwapSpec
  readonly nodes: readonly ChildNode[]
}

/**
 * Swaps one message of an event stream into a document as htmx 4 does: what it names out of band and in partials, and
 * the rest where the form says. All places are looked up before anything moves.
 */
export function swapAsHtmx4(
  document: ParentNode,
  main: Element | undefined,
  message: string,
  { swap, select: selected }: Asking,
): void {
  const { content, title } = readAnswer(
    message
      .replace(/<hx-([a-z]+)(\s+|>)/gi, '<template hx type="$1"$2')
      .replace(/<\/hx-[a-z]+>/gi, '</template>'),
    () => true,
  )
  const tasks = [...outOfBand(document, content), ...partials(document, content)]
  // A message without content of its own never empties the target: the extension sees to that.
  const spec = parseSwap(swap)
  if (spec.style === 'delete' || hasContent(content)) {
    const target = spec.target === undefined ? main : select(document, spec.target)[0]
    const nodes = selected === undefined ? [...content.childNodes] : select(content, selected)
    for (const node of nodes) tree.detachNode(node)
    if (target) tasks.unshift({ target, spec, nodes })
  }
  for (const {
    target,
    spec: { style, strip },
    nodes,
  } of tasks)
    if (style !== 'none') insert(document, target, style, strip === true ? inside(nodes) : nodes)
  if (swap !== 'none') setTitle(document, title)
}

function outOfBand(document: ParentNode, content: ParentNode): Task[] {
  const tasks: Task[] = []
  // Found before any is taken out: what stands inside another one goes both ways.
  for (const element of elementsOf(content)) {
    const value = takeAttribute(element, OOB)
    if (value === undefined) continue
    const id = attribute(element, 'id')
    const [, style, selector] = /^(\S+):(.+)/.exec(value) ?? []
    const wanted = style ?? value
    const spec = parseSwap(wanted === 'true' || wanted === '' ? 'outerHTML' : wanted)
    const targets = spec.target
      ? select(document, spec.target)
      : selector === undefined
        ? id
          ? withId(document, id)
          : undefined
        : select(document, selector)
    // Without any place it is content like other content.
    if (targets === undefined) continue
    const strip = spec.strip ?? !spec.style.startsWith('outer')
    for (const target of targets)
      tasks.push({ target, spec: { ...spec, strip }, nodes: [cloned(element)] })
    tree.detachNode(element)
  }
  return tasks
}

function partials(document: ParentNode, content: ParentNode): Task[] {
  const tasks: Task[] = []
  for (const element of elementsOf(content)) {
    if (!isTemplate(element) || attribute(element, 'hx') === undefined) continue
    const type = attribute(element, 'type')
    if (type !== 'partial') throw new Error(`A frame has a <hx-${type}>, which is not known here.`)
    const id = attribute(element, 'id')
    const selector = attribute(element, 'hx-target')
    const targets = selector ? select(document, selector) : id ? withId(document, id) : []
    const spec = parseSwap(attribute(element, 'hx-swap') || 'innerHTML')
    for (const target of targets)
      tasks.push({ target, spec, nodes: [...clonedContent(element.content).childNodes] })
    tree.detachNode(element)
  }
  return tasks
}

function withId(document: ParentNode, id: string): Element[] {
  return elementsOf(document).filter((element) => attribute(element, 'id') === id)
}

/** What the first element holds, when there is one. */
function inside(nodes: readonly ChildNode[]): readonly ChildNode[] {
  const envelope = nodes.find(tree.isElementNode)
  if (!envelope) return nodes
  return [...(isTemplate(envelope) ? envelope.content : envelope).childNodes]
}
