import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5'

type Node = DefaultTreeAdapterTypes.ChildNode

/** All that a text may become: these elements with these attributes, and nothing else. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    'p h1 h2 h3 h4 h5 h6 ul li blockquote pre hr br em strong s table thead tbody tr bdi'
      .split(' ')
      .map((tag) => [tag, []]),
  ),
  ol: ['start'],
  code: ['class'],
  span: ['class'],
  th: ['align'],
  td: ['align'],
  a: ['href', 'title', 'rel'],
}
const IMAGE = ['src', 'alt', 'title', 'loading', 'referrerpolicy']
const REL = 'noopener noreferrer nofollow ugc'

/**
 * What in a piece of HTML is not on the list, one line each.
 *
 * @param images Origins from which images may come.
 */
export function faultsIn(html: string, images: readonly string[] = []): string[] {
  const faults: string[] = []
  // htmx reads `<hx-` wherever it stands, before any parser does.
  if (/<\/?hx-/i.test(html)) faults.push('holds <hx-')
  // A raw `<` that begins no tag of ours would be read anew by whoever serializes it.
  for (const [tag] of html.matchAll(/<[^>]{0,40}/g)) {
    if (!/^<\/?[a-z][a-z0-9]*(?:[\s>]|$)/.test(tag)) faults.push(`raw ${tag}`)
  }
  for (const node of parseFragment(html).childNodes) look(node)
  return faults

  function look(node: Node): void {
    if (node.nodeName === '#comment' || node.nodeName === '#documentType')
      faults.push(`a ${node.nodeName}`)
    if (!('attrs' in node)) return
    const { tagName, attrs } = node
    const allowed = tagName === 'img' && images.length > 0 ? IMAGE : ALLOWED[tagName]
    if (!allowed) faults.push(`<${tagName}>`)
    for (const { name, value } of attrs) {
      if (allowed && !allowed.includes(name)) faults.push(`<${tagName} ${name}>`)
      if (
        name === 'class' &&
        !/^(?:hljs[\w .-]*|language-[\w+#.-]+|hljs language-[\w+#.-]+|math)$/.test(value)
      )
        faults.push(`class ${value}`)
      if (name === 'align' && !/^(?:left|center|right)$/.test(value)) faults.push(`align ${value}`)
      if (name === 'start' && !/^\d{1,9}$/.test(value)) faults.push(`start ${value}`)
      if (name === 'rel' && value !== REL) faults.push(`rel ${value}`)
      if (name === 'href' && !leadsToThePage(value)) faults.push(`href ${value}`)
      if (name === 'src' && !images.includes(new URL(value, 'https://self.invalid').origin))
        faults.push(`src ${value}`)
    }
    if (tagName === 'a' && !attrs.some(({ name }) => name === 'rel'))
      faults.push('a link without rel')
    for (const child of node.childNodes) look(child)
  }
}

/** As a browser reads addresses. */
function leadsToThePage(href: string): boolean {
  if (!URL.canParse(href, 'https://page.invalid/')) return true
  return ['http:', 'https:', 'mailto:'].includes(new URL(href, 'https://page.invalid/').protocol)
}
