import type { Swap } from '../fragments/fragment.ts'
import type { Change, How, Path } from '../html/diff.ts'
import type { Space } from '../html/tree.ts'

/** The element in which a parser has to read some HTML; `#` where only the HTML itself can tell. */
export interface Within {
  readonly tag: string
  readonly space: Space
}

export const ANYWHERE: Within = { tag: '#', space: 'html' }

/** What htmx 4 calls each change, and what htmx 2 does. */
const STYLES: Readonly<Record<How, readonly [four: string, two: string]>> = {
  inside: ['innerMorph', 'innerHTML'],
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

/** Names that only SVG or MathML has, and that a block may begin with. */
const SVG =
  /^(?:animate|animatemotion|animatetransform|circle|clippath|defs|ellipse|filter|foreignobject|g|line|lineargradient|marker|mask|path|pattern|polygon|polyline|radialgradient|rect|stop|switch|symbol|text|textpath|tspan|use|view)$/
const MATH =
  /^(?:m(?:enclose|error|frac|i|multiscripts|n|o|over|padded|phantom|root|row|s|space|sqrt|style|sub|subsup|sup|table|td|text|tr|under|underover)|semantics)$/

/**
 * One change of the page as what htmx is told: the data of a message each, because what follows in a message would be
 * read as a part of it.
 *
 * The element around the HTML is never closed, so that no end tag in the HTML can end it before the message does.
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
  const envelope = envelopeOf(html, within)
  if (morphs) {
    // A page may play a transition for each swap: an answer would take as long as all of them.
    const [style] = STYLES[how]
    const target = at.includes(' ') ? `'${at}'` : at
    return [`<${envelope} hx-swap-oob="${style} transition:false target:${target}">${html}`]
  }
  const [, style] = STYLES[how]
  if (style !== 'outerHTML') return [`<${envelope} hx-swap-oob="${style}:${at}">${html}`]
  // The element itself says where it goes; what needs another one around it, or is several, comes behind the old one.
  if (within.tag !== '#' && !isForeign(within))
    return [withAttribute(html, `hx-swap-oob="outerHTML:${at}"`)]
  const old = at.startsWith('#') && /^#[\w-]+$/.test(at) ? `${at}:has(+${at})` : at
  const after = `<${envelope} hx-swap-oob="afterend:${at}">${html}`
  return [after, ...swap('remove', old, '', within, morphs)]
}

/** A fragment that says itself how it enters its target, in htmx's own words. */
export function literal(style: Swap, at: string, html: string, morphs: boolean): string[] {
  if (style === 'delete') return swap('remove', at, '', ANYWHERE, morphs)
  if (style === 'outerHTML' && !morphs) return swap('replace', at, html.trim(), ANYWHERE, morphs)
  const outer = style === 'outerHTML' ? 'outerHTML strip:true' : style
  const oob = morphs ? `${outer} transition:false target:${at}` : `${style}:${at}`
  return [`<${envelopeOf(html, ANYWHERE)} hx-swap-oob="${oob}">${html}`]
}

/** All of some changes, in their order. `at` says where their paths begin. */
export function swaps(
  changes: readonly Change[],
  at: (path: Path, how: How) => string,
  morphs: boolean,
): string[] {
  return changes.flatMap(({ how, path, html, within }) => {
    const held = how === 'attributes' ? withAttribute(html, 'hx-morph-skip-children') : html
    const isTop = how === 'replace' && within.tag === '#'
    return swap(how, at(path, how), held, isTop ? withinOf(html) : within, morphs)
  })
}

/** Where one element has to be read, by its name. */
export function withinOf(html: string): Within {
  const [, name = ''] = /^<([a-zA-Z][^\s/>]*)/.exec(html) ?? []
  const tag = name.toLowerCase()
  if (SVG.test(tag)) return { tag: 'svg', space: 'svg' }
  if (MATH.test(tag)) return { tag: 'math', space: 'math' }
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
  return !/^(?:p|swap-x|select)$/.test(envelopeOf(html, ANYWHERE))
}

function envelopeOf(html: string, within: Within): string {
  if (isForeign(within)) return within.space
  const own = ENVELOPES[within.tag]
  if (own !== undefined) return own
  if (!html.includes('<')) return 'p'
  const [, first = ''] = /^(?:\s|<!--[^]*?-->)*<([a-zA-Z][^\s/>]*)/.exec(html) ?? []
  const tag = first.toLowerCase()
  if (within.tag === '#' && SVG.test(tag)) return 'svg'
  if (within.tag === '#' && MATH.test(tag)) return 'math'
  return (within.tag === '#' && AROUND[tag]) || 'swap-x'
}
