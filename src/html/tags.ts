import { spaceOfName } from './elements.ts'

/** Stands for a value that is only known when the template is rendered. */
export const HOLE = '\uffff'
/** Stands where a condition, a loop or a body of its own begins or ends: what is left of it need not belong to what is right. */
export const SEAM = '\ufffe'

/** An attribute as it is written; holes and seams stand in its name and its value. */
export interface Attribute {
  /** In small letters. */
  readonly name: string
  /** Empty when it has none. */
  readonly value: string
  /** Where its name begins in the text. */
  readonly at: number
}

export interface Tag {
  /** In small letters; empty for a comment, a doctype and what else is no element. */
  readonly name: string
  readonly ends: boolean
  /** A slash stands before its `>`. */
  readonly selfCloses: boolean
  /** All of them: in a template, one name may stand in both branches of a condition. */
  readonly attributes: readonly Attribute[]
  readonly at: number
  /** Behind its `>`. */
  readonly end: number
}

const NAME = new RegExp(`</?([a-zA-Z${HOLE}][^\\s/>${SEAM}]*)`, 'y')
// A quote that never ends takes the rest with it.
const ATTRIBUTE = new RegExp(
  `([\\s/${SEAM}]*)(?:>|(=?[^\\s/>=${SEAM}]*)` +
    `(?:\\s*=[\\s${SEAM}]*(?:"([^"]*)"?|'([^']*)'?|([^\\s>"'][^\\s>]*))?)?)`,
  'y',
)
const COMMENT = /<!--(?:-?>|[^]*?(?:--!?>|$))/y
const OTHER = new RegExp(`<(?:[!?]|/(?![a-z${HOLE}]))[^>]*>?`, 'iy')
/** Elements whose content is text up to their end tag. */
const TEXT_ONLY = /^(?:script|style|title|textarea|xmp|iframe|noembed|noframes|plaintext)$/

/**
 * Reads the tag or comment that begins with the `<` at a place, as a browser's tokenizer does.
 *
 * Out     undefined where the `<` is text; `end` is beyond the text for a tag that never ends.
 */
export function tagAt(html: string, at: number): Tag | undefined {
  NAME.lastIndex = at
  const found = NAME.exec(html)
  if (found === null) {
    COMMENT.lastIndex = OTHER.lastIndex = at
    const [other] = COMMENT.exec(html) ?? OTHER.exec(html) ?? []
    if (other === undefined) return undefined
    const end = at + other.length
    return { name: '', ends: false, selfCloses: false, attributes: [], at, end }
  }
  const name = found[1]!.toLowerCase()
  const ends = html.charCodeAt(at + 1) === 47
  const attributes: Attribute[] = []
  ATTRIBUTE.lastIndex = NAME.lastIndex
  // Most tags are no more than their name.
  if (html.charCodeAt(NAME.lastIndex) === 62)
    return { name, ends, selfCloses: false, attributes, at, end: NAME.lastIndex + 1 }
  for (;;) {
    const from = ATTRIBUTE.lastIndex
    const [, between, own, ...values] = ATTRIBUTE.exec(html)!
    const start = from + between!.length
    const isOpen = start >= html.length
    if (own === undefined || isOpen) {
      const end = isOpen ? html.length + 1 : ATTRIBUTE.lastIndex
      return { name, ends, selfCloses: between!.endsWith('/'), attributes, at, end }
    }
    const value = values.find((each) => each !== undefined) ?? ''
    attributes.push({ name: own.toLowerCase(), value, at: start })
  }
}

export function textEnd(html: string, name: string, from: number): number {
  const end = new RegExp(`</${name}(?=[\\s/>])`, 'gi')
  end.lastIndex = from
  return end.exec(html)?.index ?? -1
}

/** Elements of HTML and of SVG: what stands in or behind them tells which. */
const OF_BOTH = /^(?:a|script|style|title)$/

/**
 * The space of parts of SVG or MathML that stand alone: what their first element with a name of its own tells.
 *
 * @example spaceOf('<g><circle r="3"/></g>') // → 'svg'
 * @example spaceOf('<a href="/"><text>Home</text></a>') // → 'svg'
 */
export function spaceOf(html: string): 'svg' | 'math' | 'html' {
  const blank = /\s*/y
  let at = 0
  for (;;) {
    blank.lastIndex = at
    blank.exec(html)
    at = blank.lastIndex
    const tag = html.charCodeAt(at) === 60 ? tagAt(html, at) : undefined
    if (tag === undefined || tag.end > html.length) return 'html'
    const { name, ends } = tag
    if (name !== '' && !OF_BOTH.test(name)) return ends ? 'html' : spaceOfName(name)
    at = tag.end
    if (!ends && TEXT_ONLY.test(name)) at = textEnd(html, name, at)
    if (at < 0) return 'html'
  }
}

/**
 * Reads the tags of some HTML in their order: what stands in a comment, a script or a text field is no tag, and a tag
 * that never ends is left out.
 *
 * In      HTML with `HOLE` and `SEAM` where a template has more to say.
 * Cost    one walk over the text.
 *
 * @example tagsIn('<p id=a title="1 > 0">').map(({ attributes }) => attributes.length) // → [2]
 */
export function tagsIn(html: string): Tag[] {
  const tags: Tag[] = []
  let at = html.indexOf('<')
  while (at >= 0) {
    const tag = tagAt(html, at)
    if (tag && tag.end > html.length) break
    let next = tag?.end ?? at + 1
    if (tag && tag.name !== '') {
      tags.push(tag)
      if (!tag.ends && TEXT_ONLY.test(tag.name)) next = textEnd(html, tag.name, next)
    }
    at = next < 0 ? -1 : html.indexOf('<', next)
  }
  return tags
}
