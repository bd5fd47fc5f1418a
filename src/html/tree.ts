import {
  BLOCK,
  BREAKS_OUT,
  CLOSED_BY,
  CLOSED_BY_PARENT,
  CONTAINERS,
  FORMATTING,
  HEADING,
  HOLDS,
  HOLDS_HTML,
  MARKERS,
  PARENTS,
  RAW,
  STRANGE,
  svgName,
  VOID,
} from './tags.ts'

/** Where a parser puts an element. */
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
  /** What stands inside is not known, or cannot be addressed. */
  readonly opaque: boolean
}

/** A text of HTML and what a parser makes of it. */
export interface HtmlTree {
  readonly html: string
  /** Opaque when a parser would repair the text in a way that is not foreseen here. */
  readonly root: HtmlNode
  /** Elements that will stand in another place of the page; they are no part of the tree. */
  readonly elsewhere: readonly HtmlNode[]
}

/** A part of the HTML, without what will stand in another place. */
export function partOf({ html, elsewhere }: HtmlTree, from: number, to: number): string {
  let part = ''
  let at = from
  for (const { start, end } of elsewhere) {
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

/** A node while it is read. A class, because there are as many as there are tags. */
class Open implements HtmlNode {
  readonly tag: string
  /** The tag in lower case. */
  readonly name: string
  readonly space: Space
  readonly start: number
  readonly tagEnd: number
  innerStart: number
  innerEnd: number
  end: number
  children: Open[] = []
  opaque = false

  constructor(tag: string, name: string, space: Space, start: number, tagEnd: number, end: number) {
    this.tag = tag
    this.name = name
    this.space = space
    this.start = start
    this.tagEnd = tagEnd
    this.innerStart = tagEnd
    this.innerEnd = end
    this.end = end
  }
}

const NAME = '[a-zA-Z][^\\s/>]*'
const ATTRIBUTE = '\\s+[^\\s"\'<>/=]+(?:\\s*=\\s*(?:"[^"]*"|\'[^\']*\'|[^\\s"\'=<>`]+))?'
const TOKEN = new RegExp(
  `<!--(?!-?>)[^]*?-->|</(${NAME})\\s*>|<(${NAME})((?:${ATTRIBUTE})*)\\s*(/?)>`,
  'y',
)
const ITEM = /^(?:li|d[dt])$/

/** Whether an element will stand in another place of the page. In: its name and its attributes as they are written. */
export type IsElsewhere = (tag: string, attributes: string) => boolean

/**
 * Reads HTML into elements, texts and comments, each where a browser's parser would have it.
 *
 * In      any text; line breaks are LF.
 * Out     what a parser would repair is opaque: the nearest element around it that is known to hold it, at worst all.
 * Cost    one pass, from where the HTML is different from what was read before.
 *
 * @example treeOf('<p>a<b>b</b></p>').root.children[0]?.children.map(({ tag }) => tag) // → ['', 'b']
 * @example treeOf('<b><p></b>').root.opaque // → true
 */
export function treeOf(
  html: string,
  isElsewhere: IsElsewhere = () => false,
  before?: HtmlTree,
): HtmlTree {
  const root = new Open('#', '#', 'html', 0, 0, html.length)
  const reader = new Reader(html, root, isElsewhere)
  if (before !== undefined && html.length > LONG_CHARS) reader.goOn(before)
  if (reader.read()) return { html, root, elsewhere: reader.elsewhere }
  const opaque = new Open('#', '#', 'html', 0, 0, html.length)
  opaque.opaque = true
  return { html, root: opaque, elsewhere: [] }
}

class Reader {
  readonly elsewhere: HtmlNode[] = []
  readonly #html: string
  readonly #open: Open[]
  readonly #isElsewhere: IsElsewhere
  #at = 0

  constructor(html: string, root: Open, isElsewhere: IsElsewhere) {
    this.#html = html
    this.#isElsewhere = isElsewhere
    this.#open = [root]
  }

  get #parent(): Open {
    return this.#open[this.#open.length - 1]!
  }

  /** Begins where HTML that was read before begins to be different: what has ended until there is as it was. */
  goOn({ html, root, elsewhere }: HtmlTree): void {
    if (root.opaque || elsewhere.length > 0) return
    const same = sharedLength(html, this.#html)
    for (let old = root as Open; ;) {
      const ended = old.children.findLastIndex((child) => child.end < same)
      const next = old.children[ended + 1]
      const isOpen =
        next !== undefined &&
        next.children.length > 0 &&
        next.start < next.tagEnd &&
        next.tagEnd < same &&
        !RAW.has(next.name)
      // What has ended is final when something has begun behind it.
      const kept = isOpen ? ended : ended - 1
      for (let n = 0; n <= kept; n++) this.#parent.children.push(old.children[n]!)
      if (!isOpen) {
        if (kept >= 0) this.#at = old.children[kept]!.end
        return
      }
      const opened = new Open(next.tag, next.name, next.space, next.start, next.tagEnd, next.tagEnd)
      this.#at = opened.innerStart = next.innerStart
      this.#parent.children.push(opened)
      this.#open.push(opened)
      old = next
    }
  }

  /** Out: whether all of it is known. */
  read(): boolean {
    const html = this.#html
    let from = this.#at
    for (let next = html.indexOf('<', from); next !== -1; next = html.indexOf('<', from)) {
      if (!mayBeTag(html.charCodeAt(next + 1))) {
        from = next + 1
        continue
      }
      TOKEN.lastIndex = next
      const token = TOKEN.exec(html)
      if (token === null || !this.#text(next)) return false
      this.#at = next + token[0].length
      if (!this.#token(token, next)) return false
      from = this.#at
    }
    if (!this.#text(html.length)) return false
    while (CLOSED_BY_PARENT.has(this.#parent.name)) this.#close(html.length, html.length)
    return this.#open.length === 1
  }

  #text(to: number): boolean {
    const parent = this.#parent
    const start = Math.max(this.#at, parent.innerStart)
    if (to <= start || parent.opaque) return true
    const isBlank = !/[^\t\n\f ]/.test(this.#html.slice(start, to))
    if (!isBlank && !this.#holdsText(parent)) return false
    parent.children.push(new Open('', '', parent.space, start, start, to))
    return true
  }

  /** Between the parts of a table stands no text. */
  #holdsText({ name }: Open): boolean {
    if (name === '#') return this.#fitsTop('#text')
    return !(name in HOLDS) || HOLDS[name]!.has('')
  }

  #token(
    [all, endTag, startTag, attributes, selfClosing]: RegExpExecArray,
    start: number,
  ): boolean {
    if (endTag !== undefined) return this.#endTag(endTag.toLowerCase(), start)
    if (startTag !== undefined)
      return this.#startTag(startTag.toLowerCase(), attributes!, selfClosing === '/', start)
    if (all.includes('--!>')) return false
    if (!this.#parent.opaque)
      this.#parent.children.push(new Open('!', '!', this.#parent.space, start, this.#at, this.#at))
    return true
  }

  #endTag(name: string, start: number): boolean {
    if (this.#parent.opaque) return this.#endTagInOpaque(name, start)
    if (this.#parent.name !== name) {
      const at = this.#open.findLastIndex((each) => each.name === name)
      const between = this.#open.slice(at + 1)
      const closes = at > 0 && between.every((each) => CLOSED_BY_PARENT.has(each.name))
      if (!closes || !closesWithin(name)) return this.#giveUp() && this.#endTagInOpaque(name, start)
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
    const ends = HEADING.has(name) ? HEADING : new Set([name])
    return !isFar(name) && !this.#open.some((each) => ends.has(each.name))
  }

  #close(innerEnd: number, end: number): void {
    const closed = this.#open.pop()!
    closed.innerEnd = innerEnd
    closed.end = end
  }

  #startTag(name: string, attributes: string, selfClosing: boolean, start: number): boolean {
    if (this.#parent.opaque)
      return name !== this.#parent.name && !isFar(name) && !this.#endsItem(name)
    if (!/^[a-z][a-z\d-]*$/.test(name)) return false
    if (this.#isForeign) return this.#foreignTag(name, attributes, selfClosing, start)
    if (STRANGE.has(name)) return false
    this.#closeBefore(name, start)
    if (!this.#fits(name))
      return this.#giveUp() && this.#startTag(name, attributes, selfClosing, start)
    if (name === 'tr' && this.#parent.name === 'table')
      this.#push('tbody', 'tbody', 'html', start, start)
    const space = name === 'svg' || name === 'math' ? name : 'html'
    const opened = this.#push(name, name, space, start, this.#at, attributes)
    if (VOID.has(name) || (space !== 'html' && selfClosing)) this.#close(this.#at, this.#at)
    else if (name === 'template') return this.#template(opened)
    else if (RAW.has(name)) return this.#raw(opened)
    else if (name === 'pre') skipBreak(opened, this.#html)
    return true
  }

  #push(
    tag: string,
    name: string,
    space: Space,
    start: number,
    end: number,
    attributes = '',
  ): Open {
    const opened = new Open(tag, name, space, start, end, end)
    const parent = this.#parent
    if (attributes !== '' && this.#isElsewhere(name, attributes)) this.elsewhere.push(opened)
    else parent.children.push(opened)
    this.#open.push(opened)
    return opened
  }

  /** Whether the parser is in SVG or MathML, and no HTML stands there. */
  get #isForeign(): boolean {
    const { space, name } = this.#parent
    return space !== 'html' && !HOLDS_HTML[space].has(name)
  }

  #foreignTag(name: string, attributes: string, selfClosing: boolean, start: number): boolean {
    if (BREAKS_OUT.has(name) || /^(?:annotation-xml|template)$/.test(name)) return false
    const { space } = this.#parent
    this.#push(space === 'svg' ? svgName(name) : name, name, space, start, this.#at, attributes)
    if (selfClosing) this.#close(this.#at, this.#at)
    return true
  }

  /** Ends the elements that a start tag ends, where they are the innermost ones. */
  #closeBefore(name: string, start: number): void {
    while (this.#isEndedBy(name)) this.#close(start, start)
  }

  #isEndedBy(name: string): boolean {
    const closes = CLOSED_BY[name]
    const { name: last } = this.#parent
    if (last !== 'p') return closes !== undefined && closes.has(last)
    if (BLOCK.has(name)) return name !== 'table'
    return closes !== undefined && closes.has(this.#open[this.#open.length - 2]!.name)
  }

  /** Whether a parser leaves an element where it is written. */
  #fits(name: string): boolean {
    const { name: parent } = this.#parent
    const isRow = name === 'tr' && parent === 'table'
    const holder = HOLDS[parent]
    if (holder && !holder.has(name) && !isRow) return false
    const parents = PARENTS[name]
    if (parents && !parents.has(parent) && !isRow) return false
    if (parent === '#' && !this.#fitsTop(name)) return false
    if (HEADING.has(name) && HEADING.has(parent)) return false
    return !this.#isRepaired(name)
  }

  /** Whether something around an element would end before it. */
  #isRepaired(name: string): boolean {
    if (name === 'form' && this.#open.some((each) => each.name === 'form')) return true
    let mayBeItem = ITEM.test(name)
    for (let at = this.#open.length - 1; at > 0; at--) {
      const { name: around } = this.#open[at]!
      if (MARKERS.has(around)) return false
      if (around === 'p' && BLOCK.has(name)) return true
      if (around === name && /^(?:a|button)$/.test(name)) return true
      if (/^(?:ul|ol|dl|menu)$/.test(around)) mayBeItem = false
      if (mayBeItem && ITEM.test(around) && (around === 'li') === (name === 'li')) return true
    }
    return false
  }

  /** An item may end another one that stands further out. */
  #endsItem(name: string): boolean {
    return ITEM.test(name) && this.#open.some((each) => ITEM.test(each.name))
  }

  /** Parts of a table stand beside their like only. */
  #fitsTop(name: string): boolean {
    const first = this.#parent.children.find(({ name: tag, start, end }) =>
      tag === ''
        ? /[^\t\n\f ]/.test(this.#html.slice(start, end))
        : tag !== '!' && tag !== 'template',
    )
    return first === undefined || kindOf(first.name) === kindOf(name)
  }

  /** The inside of the nearest element that certainly holds what is not understood becomes opaque. */
  #giveUp(): boolean {
    const at = this.#open.findLastIndex((each) => CONTAINERS.has(each.name))
    if (at < 1) return false
    if (this.#open.some((each) => FORMATTING.has(each.name) || each.space !== 'html')) return false
    if (this.#open.slice(at + 1).some((each) => isFar(each.name))) return false
    const container = this.#open[at]!
    this.#open.length = at + 1
    container.opaque = true
    container.children = []
    return true
  }

  /** What stands in a template belongs to no page. */
  #template(opened: Open): boolean {
    let depth = 1
    while (depth > 0) {
      const next = this.#html.indexOf('<', this.#at)
      if (next < 0) return false
      TOKEN.lastIndex = next
      const token = TOKEN.exec(this.#html)
      this.#at = next + (token?.[0].length ?? 1)
      const name = (token?.[1] ?? token?.[2])?.toLowerCase()
      if (name === undefined && token === null && /[a-zA-Z/!?]/.test(this.#html.charAt(next + 1)))
        return false
      if (name !== undefined && name !== 'template' && isFar(name) && !FORMATTING.has(name))
        return false
      if (name === 'template') depth += token![1] === undefined ? 1 : -1
      if (depth === 0) opened.innerEnd = next
    }
    opened.opaque = true
    this.#close(opened.innerEnd, this.#at)
    return true
  }

  #raw(opened: Open): boolean {
    const { name } = opened
    const end = new RegExp(`</${name}\\s*>`, 'gi')
    end.lastIndex = this.#at
    const found = end.exec(this.#html)
    if (found === null) return false
    const content = this.#html.slice(this.#at, found.index)
    if (new RegExp(`</${name}[\\s/>]|<!--`, 'i').test(content)) return false
    opened.opaque = name !== 'textarea' || content.includes('<')
    skipBreak(opened, this.#html, name)
    if (!opened.opaque && found.index > opened.innerStart) {
      const { innerStart } = opened
      opened.children.push(new Open('', '', 'html', innerStart, innerStart, found.index))
    }
    this.#at = found.index + found[0].length
    this.#close(found.index, this.#at)
    return true
  }
}

/** Whether an end tag ends those in its element that have no end tag of their own. */
function closesWithin(name: string): boolean {
  if (FORMATTING.has(name)) return false
  return (
    BLOCK.has(name) ||
    name in HOLDS ||
    name in PARENTS ||
    /^(?:button|datalist|object|ruby)$/.test(name)
  )
}

/** A parser drops a line break at the beginning of these. */
function skipBreak(opened: Open, html: string, name = opened.name): void {
  if (name !== 'pre' && name !== 'textarea') return
  if (html.charCodeAt(opened.innerStart) === 10) opened.innerStart += 1
}

/** Whether a `<` before this character begins a tag, a comment, or what a parser takes for one. */
function mayBeTag(code: number): boolean {
  const isLetter = (code > 64 && code < 91) || (code > 96 && code < 123)
  return isLetter || code === 33 || code === 47 || code === 63
}

const CHUNK_CHARS = 512
/** HTML that is not longer is read again as quickly. */
const LONG_CHARS = 4_096

/** How long two texts are the same from their beginning. */
function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length)
  let same = 0
  while (same < most && a.slice(same, same + CHUNK_CHARS) === b.slice(same, same + CHUNK_CHARS))
    same += CHUNK_CHARS
  same = Math.min(same, most)
  while (same < most && a.charCodeAt(same) === b.charCodeAt(same)) same += 1
  return same
}

function kindOf(name: string): string {
  if (name === 'tr') return 'tr'
  if (name === 'td' || name === 'th') return 'td'
  if (name === 'col') return 'col'
  return PARENTS[name]?.has('table') ? 'table' : 'body'
}

/** Tags that reach further than the element in which they stand. */
function isFar(name: string): boolean {
  return (
    FORMATTING.has(name) ||
    STRANGE.has(name) ||
    RAW.has(name) ||
    name in PARENTS ||
    name in HOLDS ||
    /^(?:button|form|math|object|ruby|svg|template)$/.test(name)
  )
}
