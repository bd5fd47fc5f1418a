import { CLOSED_BY_PARENT } from './elements.ts'

export type Space = 'html' | 'svg' | 'math'

/** A part of a text of HTML, with its place in it in UTF-16 units. */
export interface HtmlNode {
  /** The name in the DOM; `''` is text, `'!'` a comment, `'#'` the whole. */
  readonly tag: string
  readonly space: Space
  readonly start: number
  /** Behind the start tag. */
  readonly tagEnd: number
  /** The content, without the line break that a parser drops. */
  readonly innerStart: number
  readonly innerEnd: number
  readonly end: number
  readonly children: readonly HtmlNode[]
  /** Its content is not known, or cannot be addressed. */
  readonly opaque: boolean
}

/** A text of HTML and what a parser makes of it. */
export interface HtmlTree {
  readonly html: string
  /** Opaque when a parser repairs the text in a way that is not foreseen here. */
  readonly root: HtmlNode
  /** Elements that the client takes to another place of the page; they are no part of the tree. */
  readonly outOfBand: readonly HtmlNode[]
}

export function isElement({ tag }: HtmlNode): boolean {
  return tag !== '' && tag !== '!'
}

export function sourceOf({ html }: HtmlTree, { start, end }: HtmlNode): string {
  return html.slice(start, end)
}

export function startTagOf({ html }: HtmlTree, { start, tagEnd }: HtmlNode): string {
  return html.slice(start, tagEnd)
}

/** A part of the HTML, without the elements that are out of band. */
export function partOf({ html, outOfBand }: HtmlTree, from: number, to: number): string {
  let part = ''
  let at = from
  for (const { start, end } of outOfBand) {
    if (start < at || end > to) continue
    part += html.slice(at, start)
    at = end
  }
  return part + html.slice(at, to)
}

/** The end tags that the HTML leaves out at its end. */
export function closingTags({ html, root }: HtmlTree): string {
  let tags = ''
  for (let last = root.children.at(-1); last; last = last.children.at(-1)) {
    if (!CLOSED_BY_PARENT.has(last.tag) || last.innerEnd < html.length) break
    if (last.start < last.tagEnd) tags = `</${last.tag}>${tags}`
  }
  return tags
}

/** How much of a text is its end: what stood behind the place where it changed. */
export function tailLength(old: string, now: string): number {
  const most = Math.min(old.length, now.length)
  const same = cutBefore(now, sharedLength(old, now), 0)
  return now.length - cutBefore(now, now.length - most + same, same)
}

/** How long two texts are the same from their beginning. */
export function sharedLength(a: string, b: string): number {
  let same = 0
  // Long parts first: two texts are compared forty times as quickly as their characters.
  for (let step = 4_096; step >= 1; step /= 8)
    while (same + step <= a.length && a.slice(same, same + step) === b.slice(same, same + step))
      same += step
  return same
}

/** The last place up to another where a text may be cut. */
export function cutBefore(text: string, at: number, least: number): number {
  let cut = at
  while (cut > least && !isCut(text, cut)) cut -= 1
  return cut
}

/** A text may be cut, but not in an entity, nor in a character. */
export function isCut(text: string, at: number): boolean {
  const last = text.charCodeAt(at - 1)
  if (last >= 0xd800 && last < 0xdc00) return false
  return !/&[^;\s]{0,31}$/.test(text.slice(Math.max(0, at - 32), at))
}
