import type { Page as Tab } from 'playwright-core'
import { LENT_ATTRIBUTE, LENT_ID, WRAPPERS } from './lent.ts'

/** What a stream lends a page while it runs. */
const LENT = { attribute: LENT_ATTRIBUTE, id: LENT_ID.source, wrappers: WRAPPERS }

type DomOf = (selector: string, lent?: typeof LENT) => string

/**
 * What is inside of an element of a real page, written as `domText` writes a tree; empty when there is none.
 *
 * Runs in the browser. Left out are the traces that htmx itself leaves on what it swaps: an empty class, a mark.
 */
const domOf: DomOf = (selector, lent) => {
  const prefixes: Record<string, string> = {
    'http://www.w3.org/2000/svg': 'svg ',
    'http://www.w3.org/1998/Math/MathML': 'math ',
  }
  const start = (element: Element): string => {
    const attributes = [...element.attributes]
      .filter(({ name, value }) => name !== 'data-htmx-powered' && (name !== 'class' || value))
      .filter(({ name }) => name !== lent?.attribute)
      .map(({ name, value }) => ` ${name}=${JSON.stringify(value)}`)
    return `<${prefixes[element.namespaceURI!] ?? ''}${element.localName}${attributes.toSorted().join('')}>`
  }
  const nodesOf = (parent: Node): Node[] =>
    [...parent.childNodes].flatMap((node) => {
      if (!lent || !(node instanceof Element)) return [node]
      if (lent.wrappers.includes(node.localName)) return nodesOf(node)
      return node.localName === 'template' && new RegExp(lent.id).test(node.id) ? [] : [node]
    })
  const lines: string[] = []
  const write = (parent: Node, indent: string): void => {
    let text = ''
    const flush = (): void => {
      if (text !== '') lines.push(`${indent}${JSON.stringify(text)}`)
      text = ''
    }
    for (const node of nodesOf(parent)) {
      if (node instanceof Text) {
        text += node.data
        continue
      }
      flush()
      if (node instanceof Comment) lines.push(`${indent}<!--${node.data}-->`)
      if (!(node instanceof Element)) continue
      lines.push(indent + start(node))
      write(node, `${indent}  `)
      if (node instanceof HTMLTemplateElement) write(node.content, `${indent}  # `)
    }
    flush()
  }
  const root = document.querySelector(selector)
  if (root) write(root, '')
  return lines.join('\n')
}

/** A script that gives a page `domOf`, and `framedDomOf`, which leaves out what a stream lends it. */
export const DOM_SCRIPT: string = `
window.domOf = ${String(domOf)}
window.framedDomOf = (selector) => domOf(selector, ${JSON.stringify(LENT)})
`

/** What is inside of an element of a page that has the script. */
export function browserDom(tab: Tab, selector: string): Promise<string> {
  return tab.evaluate((wanted) => (window as unknown as { domOf: DomOf }).domOf(wanted), selector)
}
