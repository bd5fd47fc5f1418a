import { defaultTreeAdapter as tree, html, parse } from 'parse5'
import { attribute, elementsOf, insertBefore, isTemplate, select, withId } from './dom.ts'
import type { ChildNode, Element, ParentNode } from './dom.ts'
import { insert } from './insert.ts'

type Version = 4 | 2

/** The attributes of the element that asks, and the version of htmx that reads the answer. */
export interface SwapOptions {
  readonly htmx: Version
  readonly swap: string
  readonly select?: string | undefined
}

/** Nodes that go to a place of their own. */
interface Part {
  readonly targets: readonly Element[]
  readonly swap: string
  /** The first element of the nodes is only the envelope of what is inside. */
  readonly strip?: boolean | undefined
  /** A copy for each target. */
  readonly nodes: () => ChildNode[]
}

/**
 * Swaps one message of an event stream into a document, as htmx 4.0.1 or 2.0.11 does: what names its place goes there,
 * the rest where the form says.
 */
export function swapMessage(
  document: ParentNode,
  main: Element | undefined,
  message: string,
  options: SwapOptions,
): void {
  const { htmx, swap } = options
  const { content, title } = readAnswer(message, htmx)
  swapContent(document, main, content, options)
  if (title === undefined || (htmx === 4 && swap === 'none')) return
  let element = firstOf(document, 'title')
  if (!element) {
    element = tree.createElement('title', html.NS.HTML, [])
    insertBefore(firstOf(document, 'head')!, [element])
  }
  element.childNodes = []
  tree.insertText(element, title)
}

function swapContent(
  document: ParentNode,
  main: Element | undefined,
  content: ParentNode,
  { htmx, swap, select: selected }: SwapOptions,
): void {
  const waiting: Part[] = []
  // htmx 4 looks up all places before anything moves, and begins with the content; htmx 2 moves each part at once.
  const add = (part: Part): void =>
    void (htmx === 4 ? waiting.push(part) : put(document, part, htmx))
  for (const part of outOfBand(document, content, htmx)) add(part)
  if (htmx === 2)
    for (const template of elementsOf(content).filter(isTemplate))
      for (const part of outOfBand(document, template.content, htmx)) {
        add(part)
        tree.detachNode(template)
      }
  const found = partials(document, content)
  for (const part of found) {
    if (htmx === 4) add(part)
    // In htmx 2 a partial is an answer of its own.
    for (const target of htmx === 2 ? part.targets : []) {
      const inner = tree.createDocumentFragment()
      insertBefore(inner, part.nodes())
      swapContent(document, target, inner, { htmx, swap: part.swap })
    }
  }
  // A message without content of its own empties the target in htmx 2 only.
  const spec = parseSwap(swap, htmx)
  if (hasContent(content) || (htmx === 4 ? spec.style === 'delete' : found.length === 0)) {
    const target = spec.target === undefined ? main : select(document, spec.target)[0]
    // htmx 2 chooses a part of answers, not of the messages of its extension.
    const chosen = selected !== undefined && htmx === 4 ? select(content, selected) : undefined
    const nodes = chosen ?? content.childNodes.slice()
    for (const node of nodes) tree.detachNode(node)
    if (target) waiting.unshift({ targets: [target], swap, nodes: () => nodes })
  }
  for (const part of waiting) put(document, part, htmx)
}

function put(document: ParentNode, part: Part, htmx: Version): void {
  const { style, strip = part.strip } = parseSwap(part.swap, htmx)
  if (style === 'none') return
  for (const target of part.targets) {
    const nodes = part.nodes()
    const envelope = strip ? nodes.find(tree.isElementNode) : undefined
    // htmx 2 never replaces the body.
    const isBody = htmx === 2 && style === 'outerHTML' && target.tagName === 'body'
    insert(document, target, isBody ? 'innerHTML' : style, envelope ? inside(envelope) : nodes)
  }
}

/** The elements that name their place; they are taken out. What stands inside another one goes both ways. */
function* outOfBand(document: ParentNode, content: ParentNode, htmx: Version): Generator<Part> {
  for (const element of elementsOf(content)) {
    const oob = element.attrs.find(({ name }) => /^(?:data-)?hx-swap-oob$/.test(name))
    if (oob === undefined) continue
    element.attrs = element.attrs.filter((each) => each !== oob)
    const pattern = htmx === 4 ? /^(\S+):(.+)/ : /^([^:]+):([^]*)/
    const [, named = oob.value, selector] = pattern.exec(oob.value) ?? []
    const isDefault = named === 'true' || (htmx === 4 && named === '')
    // htmx 2 reads no modifiers here.
    const own = htmx === 2 && /\s/.test(named) ? '' : named
    const swap = isDefault ? 'outerHTML' : own
    const { style, target = selector } = parseSwap(swap, htmx)
    const id = attribute(element, 'id')
    // Without any place it is content like other content to htmx 4, and nothing to htmx 2.
    if (htmx === 4 && target === undefined && !id) continue
    tree.detachNode(element)
    const copy = structuredClone(element)
    const targets = target === undefined ? withId(document, id) : select(document, target)
    const strip = !style.startsWith('outer')
    yield { targets, swap, strip, nodes: () => [structuredClone(copy)] }
  }
}

/** The `<hx-partial>`s, which are templates by now; they are taken out. */
function partials(document: ParentNode, content: ParentNode): Part[] {
  return elementsOf(content).flatMap((element) => {
    if (!isTemplate(element) || attribute(element, 'hx') === undefined) return []
    const type = attribute(element, 'type')
    if (type !== 'partial') throw new Error(`A frame has a <hx-${type}>, which is not known here.`)
    tree.detachNode(element)
    const selector = attribute(element, 'hx-target')
    const targets = selector
      ? select(document, selector)
      : withId(document, attribute(element, 'id'))
    const swap = attribute(element, 'hx-swap') || 'innerHTML'
    return { targets, swap, nodes: () => inside(structuredClone(element)) }
  })
}

const STYLES_OF_2 = /^(?:outerHTML|afterbegin|beforebegin|beforeend|afterend|delete|none)$/
const ALIASES: Readonly<Record<string, string>> = {
  after: 'afterend',
  append: 'beforeend',
  before: 'beforebegin',
  prepend: 'afterbegin',
}
const VALUE = String.raw`\s*:\s*(?:"([^"]*)"|'([^']*)'|<((?:[^/]|/(?!>))+)/>|([^\s,]+))`
const TARGET = new RegExp(String.raw`(?:^|[\s,])target${VALUE}`)
const STRIP = new RegExp(String.raw`(?:^|[\s,])strip(?:${VALUE})?(?=[\s,]|$)`)

/** Reads the value of `hx-swap`. A style that htmx 2 does not know is `innerHTML` to it. */
function parseSwap(text: string, htmx: Version) {
  const [, style = 'innerHTML'] = /^\s*([^\s:]+)(?=\s|$)/.exec(text) ?? []
  if (htmx === 2) return { style: STYLES_OF_2.test(style) ? style : 'innerHTML' }
  const [, ...targets] = TARGET.exec(text) ?? []
  const [strip, ...values] = STRIP.exec(text) ?? []
  return {
    style: ALIASES[style] ?? style,
    target: targets.find(Boolean)?.trim(),
    strip: strip === undefined ? undefined : values.find(Boolean) !== 'false',
  }
}

function inside(envelope: Element): ChildNode[] {
  return (isTemplate(envelope) ? envelope.content : envelope).childNodes.slice()
}

/** Tells if a page shows anything of it: an element, or a text that is more than blanks. */
function hasContent({ childNodes }: ParentNode): boolean {
  return childNodes.some(
    (node) => tree.isElementNode(node) || (tree.isTextNode(node) && node.value.trim() !== ''),
  )
}

/** Reads an answer inside a template, so that parts of tables may stand alone. Out: also the title that it brings. */
function readAnswer(message: string, htmx: Version): { content: ParentNode; title?: string } {
  let head = ''
  const body = message
    .replace(/<hx-([a-z]+)(?=[\s>])/gi, '<template hx type="$1"')
    .replace(/<\/hx-[a-z]+>/gi, '</template>')
    .replace(/<head(?:\s[^>]*)?>[^]*?<\/head>/i, (found) => ((head = found), ''))
  const isPage = /^[^<]*(?:<(?![a-z])[^<]*)*<(?:html|body)(?=[/>\s])/i.test(body)
  const document = parse(isPage ? body : `<template>${body}</template>`)
  const holder = firstOf(document, isPage ? 'body' : 'template')!
  const content = isTemplate(holder) ? holder.content : holder
  const title = firstOf(parse(head), 'title') ?? firstOf(content, 'title')
  const isInside = title && elementsOf(content).includes(title)
  // Of titles that stand inside of something htmx 2 takes no note.
  if (!title || (isInside && htmx === 2 && title.parentNode !== content)) return { content }
  tree.detachNode(title)
  const text = title.childNodes.map((node) => (tree.isTextNode(node) ? node.value : ''))
  return { content, title: text.join('') }
}

function firstOf(root: ParentNode, tag: string): Element | undefined {
  return elementsOf(root).find(
    ({ tagName, namespaceURI }) => tagName === tag && namespaceURI === html.NS.HTML,
  )
}
