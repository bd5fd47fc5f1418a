import { TemplateError } from '../base/errors.ts'
import type { Fragment, Swap } from '../fragments/fragment.ts'
import type { GrowthPoint } from './growth-point.ts'
import { besideResume } from './resume.ts'
import { rootOf, type Root } from './root.ts'

/** Content that a `<div>` around it would lose: a browser drops table parts outside of tables. */
const NEEDS_A_TABLE = /^\s*<(?:caption|col|colgroup|tbody|td|tfoot|th|thead|tr)[\s/>]/i

/** Content that stands where a parser keeps no element of ours beside it. */
const ALONE = /^\s*<(?:caption|col|colgroup|optgroup|option|tbody|td|tfoot|th|thead|tr)[\s/>]/i

/** Elements in which a parser keeps nothing but text. */
const TEXT_ONLY = new Set(['option', 'textarea', 'title'])

/** What of a block stands in the page now, and under which address. */
interface Place {
  /** The root's start tag as its author wrote it; nothing when the block has no single root. */
  readonly shell: string | undefined
  /** The selector by which the next frame finds it; none when it can only land where the form says, again. */
  readonly at: string | undefined
  /** What we lent it for that, as an attribute; it must be taken back. */
  readonly lent: string | undefined
  readonly growth: GrowthAddress | undefined
}

/** And whose place it is. */
interface BlockPlace extends Place {
  readonly template: string
  readonly block: string
}

/** Where what is new of a block is added. */
export interface GrowthAddress {
  readonly at: string
  /** How text gets there. */
  readonly swap: 'beforeend' | 'beforebegin'
  /** What the element is lent for that, as an attribute. */
  readonly lent: string | undefined
  /** The id of an element of ours, the mark: at the end of what grows, it keeps a morph from it. */
  readonly mark: string
  /** Text grows in front of its mark. That of Markdown comes with the last frame. Without a morph there is none. */
  readonly marked: 'always' | 'last' | 'never'
}

/** What of a block grows: the element at whose end it does, and whether that are elements or text alone. */
export interface GrowingEnd {
  readonly point: GrowthPoint
  readonly markdown?: object | undefined
}

/** A block that was just drawn, on its way to its place. */
interface Arrival extends Place {
  readonly html: string
  readonly root: Root | undefined
  readonly end: GrowingEnd | undefined
}

/**
 * Gives each frame of one stream its address, in htmx's own words, so that no client code is needed.
 *
 * The first frame of a block is plain HTML: it lands where the form says. It carries an id, its own or one that we
 * lend it, and later frames go to that id, so that `innerHTML`, `beforeend` and `outerHTML` on the form all end in the
 * same answer. The last frame takes back what was lent: what stays in the page is exactly the block.
 * Only swaps that htmx 4 and 2 both read are used, unless the client is known to morph: then nothing that a reader has
 * done in the answer is lost with any frame. What is lent there is no id, because an element that is to lose its id
 * cannot be morphed, only replaced.
 *
 * Cost    one pass over each frame's HTML. State: the root's tag of each block.
 * Throws  TemplateError `block/no-address` when a second block of the stream has neither target nor id.
 *
 * @example
 * const addresser = new Addresser()
 * addresser.address(new Fragment('t', 'b', {}), '<p>Hel</p>')   // <p id="s1x9c">Hel</p>
 * addresser.address(new Fragment('t', 'b', {}), '<p>Hello</p>') // <div hx-swap-oob="innerMorph:#s1x9c">Hello</div>
 * addresser.address(new Fragment('t', 'b', {}, { final: true }), '<p>Hello</p>') // <p hx-swap-oob="outerHTML:#s1x9c">Hello</p>
 */
export class Addresser {
  /** The main block's first. A list, because a map for one or two of them is larger than all the rest. */
  #places: readonly BlockPlace[] = []
  /** Short, because every frame says it; with a digit, because no attribute that means something has one. */
  readonly prefix: string
  /** The stream was shown before: its main block stands in the page, with what it was lent then. */
  readonly #resumed: boolean
  /** It was not shown so far that its main block stands there: that one goes to the end of this element. */
  readonly #to: string | undefined
  readonly #morphs: boolean
  /** How an element gives way to its newer self. */
  readonly #replace: Swap | 'outerMorph'
  #lentIds = 0
  /** Where the newest fragment with a target of its own went. */
  #target: string | undefined

  /**
   * @param morphs The client morphs an element as a whole (htmx 4): focus, selection, opened details and scroll
   *        positions stay when the element's own tag changes, too. For htmx 2 that swap would be another one.
   * @param resumed The prefix of the one that addressed the stream before the reader was cut off.
   * @param shown `#id` of the element that shows the stream, where that is known.
   * @param to `#id` of the element that the main block goes to, when the reader was cut off before he had it.
   */
  constructor(morphs: boolean = false, resumed?: string, shown?: string, to?: string) {
    this.prefix = resumed ?? newPrefix()
    this.#resumed = resumed !== undefined
    this.#to = to
    this.#target = shown
    this.#morphs = morphs
    this.#replace = morphs ? 'outerMorph' : 'outerHTML'
  }

  /**
   * One rendered fragment as what htmx must be told.
   *
   * @param end Where the block grows, when that is known: it is lent what `appending` and `changing` need.
   */
  address(fragment: Fragment, html: string, end?: GrowingEnd): string {
    const { target, swap = 'innerMorph' } = fragment
    if (target !== undefined) {
      this.#target = target
      // A block that is the target itself takes its place: inside it would stand twice.
      const isItself = fragment.swap === undefined && `#${rootOf(html)?.id}` === target
      return swapped(isItself ? this.#replace : swap, target, html)
    }

    const root = rootOf(html)
    const place =
      this.#place(fragment) ??
      (this.#resumed && this.#to === undefined && this.#places.length === 0
        ? this.#before(root)
        : undefined)
    if (place === undefined && this.#places.length > 0 && root?.id === undefined)
      throw noAddress(fragment)
    const next = this.#arrival(fragment, html, root, end, place)
    const { shell, at, lent, growth } = next
    // Nothing is compared with a final block, and a slice of it would keep all of it.
    this.#keep(fragment, { shell: fragment.final ? undefined : shell, at, lent, growth })
    if (place === undefined) {
      if (this.#places.length === 1) return this.#first(next)
      return swapped(this.#resumed ? this.#replace : 'outerHTML', at!, dressed(next))
    }
    if (place.at === undefined) return dressed(next)
    // What a mark keeps of an element is lost when that element itself is told to take new content.
    const keeps = fragment.final && place.growth !== undefined && this.#morphs
    if (sameShell(place, next) && !keeps) return swapped('innerMorph', place.at, inner(next))
    // What morphs into several elements would leave only one of them.
    const replace = root || lent !== undefined ? this.#replace : 'outerHTML'
    return swapped(replace, place.at, dressed(next))
  }

  /** Where a block grows in the page; nothing when it has no such place. */
  growsAt(fragment: Fragment): GrowthAddress | undefined {
    return this.#place(fragment)?.growth
  }

  /** Whether something of ours stands in the page for this block, to be taken back by a final frame. */
  lends(fragment: Fragment): boolean {
    const place = this.#place(fragment)
    const { lent, marked } = place?.growth ?? {}
    return place?.lent !== undefined || lent !== undefined || marked === 'always'
  }

  /** A notice below what the stream has shown so far; with nothing shown yet it lands where the form says. */
  below(notice: string): string {
    const main = this.#places[0]?.at
    if (main !== undefined) return swapped('afterend', main, notice)
    if (this.#resumed) return besideResume(this.prefix, notice)
    return this.#target === undefined ? notice : swapped('beforeend', this.#target, notice)
  }

  /**
   * A notice for a fragment that could not be drawn: in its place where that shows nothing yet, else below what it shows.
   * And what takes the notice away again.
   */
  instead(fragment: Fragment, notice: string): { readonly shown: string; readonly gone: string } {
    const id = this.#name('e')
    const marked = withAttribute(notice, '<p'.length, `id="${id}"`)
    const { target } = fragment
    const at = this.#place(fragment)?.at
    let shown = this.below(marked)
    if (target !== undefined) shown = swapped('beforeend', target, marked)
    else if (at !== undefined) shown = swapped('afterend', at, marked)
    else if (this.#isMain(fragment) && !this.#resumed) shown = marked
    return { shown, gone: `<p hx-swap-oob=delete:#${id}>` }
  }

  /**
   * Before the frame of a returning reader: takes away the mark that the block may have of ours at the end of its growing
   * text, because a morph would leave that text alone. Nothing for what is no first frame of a block that may have one.
   */
  unmarkingBefore(fragment: Fragment, html: string): string | undefined {
    if (!this.#resumed || !this.#morphs || fragment.target !== undefined) return undefined
    if (this.#place(fragment)) return undefined
    const id = rootOf(html)?.id
    if (id === undefined && this.#places.length > 0) return undefined
    const at = id === undefined ? `[${this.prefix}]` : `#${id}`
    return `<p hx-swap-oob="delete:${at} [swap-end]">`
  }

  /**
   * Where an element of ours can stand that goes on with the stream: behind the main block, or at the end of the page when
   * a parser would drop it there, or what came has a place of its own. Nothing when the next connection could not find
   * the block again.
   */
  resumesFrom(fragment: Fragment, html: string): 'here' | 'page' | undefined {
    if (fragment.target !== undefined) return 'page'
    if (fragment.final || this.#place(fragment)?.at === undefined) return undefined
    return this.#isMain(fragment) && !ALONE.test(html) ? 'here' : 'page'
  }

  #place(fragment: Fragment): BlockPlace | undefined {
    return this.#places.find((place) => isOf(place, fragment))
  }

  #keep(fragment: Fragment, { shell, at, lent, growth }: Place): void {
    const { template, block } = fragment
    const place = { template, block, shell, at, lent, growth }
    const before = this.#places.findIndex((other) => isOf(other, fragment))
    // Not spread: an array made that way keeps room for seventeen.
    this.#places = before < 0 ? this.#places.concat(place) : this.#places.with(before, place)
  }

  /** The first frame of all lands where the form says. */
  #first(arrival: Arrival): string {
    if (this.#to === undefined) return dressed(arrival)
    // He may have been cut off again since he got it.
    const before = arrival.at === undefined ? '' : `<p hx-swap-oob=delete:${arrival.at}>`
    return before + swapped('beforeend', this.#to, dressed(arrival))
  }

  /** Where the main block stands from the connection before; of its tag nothing is known. */
  #before(root: Root | undefined): Place {
    if (root?.id !== undefined)
      return { shell: '', at: `#${root.id}`, lent: undefined, growth: undefined }
    const lent = this.#attribute(true)
    return { shell: '', at: selectorOf(lent), lent, growth: undefined }
  }

  #arrival(
    fragment: Fragment,
    html: string,
    root: Root | undefined,
    end: GrowingEnd | undefined,
    before: Place | undefined,
  ): Arrival {
    const { final } = fragment
    const canCarry = root !== undefined || !NEEDS_A_TABLE.test(html)
    const lends = root?.id === undefined && !final && canCarry
    const lent = lends ? (before?.lent ?? this.#attribute(this.#isMain(fragment))) : undefined
    const at = root?.id === undefined ? lent && selectorOf(lent) : `#${root.id}`
    const growth =
      at === undefined || final ? undefined : this.#growthOf(at, root, end, before?.growth)
    const shell = root && html.slice(0, root.innerStart).trimStart()
    return { html, root, end, shell, lent, at, growth }
  }

  #growthOf(
    at: string,
    root: Root | undefined,
    end: GrowingEnd | undefined,
    before: GrowthAddress | undefined,
  ): GrowthAddress | undefined {
    if (end === undefined) return undefined
    const { point, markdown } = end
    const mark = before?.mark ?? this.#name('t')
    const marks = this.#morphs && !TEXT_ONLY.has(point.tag)
    if (marks && !markdown)
      return { at: `#${mark}`, swap: 'beforebegin', lent: undefined, mark, marked: 'always' }
    const ending = (to: string, lent?: string): GrowthAddress => ({
      at: to,
      swap: 'beforeend',
      lent,
      mark,
      marked: marks ? 'last' : 'never',
    })
    if (point.attributesAt === root?.attributesAt) return ending(at)
    if (point.id !== undefined) return ending(`#${point.id}`)
    const lent = marks ? mark : `id="${mark}"`
    return ending(selectorOf(lent), lent)
  }

  /** What a root is lent: a morph could not take an id back. */
  #attribute(main: boolean): string {
    // Always the same for the main block: who comes back knows no more of it than that.
    if (main) this.#lentIds ||= 1
    const name = main ? this.prefix : this.#name('b')
    return this.#morphs ? name : `id="${name}"`
  }

  #isMain(fragment: Fragment): boolean {
    return this.#places.length === 0 || isOf(this.#places[0]!, fragment)
  }

  #name(kind: string): string {
    return `${this.prefix}${kind}${this.#lentIds++ || ''}`
  }
}

function newPrefix(): string {
  return `s${Math.floor(Math.random() * 10 * 36 ** 3)
    .toString(36)
    .padStart(4, '0')}`
}

/** The selector of an element by the attribute it was lent. */
function selectorOf(attribute: string): string {
  return attribute.startsWith('id="') ? `#${attribute.slice(4, -1)}` : `[${attribute}]`
}

/**
 * What stands in front of escaped text that goes to where a block grows. This is all that a token costs beside itself, so
 * it is short: a paragraph may leave its end tag out.
 */
export function appending({ at, swap }: GrowthAddress): string {
  return `<p hx-swap-oob=${swap}:${at}>`
}

/** Takes the mark away again. */
export function unmarking({ mark }: GrowthAddress): string {
  return `<p hx-swap-oob=delete:#${mark}>`
}

function isOf({ template, block }: BlockPlace, fragment: Fragment): boolean {
  return template === fragment.template && block === fragment.block
}

/** The block with everything that it is lent. */
function dressed(arrival: Arrival): string {
  const { root, lent } = arrival
  const html = withGrowth(arrival)
  if (lent === undefined) return html
  return root
    ? withAttribute(html, root.attributesAt, lent)
    : `<swap-frame ${lent}>${html}</swap-frame>`
}

/** The block with what its growing end is lent. All of that is inside the root, so the root stays where it is. */
function withGrowth({ html, growth, end }: Arrival): string {
  if (growth === undefined || end === undefined) return html
  const { attributesAt, endsAt } = end.point
  if (growth.marked === 'always')
    return `${html.slice(0, endsAt)}<wbr id="${growth.mark}" swap-end>${html.slice(endsAt)}`
  return growth.lent === undefined ? html : withAttribute(html, attributesAt, growth.lent)
}

/** The page's element around the content stays as it is: only the content has to be morphed. */
function sameShell(before: Place, { lent, at, shell, root }: Arrival): boolean {
  if (lent !== before.lent || at !== before.at || shell !== before.shell) return false
  return root === undefined ? lent !== undefined : root.innerEnd > root.attributesAt
}

function inner(arrival: Arrival): string {
  const { html, root } = arrival
  const whole = withGrowth(arrival)
  return root ? whole.slice(root.innerStart, whole.length - (html.length - root.innerEnd)) : whole
}

/** Only the address of a frame, whatever its content needs around it. */
function swapped(swap: Swap | 'outerMorph', at: string, html: string): string {
  // Blanks around an element that takes the place of another one would come on top of the old one's.
  if (swap === 'outerMorph' || NEEDS_A_TABLE.test(html))
    return `<hx-partial hx-target="${at}" hx-swap="${swap}">${html.trim()}</hx-partial>`
  if (swap !== 'outerHTML') return `<div hx-swap-oob="${swap}:${at}">${html}</div>`
  // `outerHTML` on a wrapper would leave the wrapper in the page, so the element itself says where it goes.
  const root = rootOf(html)
  if (root) return withAttribute(html, root.attributesAt, `hx-swap-oob="outerHTML:${at}"`).trim()
  return `<div hx-swap-oob="beforebegin:${at}">${html}</div><div hx-swap-oob="delete:${at}"></div>`
}

function withAttribute(html: string, at: number, attribute: string): string {
  return `${html.slice(0, at)} ${attribute}${html.slice(at)}`
}

function noAddress({ template, block }: Fragment): TemplateError {
  return new TemplateError(
    'block/no-address',
    `Block "${block}" of "${template}" is the second block of this stream, and nothing says where in the page it goes.`,
    { template, block },
    { hint: `Give its root element an id, or the fragment a target: { target: '#${block}' }.` },
  )
}
