import * as elements from './elements.ts'
import { SEAM, spaceOf, type Tag, tagAt, textEnd } from './tags.ts'
import { type HtmlNode, type HtmlTree, type Space, sharedLength } from './tree.ts'

/** A node while it is read. */
interface Node extends HtmlNode {
  /** The tag in lower case. */
  readonly name: string
  innerStart: number
  innerEnd: number
  end: number
  children: Node[]
  opaque: boolean
}

function node(name: string, space: Space, start: number, tagEnd: number, end = tagEnd): Node {
  const tag = space === 'svg' ? elements.svgName(name) : name
  const place = { start, tagEnd, innerStart: tagEnd, innerEnd: end, end }
  return { tag, name, space, ...place, children: [], opaque: false }
}

const ITEM = /^(?:li|d[dt])$/
const VISIBLE = /[^\t\n\f ]/
/** HTML that is not longer is read again as quickly. */
const LONG_CHARS = 256

/**
 * Reads HTML into elements, texts and comments, each where a browser's parser puts it.
 *
 * In      any text; line breaks are LF. `isOutOfBand` tells which elements the client takes to another place, `space`
 *         in what all of it stands.
 * Out     what a parser would repair is opaque: the nearest element around it that is known to hold it, at worst all.
 * Cost    one pass, from where the HTML is different from what was read before.
 *
 * @example treeOf('<p>a<b>b</b></p>').root.children[0]?.children.map(({ tag }) => tag) // → ['', 'b']
 * @example treeOf('<b><p></b>').root.opaque // → true
 */
export function treeOf(
  html: string,
  isOutOfBand: (tag: Tag) => boolean = () => false,
  before?: HtmlTree,
  space: Space = 'html',
): HtmlTree {
  const root = node('#', space, 0, 0, html.length)
  const reader = new Reader(html, root, isOutOfBand)
  const isLike = before?.root.space === space
  if (isLike && html.length > LONG_CHARS) reader.resume(before)
  if (!html.includes(SEAM) && reader.read()) return { html, root, outOfBand: reader.outOfBand }
  const unknown = { ...node('#', space, 0, 0, html.length), opaque: true }
  return { html, root: unknown, outOfBand: [] }
}

class Reader {
  readonly outOfBand: HtmlNode[] = []
  readonly #html: string
  readonly #open: Node[]
  readonly #isOutOfBand: (tag: Tag) => boolean
  #at = 0

  constructor(html: string, root: Node, isOutOfBand: (tag: Tag) => boolean) {
    this.#html = html
    this.#isOutOfBand = isOutOfBand
    this.#open = [root]
  }

  get #parent(): Node {
    return this.#open[this.#open.length - 1]!
  }

  /** Begins where the HTML differs from the tree before: what has ended until there stays. */
  resume({ html, root, outOfBand }: HtmlTree): void {
    if (root.opaque || outOfBand.length > 0) return
    this.#reuse(root as Node, sharedLength(html, this.#html))
  }

  #reuse(old: Node, same: number): void {
    const ended = old.children.findLastIndex((child) => child.end < same)
    const next = old.children[ended + 1]
    const isWritten = next && next.start < next.tagEnd && next.tagEnd < same
    const isOpen = isWritten && next.children.length > 0 && !elements.RAW.has(next.name)
    // What has ended is final when something has begun behind it.
    const final = old.children.slice(0, isOpen ? ended + 1 : Math.max(0, ended))
    this.#parent.children.push(...final)
    this.#at = final.at(-1)?.end ?? this.#at
    if (!isOpen) return
    const opened = this.#push(next.name, next.space, next.start, next.tagEnd)
    opened.innerStart = this.#at = next.innerStart
    this.#reuse(next, same)
  }

  /** Out: whether all of it is known. */
  read(): boolean {
    const html = this.#html
    let from = this.#at
    for (let next = html.indexOf('<', from); next !== -1; next = html.indexOf('<', from)) {
      const tag = tagAt(html, next)
      from = next + 1
      if (tag === undefined) continue
      if (tag.end > html.length || !this.#text(next)) return false
      this.#at = tag.end
      if (tag.name === '' && !this.#comment(tag)) return false
      if (tag.name !== '' && !(tag.ends ? this.#endTag(tag) : this.#startTag(tag))) return false
      from = this.#at
    }
    if (!this.#text(html.length)) return false
    while (elements.CLOSED_BY_PARENT.has(this.#parent.name)) this.#close(html.length, html.length)
    return this.#open.length === 1
  }

  #text(to: number): boolean {
    const parent = this.#parent
    const start = Math.max(this.#at, parent.innerStart)
    if (to <= start || parent.opaque) return true
    if (VISIBLE.test(this.#html.slice(start, to)) && !this.#holdsText(parent)) return false
    parent.children.push(node('', parent.space, start, start, to))
    return true
  }

  /** Between the parts of a table stands no text. */
  #holdsText({ name }: Node): boolean {
    if (name === '#') return this.#fitsTop('#text')
    return !(name in elements.HOLDS) || elements.HOLDS[name]!.has('')
  }

  #comment(tag: Tag): boolean {
    const parent = this.#parent
    if (!isComment(this.#html.slice(tag.at, tag.end))) return false
    if (!parent.opaque) parent.children.push(node('!', parent.space, tag.at, tag.end))
    return true
  }

  #endTag({ name, at: start }: Tag): boolean {
    if (this.#parent.opaque) return this.#endTagInOpaque(name, start)
    if (this.#parent.name !== name) {
      const at = this.#open.findLastIndex((each) => each.name === name)
      const between = this.#open.slice(at + 1)
      const closes = at > 0 && between.every((each) => elements.CLOSED_BY_PARENT.has(each.name))
      if (!closes || !elements.CLOSES_WITHIN.has(name))
        return this.#giveUp() && this.#endTagInOpaque(name, start)
      while (this.#parent.name !== name) this.#close(start, start)
    }
    this.#close(start, this.#at)
    return true
  }

  #endTagInOpaque(name: string, start: number): boolean {
    if (name === this.#parent.name) {
      this.#close(start, this.#at)
      return true
    }
    // It may end what stands around the unknown part.
    const ends = elements.HEADING.has(name) ? elements.HEADING : new Set([name])
    return !elements.FAR.has(name) && !this.#open.some((each) => ends.has(each.name))
  }

  #close(innerEnd: number, end: number): void {
    const closed = this.#open.pop()!
    closed.innerEnd = innerEnd
    closed.end = end
  }

  #startTag(tag: Tag): boolean {
    const { name, at: start } = tag
    if (this.#parent.opaque) return name !== this.#parent.name && !elements.FAR.has(name)
    if (!/^[a-z][a-z\d-]*$/.test(name)) return false
    if (this.#isForeign) return this.#foreignTag(tag)
    if (elements.STRANGE.has(name)) return false
    while (this.#isEndedBy(name)) this.#close(start, start)
    if (!this.#fits(name)) return this.#giveUp() && this.#startTag(tag)
    if (name === 'tr' && this.#parent.name === 'table') this.#push('tbody', 'html', start, start)
    const space = this.#spaceOf(tag)
    const opened = this.#push(name, space, start, this.#at, tag)
    if (elements.VOID.has(name) || (space !== 'html' && tag.selfCloses))
      this.#close(this.#at, this.#at)
    else if (name === 'template') return this.#template(opened)
    else if (elements.RAW.has(name)) return this.#raw(opened)
    else if (name === 'pre') skipBreak(opened, this.#html)
    return true
  }

  /** The space of an element. What goes to another place may be, or bring, a part of the SVG or MathML there. */
  #spaceOf(tag: Tag): Space {
    const { name } = tag
    if (name === 'svg' || name === 'math') return name
    if (!this.#isOutOfBand(tag)) return 'html'
    const space = elements.spaceOfName(name)
    return space === 'html' ? spaceOf(this.#html.slice(this.#at)) : space
  }

  #push(name: string, space: Space, start: number, end: number, tag?: Tag): Node {
    const opened = node(name, space, start, end)
    if (tag !== undefined && this.#isOutOfBand(tag)) this.outOfBand.push(opened)
    else this.#parent.children.push(opened)
    this.#open.push(opened)
    return opened
  }

  /** True in SVG or MathML, where no HTML stands. */
  get #isForeign(): boolean {
    const { space, name } = this.#parent
    return space !== 'html' && !elements.HOLDS_HTML[space].has(name)
  }

  #foreignTag(tag: Tag): boolean {
    if (elements.BREAKS_OUT.has(tag.name) || /^(?:annotation-xml|template)$/.test(tag.name))
      return false
    this.#push(tag.name, this.#parent.space, tag.at, this.#at, tag)
    if (tag.selfCloses) this.#close(this.#at, this.#at)
    return true
  }

  #isEndedBy(name: string): boolean {
    const closes = elements.CLOSED_BY[name]
    const { name: last } = this.#parent
    if (last !== 'p') return closes !== undefined && closes.has(last)
    if (elements.BLOCK.has(name)) return name !== 'table'
    return closes !== undefined && closes.has(this.#open[this.#open.length - 2]!.name)
  }

  /** True when a parser leaves an element where it is written. */
  #fits(name: string): boolean {
    const { name: parent } = this.#parent
    const isRow = name === 'tr' && parent === 'table'
    if (elements.HOLDS[parent]?.has(name) === false && !isRow) return false
    if (elements.PARENTS[name]?.has(parent) === false && !isRow) return false
    if (parent === '#' && !this.#fitsTop(name)) return false
    if (elements.HEADING.has(name) && elements.HEADING.has(parent)) return false
    return !this.#isRepaired(name)
  }

  /** True when something around an element ends before it. */
  #isRepaired(name: string): boolean {
    if (name === 'form' && this.#open.some((each) => each.name === 'form')) return true
    let mayBeItem = ITEM.test(name)
    for (let at = this.#open.length - 1; at > 0; at--) {
      const { name: around } = this.#open[at]!
      if (elements.MARKERS.has(around)) return false
      if (around === 'p' && elements.BLOCK.has(name)) return true
      if (around === name && /^(?:a|button)$/.test(name)) return true
      if (/^(?:ul|ol|dl|menu)$/.test(around)) mayBeItem = false
      if (mayBeItem && ITEM.test(around) && (around === 'li') === (name === 'li')) return true
    }
    return false
  }

  /** Parts of a table stand beside their like only. */
  #fitsTop(name: string): boolean {
    const first = this.#parent.children.find(({ name: tag, start, end }) =>
      tag === '' ? VISIBLE.test(this.#html.slice(start, end)) : tag !== '!' && tag !== 'template',
    )
    return first === undefined || kindOf(first.name) === kindOf(name)
  }

  /** The inside of the nearest element that certainly holds what is not understood becomes opaque. */
  #giveUp(): boolean {
    const at = this.#open.findLastIndex((each) => elements.CONTAINERS.has(each.name))
    if (at < 1) return false
    if (this.#open.some((each) => elements.FORMATTING.has(each.name) || each.space !== 'html'))
      return false
    if (this.#open.slice(at + 1).some((each) => elements.FAR.has(each.name))) return false
    const container = this.#open[at]!
    this.#open.length = at + 1
    container.opaque = true
    container.children = []
    return true
  }

  /** Content of a template belongs to no page. */
  #template(opened: Node): boolean {
    const html = this.#html
    let movesOut = false
    for (let depth = 1; depth > 0;) {
      const next = html.indexOf('<', this.#at)
      if (next < 0) return false
      const tag = tagAt(html, next)
      this.#at = tag?.end ?? next + 1
      if (tag === undefined) continue
      const { name, end, ends } = tag
      movesOut ||= this.#isOutOfBand(tag)
      if (end > html.length || (name === '' && !isComment(html.slice(next, end)))) return false
      if (name === 'template') depth += ends ? -1 : 1
      else if (elements.FAR.has(name) && !elements.ENDS_IN_TEMPLATE.has(name)) return false
      if (depth === 0) opened.innerEnd = next
    }
    opened.opaque = true
    this.#close(opened.innerEnd, this.#at)
    // It is only around what goes to another place, so that a parser keeps that.
    const siblings = this.#parent.children
    if (movesOut && siblings.at(-1) === opened) this.outOfBand.push(siblings.pop()!)
    return true
  }

  #raw(opened: Node): boolean {
    const { name } = opened
    const html = this.#html
    const innerEnd = textEnd(html, name, this.#at)
    const end = innerEnd < 0 ? undefined : tagAt(html, innerEnd)?.end
    const content = html.slice(this.#at, innerEnd)
    if (end === undefined || end > html.length || /<!--/.test(content)) return false
    opened.opaque = name !== 'textarea' || content.includes('<')
    if (name === 'textarea') skipBreak(opened, html)
    const { innerStart } = opened
    if (!opened.opaque && innerEnd > innerStart)
      opened.children.push(node('', 'html', innerStart, innerStart, innerEnd))
    this.#at = end
    this.#close(innerEnd, end)
    return true
  }
}

/** True for a comment in which a parser finds nothing odd. */
function isComment(text: string): boolean {
  return text.startsWith('<!--') && text.endsWith('-->')
}

/** A parser drops a line break at the beginning of `pre` and `textarea`. */
function skipBreak(opened: Node, html: string): void {
  if (html.charCodeAt(opened.innerStart) === 10) opened.innerStart += 1
}

function kindOf(name: string): string {
  if (name === 'tr') return 'tr'
  if (name === 'td' || name === 'th') return 'td'
  if (name === 'col') return 'col'
  return elements.PARENTS[name]?.has('table') ? 'table' : 'body'
}
