import type { Page as Tab } from 'playwright-core'

/**
 * What is inside of an element of a real browser's page, written as `domText` writes a tree; empty when there is none.
 *
 * Left out are the traces that htmx itself leaves on what it swaps: an empty class, a mark of its own.
 */
export async function browserDom(tab: Tab, selector: string): Promise<string> {
  return tab.evaluate((wanted) => {
    const prefixes: Record<string, string> = {
      'http://www.w3.org/2000/svg': 'svg ',
      'http://www.w3.org/1998/Math/MathML': 'math ',
    }
    const start = (element: Element): string => {
      const attributes = [...element.attributes]
        .filter(({ name, value }) => name !== 'data-htmx-powered' && (name !== 'class' || value))
        .map(({ name, value }) => ` ${name}=${JSON.stringify(value)}`)
      return `<${prefixes[element.namespaceURI!] ?? ''}${element.localName}${attributes.toSorted().join('')}>`
    }
    const lines: string[] = []
    const write = (parent: Node, indent: string): void => {
      let text = ''
      const flush = (): void => {
        if (text !== '') lines.push(`${indent}${JSON.stringify(text)}`)
        text = ''
      }
      for (const node of parent.childNodes) {
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
    const root = document.querySelector(wanted)
    if (root) write(root, '')
    return lines.join('\n')
  }, selector)
}
