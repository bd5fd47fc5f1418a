import { CONTAINERS, HOLDS, VOID } from './elements.ts'
import {
  type Change,
  type How,
  pageHtml,
  type PageHtml,
  type Path,
  stepTo,
  TAIL,
} from './page-html.ts'
import { tagAt } from './tags.ts'
import {
  type HtmlNode,
  type HtmlTree,
  isElement,
  partOf,
  sourceOf,
  startTagOf,
  cutBefore,
  isCut,
  tailLength,
} from './tree.ts'

/** Changes that a page can make, and marks of the HTML in it. */
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
  readonly page: PageHtml
}

/** A longer end of a text gets no element of its own. */
const MAX_TAIL_CHARS = 256
/** An element with less in it is sent whole. */
const SMALL_CHARS = 80
/** About what a change costs beside its HTML. */
const CHANGE_CHARS = 70
/** Elements that a reader may be busy with. */
const STATEFUL = /<(?:audio|details|dialog|iframe|img|input|object|select|textarea|video)\b/i

/**
 * The changes that turn one HTML in a page into another.
 *
 * In      what stands in the page; what is to stand there.
 * Out     small changes for what was added at the end of an element, before an element, or inside a text, and for the
 *         smallest elements that differ otherwise.
 * Cost    one comparison of the two, part by part.
 *
 * @example
 * const before = pageHtml(treeOf('<p>Hel</p>'))
 * changesOf(before, treeOf('<p>Hello</p>'), { attributes: true, container: true, start: true, end: true }).changes?.map(({ how, path, html }) => [how, path[0]?.tag, html])
 * // → [['end', 'p', 'lo']]
 */
export function changesOf(before: PageHtml, after: HtmlTree, options: DiffOptions): Difference {
  if (before.tree.html === after.html) return { changes: [], page: before }
  const diff = new Diff(before, after, options)
  if (!diff.inside(before.tree.root, after.root, []))
    return { changes: undefined, page: pageHtml(after) }
  const { tails, skipped } = diff
  return { changes: diff.found.toReversed(), page: pageHtml(after, tails, skipped) }
}

/** The children of one element, before and after, and which of them belong together. */
interface Children {
  readonly x: HtmlNode
  readonly y: HtmlNode
  readonly path: Path
  /** One blank text is as good as another. */
  readonly isLoose: boolean
  /** Those of before up to here have partners at the same place. */
  readonly front: number
  /** Those of before from here on have partners, counted from the end. */
  readonly back: number
}

class Diff {
  found: Change[] = []
  tails = new Map<HtmlNode, number>()
  readonly skipped = new Set<HtmlNode>()
  /** How many texts got an element for their end. */
  #added = 0
  readonly #before: PageHtml
  readonly #after: HtmlTree
  readonly #options: DiffOptions

  constructor(before: PageHtml, after: HtmlTree, options: DiffOptions) {
    this.#before = before
    this.#after = after
    this.#options = options
  }

  /** The changes inside of an element. Out: false when only the whole of something around it would be right. */
  inside(x: HtmlNode, y: HtmlNode, path: Path): boolean {
    const mark = this.found.length
    const added = this.#added
    if (x.opaque || y.opaque || !this.#parts(x, y, path, mark)) return this.#whole(y, path, mark)
    // A temporary element is paid once, and saves all that follows.
    if (this.#canBeWhole(path) && this.#added === added && this.#isDear(mark, x, y))
      this.#whole(y, path, mark)
    return true
  }

  /**
   * The changes of the children. Blank text cannot be cut in the page. Where a reader may be busy with something beside
   * it, one blank text is as good as another.
   */
  #parts(x: HtmlNode, y: HtmlNode, path: Path, mark: number): boolean {
    const tails = new Map(this.tails)
    if (this.#children(this.#align(x, y, path, false))) return true
    if (x.space !== 'html' || x.tag === 'pre' || !this.#isBusy(x)) return false
    this.found.length = mark
    this.tails = tails
    return this.#children(this.#align(x, y, path, true))
  }

  /** Many small changes may cost more than their element; what a reader does in it is worth more. */
  #isDear(mark: number, x: HtmlNode, y: HtmlNode): boolean {
    const changes = this.found.slice(mark)
    if (changes.length < 2) return false
    const chars = changes.reduce((sum, { html }) => sum + html.length, 0)
    const cost = chars + (changes.length - 1) * CHANGE_CHARS
    return cost > y.innerEnd - y.innerStart && !this.#isBusy(x)
  }

  #isBusy({ innerStart, innerEnd }: HtmlNode): boolean {
    return STATEFUL.test(this.#before.tree.html.slice(innerStart, innerEnd))
  }

  #canBeWhole(path: Path): boolean {
    return path.length > 0 || this.#options.container
  }

  #whole(y: HtmlNode, path: Path, mark: number): boolean {
    if (!this.#canBeWhole(path)) return false
    this.found.length = mark
    this.#forget(y)
    return this.#add('inside', path, this.#inner(y), y)
  }

  /** Leaves nothing temporary in what is sent whole, but for the ends of its own texts. */
  #forget(y: HtmlNode): void {
    for (const child of y.children) {
      this.skipped.delete(child)
      for (const inner of child.children) this.tails.delete(inner)
      this.#forget(child)
    }
  }

  /** Finds which children belong together: some at the front, some at the back; what is between was added or is gone. */
  #align(x: HtmlNode, y: HtmlNode, path: Path, isLoose: boolean): Children {
    const [before, after] = [x.children, y.children]
    const same = (n: number, m: number): boolean => this.#same(before[n]!, after[m]!, isLoose)
    let from = 0
    let to = before.length
    let toAfter = after.length
    while (from < to && from < toAfter && same(from, from)) from += 1
    for (; to > from && toAfter > from && same(to - 1, toAfter - 1); to--) toAfter -= 1
    const end = Math.min(to, toAfter)
    let front = end
    if (to !== toAfter) {
      const isLike = (n: number, m: number): boolean =>
        startTagOf(this.#before.tree, before[n]!) === startTagOf(this.#after, after[m]!)
      for (; front > from; front--) {
        const last = to - 1 - (end - front)
        if (!isLike(last, last - to + toAfter) || isLike(last, front - 1)) break
      }
    }
    return { x, y, path, isLoose, front, back: to - (end - front) }
  }

  #children(place: Children): boolean {
    const { x, y, path, isLoose, front, back } = place
    const [before, after] = [x.children, y.children]
    const behind = partner(place, back)
    const html = behind > front ? this.#slice(after[front]!.start, after[behind - 1]!.end) : ''
    // What was added behind a text that has grown comes with it.
    const last = before[front - 1]
    const isJoined = last?.tag === '' && !this.#same(last, after[front - 1]!, isLoose)
    let isRight = true
    for (const [n, child] of before.entries()) {
      if (n === front && !isJoined) isRight = this.#insert(place, n, html) && isRight
      const rest = n === front - 1 && isJoined ? html : ''
      if (n < front || n >= back) isRight = this.#pair(place, n, rest) && isRight
      else if (isElement(child)) this.#add('remove', stepTo(path, x, child), '', x)
      else isRight = false
    }
    if (front === before.length && !isJoined)
      isRight = this.#insert(place, before.length, html) && isRight
    return isRight
  }

  /** Compares a child of both; where it is a text, with what was added behind it. */
  #pair(place: Children, n: number, rest: string): boolean {
    const was = place.x.children[n]!
    const is = place.y.children[partner(place, n)]!
    if (this.#same(was, is, place.isLoose)) {
      this.#carry(was, is)
      return true
    }
    if (was.tag === '' && is.tag === '') return this.#text(place, n, rest)
    return isElement(was) && isElement(is) && this.#element(place, was, is)
  }

  #text(place: Children, n: number, rest: string): boolean {
    const { x, y, path } = place
    const [was, is] = [x.children[n]!, y.children[partner(place, n)]!]
    const [old, now] = [sourceOf(this.#before.tree, was), sourceOf(this.#after, is)]
    const chars = this.#before.tails.get(was)
    const head = old.length - (chars ?? 0)
    // Texts of equal length are compared much quicker than by `startsWith`.
    const grows = now.slice(0, head) === old.slice(0, head) && isCut(now, head)
    if (chars === undefined) {
      const added = now.length - old.length
      if (grows) return this.#insert(place, n + 1, now.slice(head) + rest) || this.#split(y, is, 0)
      if (rest === '' && added > 0 && now.slice(added) === old && isCut(now, added))
        return this.#insert(place, n, now.slice(0, added))
    } else if (grows && rest === '') {
      // It goes on before its end, which stands in an element of its own.
      const cut = cutBefore(now, Math.max(head, now.length - chars), head)
      const nth = x.children.slice(0, n + 1).filter((each) => this.#before.tails.has(each)).length
      const at = [...path, { tag: TAIL, nth, index: 0 }]
      if (cut > head) this.#add('before', at, now.slice(head, cut), y)
      if (now.slice(cut) !== old.slice(head)) this.#add('inside', at, now.slice(cut), y)
      this.tails.set(is, now.length - cut)
      return true
    }
    return this.#split(y, is, tailLength(old, now))
  }

  /** From now on the end of a text stands in a temporary element: its parent is sent with it, once. Out: false. */
  #split(y: HtmlNode, is: HtmlNode, chars: number): false {
    const canHold = y.space === 'html' && !(y.tag in HOLDS)
    const isLarge = y.innerEnd - y.innerStart >= SMALL_CHARS
    const canBeWhole = y.tag !== '#' || this.#options.container
    if (canHold && isLarge && canBeWhole && chars <= MAX_TAIL_CHARS) {
      this.tails.set(is, chars)
      this.#added += 1
    }
    return false
  }

  #element({ x, y, path }: Children, was: HtmlNode, is: HtmlNode): boolean {
    const to = stepTo(path, x, was)
    const isWritten = was.start < was.tagEnd && is.start < is.tagEnd
    const replace = (): boolean => {
      this.#add('replace', to, this.#slice(is.start, is.end), y)
      return isWritten
    }
    if (was.tag !== is.tag || was.space !== is.space || VOID.has(is.tag)) return replace()
    const [old, now] = [startTagOf(this.#before.tree, was), startTagOf(this.#after, is)]
    if (was.opaque || is.opaque) {
      if (old !== now || !CONTAINERS.has(is.tag)) return replace()
      return this.#add('inside', to, this.#inner(is), is)
    }
    if (old !== now) {
      // A morph takes elements with different ids for different elements, and would lose what is in the old one.
      const isAlone = this.#options.attributes && writtenId(old) === writtenId(now)
      if (!isAlone || is.innerEnd - is.innerStart < SMALL_CHARS) return replace()
      this.#add('attributes', to, `${now}</${is.tag}>`, y)
    }
    if (old !== now || this.#before.skipped.has(was)) this.skipped.add(is)
    return this.inside(was, is, to) && (old === now || isWritten)
  }

  /** Puts HTML before a child. Out: false where nothing can be addressed. */
  #insert(place: Children, n: number, html: string): boolean {
    if (html === '') return true
    const { x, y, path } = place
    const previous = x.children[n - 1]
    const next = x.children[n]
    const { start, end } = this.#options
    // Later siblings have changed by now: one that changed its name is not found.
    const isThere = next && isElement(next) && y.children[partner(place, n)]?.tag === next.tag
    const isInside = this.#canBeWhole(path)
    if (!next && (end || isInside)) return this.#add('end', path, html, y)
    if (isThere) return this.#add('before', stepTo(path, x, next), html, y)
    if (previous && isElement(previous))
      return this.#add('after', stepTo(path, x, previous), html, y)
    return !previous && (start || isInside) && this.#add('start', path, html, y)
  }

  /** Keeps what is temporary in parts that have not changed. */
  #carry(was: HtmlNode, is: HtmlNode): void {
    const { tails, skipped } = this.#before
    if (tails.size === 0 && skipped.size === 0) return
    const chars = tails.get(was)
    if (chars !== undefined) this.tails.set(is, chars)
    if (skipped.has(was)) this.skipped.add(is)
    for (const [n, child] of was.children.entries()) this.#carry(child, is.children[n]!)
  }

  /** Out: true, for what comes right by the change. */
  #add(how: How, path: Path, html: string, within: HtmlNode): true {
    this.found.push({ how, path, html, within })
    return true
  }

  #same(x: HtmlNode, y: HtmlNode, isLoose: boolean): boolean {
    if (x === y) return true
    if (isLoose && x.tag === '' && y.tag === '') {
      const texts = sourceOf(this.#before.tree, x) + sourceOf(this.#after, y)
      if (!/[^\t\n\f ]/.test(texts)) return true
    }
    if (x.end - x.start !== y.end - y.start) return false
    return sourceOf(this.#before.tree, x) === sourceOf(this.#after, y)
  }

  /** Content of an element, with the temporary elements of its texts. */
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

/** Where a child of before is now; -1 when it is gone. */
function partner({ x, y, front, back }: Children, n: number): number {
  if (n < front) return n
  return n >= back ? n - x.children.length + y.children.length : -1
}

function writtenId(html: string): string | undefined {
  return tagAt(html, 0)?.attributes.find(({ name }) => name === 'id')?.value
}
