import { CONTAINERS, HOLDS, VOID } from './tags.ts'
import { type HtmlNode, type HtmlTree, partOf, type Space } from './tree.ts'

/** One step down to an element. */
export interface Step {
  readonly tag: string
  /** Among its siblings of that name, from 1. */
  readonly nth: number
  /** Among all elements beside it, from 0. */
  readonly index: number
}

/** The way to an element; empty for what holds all of the HTML. */
export type Path = readonly Step[]

/** What happens to an element, or beside it. */
export type How =
  | 'inside'
  | 'replace'
  | 'attributes'
  | 'start'
  | 'end'
  | 'before'
  | 'after'
  | 'remove'

/** One change of a page. Changes are made one after the other. */
export interface Change {
  readonly how: How
  readonly path: Path
  readonly html: string
  /** The element in which a parser has to read the HTML. */
  readonly within: { readonly tag: string; readonly space: Space; readonly opaque?: boolean }
}

/** What stands in the page: the HTML, and what was lent to it so that later changes are small. */
export interface Shown {
  readonly tree: HtmlTree
  /** Texts whose end stands in an element of its own: how many characters of it. */
  readonly tails: ReadonlyMap<HtmlNode, number>
  /** Elements that bear the attribute that keeps a morph from their children. */
  readonly held: ReadonlySet<HtmlNode>
}

export interface DiffOptions {
  /** Attributes can change alone, without what stands in their element. */
  readonly attributes: boolean
  /** The top is an element of the page, so that all in it can be replaced. */
  readonly container: boolean
  /** Something marks the start of the HTML in the page. */
  readonly start: boolean
  /** Something marks its end. */
  readonly end: boolean
}

export interface Difference {
  /** `undefined` when no change of a part is known to be right: all of it has to be sent. */
  readonly changes: readonly Change[] | undefined
  readonly shown: Shown
}

/** The element in which the end of a text stands while it changes. */
export const TAIL = 'swap-text'
/** An element that tells a page that the children of its parent are as they shall be. */
const FINISHED = 'swap-end'
/** A longer end of a text is no end. */
const MAX_TAIL_CHARS = 256
/** An element with less in it is sent whole. */
const SMALL_CHARS = 80
/** About what a change costs beside its HTML. */
const CHANGE_CHARS = 70

/** What a reader may be busy with. */
const STATEFUL = /<(?:audio|details|dialog|iframe|img|input|object|select|textarea|video)\b/i

const NO_TAILS: ReadonlyMap<HtmlNode, number> = new Map()
const NONE_HELD: ReadonlySet<HtmlNode> = new Set()

/** HTML that stands in the page as it is. */
export function asShown(tree: HtmlTree): Shown {
  return { tree, tails: NO_TAILS, held: NONE_HELD }
}

/**
 * The changes that turn one HTML in a page into another.
 *
 * In      what stands in the page; what is to stand there.
 * Out     small changes for what was added at the end of an element, before an element, or inside a text, and for the
 *         smallest elements that differ otherwise.
 * Cost    one comparison of the two, part by part.
 *
 * @example
 * const before = asShown(treeOf('<p>Hel</p>'))
 * changesOf(before, treeOf('<p>Hello</p>'), { attributes: true, container: true, start: true, end: true }).changes?.map(({ how, path, html }) => [how, path[0]?.tag, html])
 * // → [['end', 'p', 'lo']]
 */
export function changesOf(before: Shown, after: HtmlTree, options: DiffOptions): Difference {
  if (before.tree.html === after.html) return { changes: [], shown: before }
  const diff = new Diff(before, after, options)
  if (!diff.inside(before.tree.root, after.root, []))
    return { changes: undefined, shown: asShown(after) }
  const { tails, held } = diff
  return { changes: diff.found.toReversed(), shown: { tree: after, tails, held } }
}

/** The changes that take back what was lent. */
export function restore({ tree, tails, held }: Shown): Change[] {
  const found: Change[] = []
  const walk = (parent: HtmlNode, path: Path): void => {
    let lent = 0
    for (const child of parent.children) {
      const chars = tails.get(child)
      if (chars !== undefined) {
        lent += 1
        const at = [...path, { tag: TAIL, nth: lent, index: 0 }]
        const html = tree.html.slice(child.end - chars, child.end)
        found.push({ how: 'remove', path: at, html: '', within: parent })
        if (html !== '') found.push({ how: 'before', path: at, html, within: parent })
        continue
      }
      const to = child.children.length > 0 || held.has(child) ? stepTo(path, parent, child) : path
      // What is lent inside of it goes first: a page may leave its children alone.
      if (held.has(child)) found.push(...released(tree, parent, child, to))
      if (child.children.length > 0) walk(child, to)
    }
  }
  if (tails.size > 0 || held.size > 0) walk(tree.root, [])
  return found.toReversed()
}

/**
 * An element without the attribute that kept a morph from its children. A page that knows the mark leaves the children
 * alone, any other one morphs them into what they are. Out: the last first.
 */
function released(tree: HtmlTree, parent: HtmlNode, child: HtmlNode, path: Path): Change[] {
  const html = partOf(tree, child.start, child.end)
  const whole: Change = { how: 'replace', path, html, within: parent }
  if (child.space !== 'html' || child.tag in HOLDS) return [whole]
  const mark = `<${FINISHED}></${FINISHED}>`
  const at = [...path, { tag: FINISHED, nth: 1, index: 0 }]
  return [
    { how: 'remove', path: at, html: '', within: child },
    whole,
    { how: 'end', path, html: mark, within: child },
  ]
}

function stepTo(path: Path, { children }: HtmlNode, child: HtmlNode): Path {
  let nth = 1
  let index = 0
  for (const each of children) {
    if (each === child) break
    if (!isElement(each)) continue
    index += 1
    if (each.tag === child.tag) nth += 1
  }
  return [...path, { tag: child.tag, nth, index }]
}

function isElement({ tag }: HtmlNode): boolean {
  return tag !== '' && tag !== '!'
}

/** Which children belong together: some at the front, some at the back, and between them what was added or is gone. */
interface Alignment {
  readonly from: number
  readonly front: number
  readonly back: number
  /** Behind the last that differs. */
  readonly to: number
  readonly toAfter: number
}

/** The children of one element, before and after. */
interface Place {
  readonly x: HtmlNode
  readonly y: HtmlNode
  readonly path: Path
  /** Where a child of before is now; -1 when it is gone. */
  partner(n: number): number
  /** One blank text is as good as another. */
  readonly isLoose: boolean
}

class Diff {
  found: Change[] = []
  tails = new Map<HtmlNode, number>()
  readonly held = new Set<HtmlNode>()
  /** How many texts were lent an element. */
  #lent = 0
  readonly #before: Shown
  readonly #after: HtmlTree
  readonly #options: DiffOptions

  constructor(before: Shown, after: HtmlTree, options: DiffOptions) {
    this.#before = before
    this.#after = after
    this.#options = options
  }

  /** The changes inside of an element. Out: false when only the whole of something around it would be right. */
  inside(x: HtmlNode, y: HtmlNode, path: Path): boolean {
    const mark = this.found.length
    const lent = this.#lent
    if (x.opaque || y.opaque || !this.#parts(x, y, path, mark)) return this.#whole(y, path, mark)
    const canBeWhole = path.length > 0 || this.#options.container
    // What was lent just now is paid once, and saves all that follows.
    return canBeWhole && this.#lent === lent && this.#isDear(mark, x, y)
      ? this.#whole(y, path, mark)
      : true
  }

  /**
   * The changes of the children. Blank text cannot be cut in the page. Where a reader may be busy with something beside
   * it, one blank text is as good as another.
   */
  #parts(x: HtmlNode, y: HtmlNode, path: Path, mark: number): boolean {
    const tails = new Map(this.tails)
    if (this.#children(x, y, path, false)) return true
    if (x.space !== 'html' || x.tag === 'pre' || !this.#isBusy(x)) return false
    const lent = new Map(this.tails)
    this.found.length = mark
    this.tails = tails
    if (this.#children(x, y, path, true)) return true
    this.tails = lent
    return false
  }

  /** Many small changes may cost more than their element; what a reader does in it is worth more. */
  #isDear(mark: number, x: HtmlNode, y: HtmlNode): boolean {
    const count = this.found.length - mark
    if (count < 2) return false
    let chars = (count - 1) * CHANGE_CHARS
    for (let at = mark; at < this.found.length; at++) chars += this.found[at]!.html.length
    return chars > y.innerEnd - y.innerStart && !this.#isBusy(x)
  }

  /** Whether a reader may be busy with something in an element. */
  #isBusy({ innerStart, innerEnd }: HtmlNode): boolean {
    return STATEFUL.test(this.#before.tree.html.slice(innerStart, innerEnd))
  }

  #whole(y: HtmlNode, path: Path, mark: number): boolean {
    if (path.length === 0 && !this.#options.container) return false
    this.found.length = mark
    this.#forget(y)
    this.#add('inside', path, this.#inner(y), y)
    return true
  }

  /** Of what is sent whole nothing stays lent, but for the ends of its own texts. */
  #forget(y: HtmlNode): void {
    for (const child of y.children) {
      this.held.delete(child)
      for (const inner of child.children) this.tails.delete(inner)
      this.#forget(child)
    }
  }

  #children(x: HtmlNode, y: HtmlNode, path: Path, isLoose: boolean): boolean {
    const [before, after] = [x.children, y.children]
    const { from, front, back, to, toAfter } = this.#align(before, after, isLoose)
    const partner = (n: number): number => {
      if (n < from + front) return n
      return n >= to - back ? toAfter - to + n : -1
    }
    const place: Place = { x, y, path, partner, isLoose }
    const added = { from: from + front, to: toAfter - back }
    const last = from + front - 1
    // What was added behind a text that has grown comes with it.
    const isJoined =
      front > 0 && before[last]!.tag === '' && !this.#same(before[last]!, after[last]!, isLoose)
    let isRight = true
    for (const n of before.keys()) {
      const m = partner(n)
      const rest = n === last && isJoined ? this.#between(y, added) : ''
      if (n === from + front && !isJoined)
        isRight = this.#insert(place, n, this.#between(y, added)) && isRight
      if (m >= 0) isRight = this.#pair(place, n, rest) && isRight
      else if (isElement(before[n]!)) this.#add('remove', stepTo(path, x, before[n]!), '', x)
      else isRight = false
    }
    if (from + front === before.length && !isJoined)
      isRight = this.#insert(place, before.length, this.#between(y, added)) && isRight
    return isRight
  }

  #between({ children }: HtmlNode, { from, to }: { from: number; to: number }): string {
    return to > from ? this.#slice(children[from]!.start, children[to - 1]!.end) : ''
  }

  #align(before: readonly HtmlNode[], after: readonly HtmlNode[], isLoose: boolean): Alignment {
    let from = 0
    let to = before.length
    let toAfter = after.length
    while (from < to && from < toAfter && this.#same(before[from]!, after[from]!, isLoose))
      from += 1
    while (
      to > from &&
      toAfter > from &&
      this.#same(before[to - 1]!, after[toAfter - 1]!, isLoose)
    ) {
      to -= 1
      toAfter -= 1
    }
    const pairs = Math.min(to, toAfter) - from
    let back = 0
    if (to !== toAfter) {
      const isLike = (x: HtmlNode, y: HtmlNode): boolean =>
        this.#startTag(x) === this.#startTagAfter(y)
      while (back < pairs) {
        const last = before[to - 1 - back]!
        const opposite = after[from + pairs - 1 - back]!
        if (!isLike(last, after[toAfter - 1 - back]!) || isLike(last, opposite)) break
        back += 1
      }
    }
    return { from, front: pairs - back, back, to, toAfter }
  }

  /** One child that was there before, and what was added behind it where it is a text. */
  #pair(place: Place, n: number, rest: string): boolean {
    const was = place.x.children[n]!
    const is = place.y.children[place.partner(n)]!
    if (this.#same(was, is, place.isLoose)) {
      this.#carry(was, is)
      return true
    }
    if (was.tag === '' && is.tag === '') return this.#text(place, n, rest)
    return isElement(was) && isElement(is) && this.#element(place, was, is)
  }

  #text(place: Place, n: number, rest: string): boolean {
    const was = place.x.children[n]!
    const is = place.y.children[place.partner(n)]!
    const old = this.#before.tree.html.slice(was.start, was.end)
    const now = this.#after.html.slice(is.start, is.end)
    const chars = this.#before.tails.get(was)
    const head = chars === undefined ? old : old.slice(0, old.length - chars)
    const grows = now.startsWith(head) && isCut(now, head.length)
    if (grows && chars === undefined)
      return this.#insert(place, n + 1, now.slice(head.length) + rest) || this.#lend(place.y, is, 0)
    if (grows && rest === '') return this.#tail(place, n, head.length, now)
    if (
      chars === undefined &&
      rest === '' &&
      now.endsWith(old) &&
      isCut(now, now.length - old.length)
    )
      return this.#insert(place, n, now.slice(0, -old.length))
    return this.#lend(place.y, is, endOf(old, now))
  }

  /** A text that goes on before its end, which stands in an element of its own. */
  #tail({ x, y, path, partner }: Place, n: number, head: number, now: string): boolean {
    const was = x.children[n]!
    const chars = this.#before.tails.get(was)!
    const end = this.#before.tree.html.slice(was.end - chars, was.end)
    let cut = Math.max(head, now.length - chars)
    while (cut > head && !isCut(now, cut)) cut -= 1
    const nth = x.children.slice(0, n + 1).filter((each) => this.#before.tails.has(each)).length
    const at = [...path, { tag: TAIL, nth, index: 0 }]
    if (cut > head) this.#add('before', at, now.slice(head, cut), y)
    if (now.slice(cut) !== end) this.#add('inside', at, now.slice(cut), y)
    this.tails.set(y.children[partner(n)]!, now.length - cut)
    return true
  }

  /** From now on the end of a text stands in an element of its own: its parent is sent with it, once. Out: false. */
  #lend(y: HtmlNode, is: HtmlNode, chars: number): false {
    const canHold = y.space === 'html' && !(y.tag in HOLDS) && y.tag !== 'textarea'
    const isLarge = y.innerEnd - y.innerStart >= SMALL_CHARS
    const canBeWhole = y.tag !== '#' || this.#options.container
    if (!canHold || !isLarge || !canBeWhole || chars > MAX_TAIL_CHARS) return false
    this.tails.set(is, chars)
    this.#lent += 1
    return false
  }

  #element({ x, y, path }: Place, was: HtmlNode, is: HtmlNode): boolean {
    const to = stepTo(path, x, was)
    const isWritten = was.start < was.tagEnd && is.start < is.tagEnd
    const replace = (): boolean => {
      this.#add('replace', to, this.#slice(is.start, is.end), y)
      return isWritten
    }
    if (was.tag !== is.tag || was.space !== is.space || VOID.has(is.tag)) return replace()
    const isSame = this.#startTag(was) === this.#startTagAfter(is)
    if (was.opaque || is.opaque) {
      if (!isSame || !CONTAINERS.has(is.tag)) return replace()
      this.#add('inside', to, this.#inner(is), is)
      return true
    }
    if (!isSame) {
      const isAlone = this.#options.attributes && this.#hasSameId(was, is)
      if (!isAlone || is.innerEnd - is.innerStart < SMALL_CHARS) return replace()
      this.#add('attributes', to, `${this.#startTagAfter(is)}</${is.tag}>`, y)
    }
    if (!isSame || this.#before.held.has(was)) this.held.add(is)
    return this.inside(was, is, to) && (isSame || isWritten)
  }

  /** Puts HTML before a child. Out: false where nothing can be addressed. */
  #insert({ x, y, path, partner }: Place, n: number, html: string): boolean {
    if (html === '') return true
    const previous = x.children[n - 1]
    const next = x.children[n]
    const isInside = path.length > 0 || this.#options.container
    // Later siblings have changed by now: one that changed its name is not found.
    const isThere = next && isElement(next) && y.children[partner(n)]?.tag === next.tag
    if (next === undefined && (isInside || this.#options.end)) this.#add('end', path, html, y)
    else if (isThere) this.#add('before', stepTo(path, x, next), html, y)
    else if (previous && isElement(previous)) this.#add('after', stepTo(path, x, previous), html, y)
    else if (previous === undefined && (isInside || this.#options.start))
      this.#add('start', path, html, y)
    else return false
    return true
  }

  /** What was lent to parts that have not changed stays lent. */
  #carry(was: HtmlNode, is: HtmlNode): void {
    const { tails, held } = this.#before
    if (tails.size === 0 && held.size === 0) return
    const chars = tails.get(was)
    if (chars !== undefined) this.tails.set(is, chars)
    if (held.has(was)) this.held.add(is)
    for (const [n, child] of was.children.entries()) this.#carry(child, is.children[n]!)
  }

  #add(how: How, path: Path, html: string, within: HtmlNode): void {
    this.found.push({ how, path, html, within })
  }

  #same(x: HtmlNode, y: HtmlNode, isLoose: boolean): boolean {
    const isText = x.tag === '' && y.tag === ''
    if (isLoose && isText && this.#isBlank(this.#before.tree, x) && this.#isBlank(this.#after, y))
      return true
    if (x === y) return true
    if (x.end - x.start !== y.end - y.start) return false
    return this.#before.tree.html.slice(x.start, x.end) === this.#after.html.slice(y.start, y.end)
  }

  #isBlank({ html }: HtmlTree, { start, end }: HtmlNode): boolean {
    return !/[^\t\n\f ]/.test(html.slice(start, end))
  }

  #startTag({ start, tagEnd }: HtmlNode): string {
    return this.#before.tree.html.slice(start, tagEnd)
  }

  #startTagAfter({ start, tagEnd }: HtmlNode): string {
    return this.#after.html.slice(start, tagEnd)
  }

  /** A morph takes elements with different ids for different elements, and would lose what is in the old one. */
  #hasSameId(x: HtmlNode, y: HtmlNode): boolean {
    return writtenId(this.#startTag(x)) === writtenId(this.#startTagAfter(y))
  }

  /** What stands in an element, with what its texts are lent. */
  #inner(y: HtmlNode): string {
    let html = ''
    let at = y.innerStart
    for (const child of y.children) {
      const chars = this.tails.get(child)
      if (chars === undefined) continue
      const cut = child.end - chars
      html += `${this.#slice(at, cut)}<${TAIL}>${this.#slice(cut, child.end)}</${TAIL}>`
      at = child.end
    }
    return html + this.#slice(at, y.innerEnd)
  }

  #slice(from: number, to: number): string {
    return partOf(this.#after, from, to)
  }
}

const ATTRIBUTES = /\s([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?/g

/** The id of a start tag as it is written. */
function writtenId(startTag: string): string | undefined {
  for (const [, name, value] of startTag.matchAll(ATTRIBUTES))
    if (name!.toLowerCase() === 'id') return value
  return undefined
}

/** How much of a text is its end: what stood behind the place where it changed. */
function endOf(old: string, now: string): number {
  let same = 0
  const most = Math.min(old.length, now.length)
  while (same < most && old[same] === now[same]) same += 1
  while (same > 0 && !isCut(now, same)) same -= 1
  let cut = now.length - Math.min(old.length - same, now.length - same)
  while (cut > same && !isCut(now, cut)) cut -= 1
  return now.length - cut
}

/** Whether a text may be cut: not in an entity, nor in a character. */
function isCut(text: string, at: number): boolean {
  const last = text.charCodeAt(at - 1)
  if (last >= 0xd800 && last < 0xdc00) return false
  return !/&[^;\s]{0,31}$/.test(text.slice(Math.max(0, at - 32), at))
}
