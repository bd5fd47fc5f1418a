/** The single element that a piece of HTML consists of. Positions count UTF-16 units of that HTML. */
export interface Root {
  readonly tag: string
  readonly id: string | undefined
  /** Where attributes can be added: just behind the tag's name. */
  readonly attributesAt: number
  readonly innerStart: number
  readonly innerEnd: number
}

const TOKEN = /<!--[^]*?-->|<(\/?)([a-zA-Z][^\s/>]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>/y
const TAG_OR_COMMENT = /^<(?:\/?[a-zA-Z]|!--)/
const VOID = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
])
const RAW_TEXT = new Set(['script', 'style', 'textarea', 'title', 'iframe', 'noscript', 'xmp'])
/** Start tags before which a browser closes an open paragraph by itself. */
const ENDS_PARAGRAPH =
  /<(?:address|article|aside|blockquote|details|dialog|div|dl|fieldset|figure|footer|form|h[1-6]|header|hgroup|hr|main|menu|nav|ol|p|pre|search|section|table|ul)[\s/>]/i
const ATTRIBUTE = /([^\s=/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?/g
const PLAIN_ID = /^[A-Za-z_][\w-]*$/

/**
 * Finds the one root element of a block, or nothing when the block is text, several elements, not well formed, or
 * its root has an id that cannot be addressed.
 *
 * Cost    one pass over the HTML.
 *
 * @example rootOf('<p id="a">Hello</p>')?.id // → 'a'
 * @example rootOf('<p>one</p><p>two</p>') // → undefined
 */
export function rootOf(html: string): Root | undefined {
  let first: RegExpExecArray | undefined
  let innerEnd: number | undefined
  let depth = 0
  let seen = 0
  let next = 0

  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', next)) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(html)
    if (token === null) {
      // What begins like a tag and never ends must not be searched again from its next `<`: that would be quadratic.
      if (TAG_OR_COMMENT.test(html.slice(at, at + 4))) return undefined
      next = at + 1
      continue
    }
    const outside = depth === 0
    if (outside && html.slice(seen, at).trim() !== '') return undefined
    seen = next = at + token[0].length
    const tag = token[2]?.toLowerCase()
    if (tag === undefined) continue // a comment

    if (first === undefined || outside) {
      if (first !== undefined || token[1] === '/') return undefined
      first = token
    }
    if (tag !== first[2]!.toLowerCase()) {
      if (token[1] !== '/' && RAW_TEXT.has(tag)) next = afterRawText(html, tag, seen)
      continue
    }
    if (VOID.has(tag)) {
      innerEnd = seen
    } else if (token[1] === '/') {
      depth -= 1
      if (depth === 0) innerEnd = at
    } else {
      depth += 1
      if (RAW_TEXT.has(tag)) next = afterRawText(html, tag, seen)
    }
  }
  if (
    first === undefined ||
    innerEnd === undefined ||
    depth !== 0 ||
    html.slice(seen).trim() !== ''
  )
    return undefined

  const tag = first[2]!.toLowerCase()
  const innerStart = first.index + first[0].length
  if (tag === 'p' && ENDS_PARAGRAPH.test(html.slice(innerStart, innerEnd))) return undefined
  const id = idIn(first[3]!)
  // An id that no plain selector can name is as good as no address, and there is no place for a second one.
  if (id !== undefined && !PLAIN_ID.test(id)) return undefined
  return {
    tag,
    id,
    attributesAt: first.index + 1 + tag.length,
    innerStart,
    innerEnd,
  }
}

/**
 * The innermost element that is open at a position, where its tag is the one that is expected there.
 *
 * Cost    one pass over the HTML before the position.
 */
export function openElementAt(
  html: string,
  position: number,
  tag: string,
): { attributesAt: number; innerStart: number; id: string | undefined } | undefined {
  const open: { tag: string; attributesAt: number; innerStart: number; attributes: string }[] = []
  let next = 0
  for (let at = html.indexOf('<'); at !== -1 && at < position; at = html.indexOf('<', next)) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(html)
    next = at + (token?.[0].length ?? 1)
    const name = token?.[2]?.toLowerCase()
    if (name === undefined) continue
    if (token![1] === '/') {
      const opened = open.findLastIndex((element) => element.tag === name)
      if (opened !== -1) open.length = opened
    } else if (!VOID.has(name)) {
      const attributesAt = at + 1 + name.length
      open.push({ tag: name, attributesAt, innerStart: next, attributes: token![3]! })
      if (RAW_TEXT.has(name)) next = afterRawText(html, name, next)
    }
  }
  const innermost = open.at(-1)
  if (innermost?.tag !== tag) return undefined
  const id = idIn(innermost.attributes)
  if (id !== undefined && !PLAIN_ID.test(id)) return undefined
  const { attributesAt, innerStart } = innermost
  return { attributesAt, innerStart, id }
}

function idIn(attributes: string): string | undefined {
  ATTRIBUTE.lastIndex = 0
  for (let found = ATTRIBUTE.exec(attributes); found; found = ATTRIBUTE.exec(attributes)) {
    const [, name, double, single, bare] = found
    if (name!.toLowerCase() === 'id') return double ?? single ?? bare ?? ''
  }
  return undefined
}

/** What stands inside a script or a textarea only looks like tags. */
function afterRawText(html: string, tag: string, from: number): number {
  const close = new RegExp(`</${tag}`, 'ig')
  close.lastIndex = from
  return close.exec(html)?.index ?? html.length
}
