import type { Swap } from '../fragments/fragment.ts'
import type { Change, How, Path } from '../html/page-html.ts'
import type { Space } from '../html/tree.ts'

/** The element in which a parser has to read some HTML; `#` where only the HTML itself can tell. */
export interface Within {
  readonly tag: string
  readonly space: Space
  /** The HTML may hold any end tag. */
  readonly opaque?: boolean
}

export const ANYWHERE: Within = { tag: '#', space: 'html' }
/** An element of HTML, whichever; and one that is no part of a table. */
export const IN_HTML: Within = { tag: '#html', space: 'html' }
export const IN_FRAME: Within = { tag: '#frame', space: 'html' }

/** The element around HTML that may hold any end tag. */
const OPEN = 'swap-x'

/** What each change is called for htmx 4, and for htmx 2, which takes `innerMorph` for its default, `innerHTML`. */
const STYLES: Readonly<Record<How, readonly [four: string, two: string]>> = {
  inside: ['innerMorph', 'innerMorph'],
  replace: ['outerMorph strip:true', 'outerHTML'],
  attributes: ['outerMorph strip:true', 'outerHTML'],
  start: ['afterbegin', 'afterbegin'],
  end: ['beforeend', 'beforeend'],
  before: ['beforebegin', 'beforebegin'],
  after: ['afterend', 'afterend'],
  remove: ['delete', 'delete'],
}

/** The element in which a parser keeps what stands in another one. */
const ENVELOPES: Readonly<Record<string, string>> = {
  colgroup: 'colgroup',
  optgroup: 'select',
  select: 'select',
  table: 'table',
  tbody: 'tbody',
  tfoot: 'tbody',
  thead: 'tbody',
  tr: 'tr',
}

/** The element around a part, from the name of the part. */
const AROUND: Readonly<Record<string, string>> = {
  caption: 'table',
  col: 'colgroup',
  colgroup: 'table',
  optgroup: 'select',
  option: 'select',
  tbody: 'table',
  td: 'tr',
  tfoot: 'table',
  th: 'tr',
  thead: 'table',
  tr: 'tbody',
}

const FIRST_TAG = /^(?:\s|<!--(?:(?!-->)[^])*-->)*<([a-zA-Z][^\s/>]*)/

/** Names that only SVG or MathML has, and that a block may begin with. */
const SVG =
  /^(?:animate|animatemotion|animatetransform|circle|clippath|defs|ellipse|filter|foreignobject|g|line|lineargradient|marker|mask|path|pattern|polygon|polyline|radialgradient|rect|stop|switch|symbol|text|textpath|tspan|use|view)$/
const MATH =
  /^(?:m(?:enclose|error|frac|i|multiscripts|n|o|over|padded|phantom|root|row|s|space|sqrt|style|sub|subsup|sup|table|td|text|tr|under|underover)|semantics)$/

/**
 * One change of the page as what htmx is told: the data of a message each, because what follows in a message would be
 * read as a part of it.
 *
 * The element around HTML that a parser would repair is not closed: no end tag in it can end it before the message does.
 *
 * @example swap('end', '#answer', ' more', ANYWHERE, true) // → ['<p hx-swap-oob="beforeend transition:false target:#answer"> more']
 * @example swap('remove', '#answer', '', ANYWHERE, false) // → ['<p hx-swap-oob="delete:#answer">']
 */
export function swap(
  how: How,
  at: string,
  html: string,
  within: Within,
  morphs: boolean,
): string[] {
  if (morphs) {
    // A page may play a transition for each swap: an answer would take as long as all of them.
    const target = at.includes(' ') ? `'${at}'` : at
    return [enveloped(`${STYLES[how][0]} transition:false target:${target}`, html, within)]
  }
  const style = STYLES[how][1]
  if (style !== 'outerHTML') return [enveloped(`${style}:${at}`, html, within)]
  // The element itself says where it goes; what needs another one around it, or is several, comes behind the old one.
  if (!within.tag.startsWith('#') && !isForeign(within))
    return [withAttribute(html, `hx-swap-oob="outerHTML:${at}"`)]
  const old = /^#[\w-]+$/.test(at) ? `${at}:has(+${at})` : at
  return [enveloped(`afterend:${at}`, html, within), ...swap('remove', old, '', within, morphs)]
}

function enveloped(address: string, html: string, within: Within): string {
  const tag = envelopeOf(html, within)
  const end = tag === 'p' || tag === OPEN ? '' : `</${tag}>`
  return `<${tag} hx-swap-oob="${address}">${html}${end}`
}

/** A fragment that says itself how it enters its target, in htmx's own words. */
export function literal(style: Swap, at: string, html: string, morphs: boolean): string[] {
  if (style === 'delete') return swap('remove', at, '', ANYWHERE, morphs)
  if (style === 'outerHTML' && !morphs) return swap('replace', at, html.trim(), ANYWHERE, morphs)
  const outer = style === 'outerHTML' ? 'outerHTML strip:true' : style
  const oob = morphs ? `${outer} transition:false target:${at}` : `${style}:${at}`
  return [enveloped(oob, html, ANYWHERE)]
}

/** All of some changes, in their order. `at` says where their paths begin. */
export function swaps(
  changes: readonly Change[],
  at: (path: Path, how: How) => string,
  morphs: boolean,
): string[] {
  return changes.flatMap(({ how, path, html, within }) => {
    const held = how === 'attributes' ? withAttribute(html, 'hx-morph-skip-children') : html
    const isTop = how === 'replace' && within.tag.startsWith('#')
    return swap(how, at(path, how), held, isTop ? withinOf(html, within) : within, morphs)
  })
}

/** Where one element has to be read, by its name. */
export function withinOf(html: string, { tag: around }: Within = ANYWHERE): Within {
  const [, name = ''] = /^<([a-zA-Z][^\s/>]*)/.exec(html) ?? []
  const tag = name.toLowerCase()
  const mayBeForeign = around === ANYWHERE.tag
  if (mayBeForeign && SVG.test(tag)) return { tag: 'svg', space: 'svg' }
  if (mayBeForeign && MATH.test(tag)) return { tag: 'math', space: 'math' }
  return { tag: AROUND[tag] ?? 'body', space: 'html' }
}

/** The rest of a selector that leads down from an element. */
export function below(path: Path): string {
  return path.map(({ tag, nth }) => `>${tag}:nth-of-type(${nth})`).join('')
}

/** The HTML of an element with one attribute more. */
export function withAttribute(html: string, attribute: string): string {
  return html.replace(/^<[^\s/>]+/, (tag) => `${tag} ${attribute}`)
}

function isForeign({ tag, space }: Within): boolean {
  if (space === 'svg') return !/^(?:desc|foreignObject|title)$/.test(tag)
  return space === 'math' && !/^m(?:[inos]|text)$/.test(tag)
}

/** Whether a parser would lose this HTML in a `<div>`. */
export function needsContext(html: string): boolean {
  return !/^(?:div|p|swap-x|select)$/.test(envelopeOf(html, ANYWHERE))
}

function envelopeOf(html: string, within: Within): string {
  if (isForeign(within)) return within.space
  const own = ENVELOPES[within.tag]
  if (own !== undefined) return own
  if (!html.includes('<')) return 'p'
  const [, first = ''] = FIRST_TAG.exec(html) ?? []
  const tag = first.toLowerCase()
  if (within.tag === '#' && SVG.test(tag)) return 'svg'
  if (within.tag === '#' && MATH.test(tag)) return 'math'
  return (
    (within.tag !== IN_FRAME.tag && within.tag.startsWith('#') && AROUND[tag]) ||
    (!within.opaque && isBalanced(html) ? 'div' : OPEN)
  )
}

/** Whether each `</div>` ends a `<div>` of the HTML itself, and no text that is still open could take ours. */
function isBalanced(html: string): boolean {
  let depth = 0
  for (const [, slash] of html.matchAll(/<(\/?)div(?=[\s/>])/gi)) {
    depth += slash === '/' ? -1 : 1
    if (depth < 0) return false
  }
  return (
    depth === 0 &&
    !/<(?:!--|iframe|plaintext|script|style|textarea|title|xmp)(?![^]*(?:-->|<\/))/i.test(html)
  )
}
