import type { Change, How, Path } from '../html/page-html.ts'
import { spaceOf } from '../html/tags.ts'
import type { HtmlTree, Space } from '../html/tree.ts'

/** The element in which a parser has to read some HTML. */
export interface Within {
  /** `#` where only the HTML itself can tell; `#html` where it is no part of SVG or MathML, `#frame` nor of a table. */
  readonly tag: string
  readonly space: Space
  /** The HTML may hold any end tag. */
  readonly opaque?: boolean
}

export const ANYWHERE: Within = { tag: '#', space: 'html' }
export const IN_HTML: Within = { tag: '#html', space: 'html' }
export const IN_FRAME: Within = { tag: '#frame', space: 'html' }

/** The element around HTML that may hold any end tag. It has no end tag itself: the message ends it. */
const OPEN = 'swap-x'

const STYLES: Readonly<Record<How, string>> = {
  // htmx 2 takes it for `innerHTML`.
  inside: 'innerMorph',
  replace: 'outerMorph',
  attributes: 'outerMorph',
  start: 'afterbegin',
  end: 'beforeend',
  before: 'beforebegin',
  after: 'afterend',
  remove: 'delete',
}

/** The elements whose parts a parser leaves in no other element. */
const PARTS: Readonly<Record<string, RegExp>> = {
  colgroup: /^col$/,
  select: /^(?:optgroup|option)$/,
  table: /^(?:caption|colgroup|tbody|tfoot|thead)$/,
  tbody: /^tr$/,
  tr: /^t[dh]$/,
}
/** Elements with the same parts as another one. */
const LIKE: Readonly<Record<string, string>> = {
  optgroup: 'select',
  tfoot: 'tbody',
  thead: 'tbody',
}

const FIRST_TAG = /^(?:\s|<!--(?:(?!-->)[^])*-->)*<([a-zA-Z][^\s/>]*)/

/**
 * Writes one change of the page for htmx 4 (`morphs`) or 2. Out: the data of a message each, because what follows in a
 * message could be read as a part of it.
 *
 * @example swap(true, 'end', '#answer', ' more') // → ['<p hx-swap-oob="beforeend transition:false target:#answer"> more']
 * @example swap(false, 'remove', '#answer') // → ['<p hx-swap-oob="delete:#answer">']
 */
export function swap(
  morphs: boolean,
  how: How,
  target: string,
  html: string = '',
  within: Within = ANYWHERE,
): string[] {
  const isOuter = STYLES[how] === 'outerMorph'
  if (morphs || !isOuter) return [addressed(morphs, STYLES[how], target, html, within)]
  // The element itself says where it goes; what needs another one around it, or is several, comes behind the old one.
  if (!within.tag.startsWith('#') && !isForeign(within))
    return [withAttribute(html, `hx-swap-oob="outerHTML:${target}"`)]
  const old = /^#[\w-]+$/.test(target) ? `${target}:has(+${target})` : target
  return [addressed(morphs, 'afterend', target, html, within), ...swap(morphs, 'remove', old)]
}

/** Writes a fragment that names its own swap. */
export function literalSwap(
  morphs: boolean,
  style: string,
  target: string,
  html: string,
  within: Within = ANYWHERE,
): string[] {
  if (style === 'outerHTML' && !morphs) return swap(morphs, 'replace', target, html.trim(), within)
  return [addressed(morphs, style, target, style === 'delete' ? '' : html, within)]
}

/** Writes some changes in their order. `selectorOf` makes a selector of a path. */
export function swaps(
  morphs: boolean,
  changes: readonly Change[],
  selectorOf: (path: Path, how: How) => string,
): string[] {
  return changes.flatMap(({ how, path, html: changed, within: around }) => {
    const html = how === 'attributes' ? withAttribute(changed, 'hx-morph-skip-children') : changed
    const isTop = how === 'replace' && around.tag.startsWith('#')
    return swap(morphs, how, selectorOf(path, how), html, isTop ? withinOf(html, around) : around)
  })
}

function addressed(
  morphs: boolean,
  style: string,
  target: string,
  html: string,
  within: Within,
): string {
  const outer = style.startsWith('outer') ? `${style} strip:true` : style
  const quoted = target.includes(' ') ? `'${target}'` : target
  // A page may play a transition for each swap: an answer would take as long as all of them.
  const address = morphs ? `${outer} transition:false target:${quoted}` : `${style}:${target}`
  const tag = envelopeOf(html, within)
  const end = tag === 'p' || tag === OPEN ? '' : `</${tag}>`
  return `<${tag} hx-swap-oob="${address}">${html}${end}`
}

/** Where HTML has to be read, by the name of its first element. */
export function withinOf(html: string, around: Within = ANYWHERE): Within {
  if (around.space !== 'html') return around
  const space = around.tag === ANYWHERE.tag ? spaceOf(html) : 'html'
  if (space !== 'html') return { tag: space, space }
  const tag = FIRST_TAG.exec(html)?.[1]?.toLowerCase() ?? ''
  const whole = Object.keys(PARTS).find((name) => PARTS[name]!.test(tag))
  return { tag: whole ?? 'body', space: 'html' }
}

/** Where the top of a block has to be read. */
export function topOf({ root: { space, opaque } }: HtmlTree): Within {
  return space === 'html' ? { ...IN_HTML, opaque } : { tag: space, space }
}

/** HTML with an element around it in which a parser reads parts of SVG or MathML. */
export function enclosed(html: string, space: Space, attributes: string = ''): string {
  return space === 'html' ? html : `<${space}${attributes}>${html}</${space}>`
}

export function withAttribute(html: string, attribute: string): string {
  return html.replace(/^<[^\s/>]+/, (tag) => `${tag} ${attribute}`)
}

function isForeign({ tag, space }: Within): boolean {
  if (space === 'svg') return !/^(?:desc|foreignObject|title)$/.test(tag)
  return space === 'math' && !/^m(?:[inos]|text)$/.test(tag)
}

/** Tells if a parser loses this HTML in a `<div>`. */
export function needsContext(html: string): boolean {
  return !/^(?:div|p|swap-x|select)$/.test(envelopeOf(html, ANYWHERE))
}

/** The element around HTML in which a parser leaves it as it is. */
function envelopeOf(html: string, around: Within): string {
  const isKnown = around.tag === IN_FRAME.tag || !around.tag.startsWith('#')
  const within = isKnown ? around : withinOf(html, around)
  if (isForeign(within)) return within.space
  const own = LIKE[within.tag] ?? within.tag
  if (own in PARTS) return own
  if (!html.includes('<')) return 'p'
  return !around.opaque && isBalanced(html) ? 'div' : OPEN
}

/** Tells if each `</div>` ends a `<div>` of the HTML itself, and no open text takes ours. */
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
