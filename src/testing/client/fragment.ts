import { type DefaultTreeAdapterTypes, defaultTreeAdapter as tree, html, parse } from 'parse5'
import { elementsOf } from './selector.ts'

export type Element = DefaultTreeAdapterTypes.Element
export type ChildNode = DefaultTreeAdapterTypes.ChildNode
export type ParentNode = DefaultTreeAdapterTypes.ParentNode
export type Template = DefaultTreeAdapterTypes.Template

/** What a parser makes of one answer, and the page's title where the answer brings one. */
export interface AnswerContent {
  readonly content: ParentNode
  readonly title: string | undefined
}

/**
 * Reads an answer as htmx does: inside a template, so that parts of tables may stand alone.
 *
 * @param isTitle Which titles are the page's, not the content's.
 */
export function readAnswer(
  text: string,
  isTitle: (title: Element, content: ParentNode) => boolean,
): AnswerContent {
  let title: string | undefined
  const body = text.replace(/<head(?:\s[^>]*)?>[^]*?<\/head>/i, (head) => {
    title = titleIn(parse(head), () => true)
    return ''
  })
  const first = /<([a-z][^/>\x20\t\r\n\f]*)/i.exec(body)?.[1]?.toLowerCase()
  const isPage = first === 'html' || first === 'body'
  const document = parse(isPage ? body : `<template>${body}</template>`)
  const holder = firstOf(document, isPage ? 'body' : 'template')!
  const content = isTemplate(holder) ? holder.content : holder
  title ??= titleIn(content, isTitle)
  return { content, title }
}

/** Gives the page another title. */
export function setTitle(document: ParentNode, text: string | undefined): void {
  if (text === undefined) return
  let title = firstOf(document, 'title')
  if (title) replaceChildren(title, [])
  else {
    title = tree.createElement('title', html.NS.HTML, [])
    tree.appendChild(firstOf(document, 'head')!, title)
  }
  tree.insertText(title, text)
}

/** Takes the title out of what is swapped. */
function titleIn(
  content: ParentNode,
  isTitle: (title: Element, content: ParentNode) => boolean,
): string | undefined {
  const title = firstOf(content, 'title')
  if (!title || !isTitle(title, content)) return undefined
  tree.detachNode(title)
  return title.childNodes.map((node) => (tree.isTextNode(node) ? node.value : '')).join('')
}

function firstOf(root: ParentNode, tag: string): Element | undefined {
  for (const element of elementsOf(root))
    if (element.tagName === tag && element.namespaceURI === html.NS.HTML) return element
  return undefined
}

export function isTemplate(node: object): node is Template {
  return 'content' in node
}

/** The first attribute of these names, which is taken away. */
export function takeAttribute(element: Element, names: readonly string[]): string | undefined {
  const found = element.attrs.find(({ name }) => names.includes(name))
  element.attrs = element.attrs.filter((each) => each !== found)
  return found?.value
}

/** Whether anything would be seen of it: an element, or a text that is more than blanks. */
export function hasContent({ childNodes }: ParentNode): boolean {
  return childNodes.some(
    (node) => tree.isElementNode(node) || (tree.isTextNode(node) && node.value.trim() !== ''),
  )
}

export function replaceChildren(parent: ParentNode, nodes: readonly ChildNode[]): void {
  for (const child of parent.childNodes.slice()) tree.detachNode(child)
  for (const node of nodes) {
    tree.detachNode(node)
    tree.appendChild(parent, node)
  }
}

/** A copy of a node with all that is below it. */
export function cloned<T extends ChildNode>(node: T): T {
  const copy = { ...node, parentNode: null }
  if (!tree.isElementNode(copy)) return copy
  copy.attrs = copy.attrs.map((each) => ({ ...each }))
  copy.childNodes = []
  for (const child of (node as Element).childNodes) tree.appendChild(copy, cloned(child))
  if (isTemplate(copy)) copy.content = clonedContent(copy.content)
  return copy
}

/** A copy of what a template holds. */
export function clonedContent(
  content: DefaultTreeAdapterTypes.DocumentFragment,
): DefaultTreeAdapterTypes.DocumentFragment {
  const copy = tree.createDocumentFragment()
  for (const child of content.childNodes) tree.appendChild(copy, cloned(child))
  return copy
}
