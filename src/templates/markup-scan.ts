/** An element that is open at some point of a text of HTML. */
export interface OpenElement {
  readonly tag: string
  /** Its own id, when the text gives it. */
  readonly id?: string
  /** It has no id and none can come in, so that it may be lent one. */
  readonly lendable: boolean
}

/** Stands for a value inside a tag. Not a character that a template would hold. */
const VALUE = '\uffff'
const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/
const RAW =
  /^(?:script|style|title|textarea|xmp|iframe|noembed|noframes|noscript|plaintext|template|svg|math)$/

/**
 * Reads HTML piece by piece, values left out, and knows what a value at the present point would stand in.
 *
 * It is no parser: it answers one question, whether this is plain text inside a known element, and says no wherever it is
 * not sure. What the rules of HTML would repair counts as not sure.
 */
export class MarkupScan {
  #open: OpenElement[] = []
  /** The tag or comment that has begun and not ended, from its `<`. */
  #tag = ''
  /** Markup that is not known came in here: the innermost element and what is in it may be anything. */
  #unsure = false

  clone(): MarkupScan {
    const copy = new MarkupScan()
    copy.#open = [...this.#open]
    copy.#tag = this.#tag
    copy.#unsure = this.#unsure
    return copy
  }

  /** Whether two scans stand at the same point. */
  equals(other: MarkupScan): boolean {
    return (
      this.#tag === other.#tag &&
      this.#unsure === other.#unsure &&
      this.#open.length === other.#open.length &&
      this.#open.every((element, at) => element === other.#open[at])
    )
  }

  /** Literal HTML. */
  feed(html: string): void {
    let rest = html
    while (rest !== '') {
      if (this.#tag === '') {
        const raw = this.#raw
        const at =
          raw === undefined ? rest.search(/<[!/a-z?]/i) : rest.search(new RegExp(`</${raw}`, 'i'))
        if (at < 0) return
        this.#tag = '<'
        rest = rest.slice(at + 1)
      }
      const end = endOfTag(this.#tag + rest)
      if (end < 0) {
        this.#tag += rest
        return
      }
      const whole = (this.#tag + rest).slice(0, end)
      rest = (this.#tag + rest).slice(end)
      this.#tag = ''
      this.#take(whole)
    }
  }

  /** An escaped value: text in text, anything in a tag. */
  value(): void {
    if (this.#tag !== '') this.#tag += VALUE
  }

  /** A value that may hold markup. */
  markup(): void {
    if (this.#tag !== '') this.#tag += VALUE
    else this.#unsure = true
  }

  /** The innermost element, when the present point is text in it; otherwise what the point stands in, in words. */
  get place(): OpenElement | string | undefined {
    if (this.#tag.startsWith('<!--')) return 'a comment'
    if (this.#tag !== '') return 'a tag, outside of its text'
    const raw = this.#raw
    if (raw !== undefined) return `<${raw}>`
    if (this.#unsure) return 'an element with markup of unknown shape before it'
    return this.#open[this.#open.length - 1]
  }

  /** Whether an element of this kind is open. */
  isIn(tag: string): boolean {
    return this.#open.some((element) => element.tag === tag)
  }

  get #raw(): string | undefined {
    const tag = this.#open.find((element) => RAW.test(element.tag))?.tag
    return tag
  }

  #take(tag: string): void {
    const [, slash, name] = /^<(\/?)([a-z][^\s/>]*)/i.exec(tag) ?? []
    if (name === undefined) return
    const lower = name.toLowerCase()
    if (slash === '/') {
      const at = this.#open.findLastIndex((element) => element.tag === lower)
      if (at < 0) this.#unsure = true
      else {
        this.#open.length = at
        // What was not known was in the element that has just ended.
        this.#unsure = false
      }
      return
    }
    // A browser takes `<p/>` for `<p>`: only void elements end by themselves.
    if (VOID.test(lower)) return
    const attributes = tag.slice(name.length + 1)
    const id = /\sid\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i.exec(attributes)
    const own = id?.[1] ?? id?.[2] ?? id?.[3]
    const bare = attributes.replace(/"[^"]*"|'[^']*'/g, '')
    const element: OpenElement =
      own !== undefined && !own.includes(VALUE)
        ? { tag: lower, id: own, lendable: false }
        : { tag: lower, lendable: own === undefined && !bare.includes(VALUE) }
    this.#unsure = false
    this.#open.push(element)
  }
}

/** Where the tag that `text` begins with ends, behind its `>`; -1 when it goes on. */
function endOfTag(text: string): number {
  if (text.startsWith('<!--')) {
    const end = text.indexOf('-->', 4)
    return end < 0 ? -1 : end + 3
  }
  if ('<!--'.startsWith(text)) return -1
  let quote = ''
  for (let at = 1; at < text.length; at++) {
    const character = text[at]!
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if ((character === '"' || character === "'") && /=\s*$/.test(text.slice(0, at)))
      quote = character
    else if (character === '>') return at + 1
  }
  return -1
}
