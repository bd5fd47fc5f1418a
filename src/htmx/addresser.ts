import { TemplateError } from '../base/errors.ts'
import type { Fragment, Swap } from '../fragments/fragment.ts'
import type { GrowthPoint } from './growth-point.ts'
import { rootOf, type Root } from './root.ts'

/** Content that a `<div>` around it would lose: a browser drops table parts outside of tables. */
const NEEDS_A_TABLE = /^\s*<(?:caption|col|colgroup|tbody|td|tfoot|th|thead|tr)[\s/>]/i

/** What of a block stands in the page now, and under which id. */
interface Place {
  readonly fragment: Fragment
  /** As its author wrote it, without what we lend. */
  readonly html: string
  readonly root: Root | undefined
  /** The id in the page by which the next frame finds it; none when it can only land where the form says, again. */
  readonly id: string | undefined
  /** The id (and, without a single root, the element that carries it) is ours and must be taken back. */
  readonly lent: boolean
  /** Where text may be added, and under which id; `lentAt` when that id is ours, too. */
  readonly growth: { readonly id: string; readonly lentAt: number | undefined } | undefined
}

/**
 * Gives each frame of one stream its address, in htmx's own words, so that no client code is needed.
 *
 * The first frame of a block is plain HTML: it lands where the form says. It carries an id, its own or one that we
 * lend it, and later frames go to that id, so that `innerHTML`, `beforeend` and `outerHTML` on the form all end in the
 * same answer. The last frame takes lent ids back: what stays in the page is exactly the block.
 * Only swaps that htmx 4 and 2 both read are used.
 *
 * Cost    one pass over each frame's HTML. State: the newest frame of each block.
 * Throws  TemplateError `block/no-address` when a second block of the stream has neither target nor id.
 *
 * @example
 * const addresser = new Addresser()
 * addresser.address(new Fragment('t', 'b', {}), '<p>Hel</p>')   // <p id="s1x9c">Hel</p>
 * addresser.address(new Fragment('t', 'b', {}), '<p>Hello</p>') // <div hx-swap-oob="innerMorph:#s1x9c">Hello</div>
 * addresser.end()                                               // <p hx-swap-oob="outerHTML:#s1x9c">Hello</p>
 */
export class Addresser {
  readonly #places = new Map<string, Place>()
  readonly #prefix = `s${Math.floor(Math.random() * 36 ** 5).toString(36)}`
  #lentIds = 0
  /** Where the newest fragment with a target of its own went. */
  #target: string | undefined

  /**
   * One rendered fragment as what htmx must be told.
   *
   * @param point The element whose text grows, when that is known: it gets an id for `append`.
   */
  address(fragment: Fragment, html: string, point?: GrowthPoint): string {
    const { target, swap = 'innerMorph' } = fragment
    if (target !== undefined) {
      this.#target = target.slice(1)
      return swapped(swap, this.#target, html)
    }

    const key = `${fragment.template}\0${fragment.block}`
    const place = this.#places.get(key)
    const root = rootOf(html)
    if (place === undefined) {
      if (this.#places.size > 0 && root?.id === undefined) throw noAddress(fragment)
      const first = this.#keep(key, fragment, html, root, point)
      return this.#places.size === 1
        ? this.#dressed(first)
        : swapped('outerHTML', root!.id!, this.#dressed(first))
    }
    const next = this.#keep(key, fragment, html, root, point, place)
    if (place.id === undefined) return this.#dressed(next)
    if (sameShell(place, next)) return swapped('innerMorph', place.id, inner(next))
    return swapped('outerHTML', place.id, this.#dressed(next))
  }

  /** More escaped text at the end of the element that grows; nothing when the block has none in the page. */
  append(fragment: Fragment, html: string): string | undefined {
    const growth = this.#places.get(`${fragment.template}\0${fragment.block}`)?.growth
    // Short on purpose: this is all that a token costs beside itself.
    return growth && `<div hx-swap-oob=beforeend:#${growth.id}>${html}</div>`
  }

  /** Takes back what is still lent, because the stream ended without a fragment that said so. */
  end(): string {
    let closing = ''
    for (const [key, place] of this.#places) {
      if (!place.lent && place.growth?.lentAt === undefined) continue
      const { id, html } = place
      this.#places.set(key, {
        ...place,
        id: place.lent ? undefined : id,
        lent: false,
        growth: undefined,
      })
      closing += swapped('outerHTML', id!, html)
    }
    return closing
  }

  /** A notice below what the stream has shown so far; with nothing shown yet it lands where the form says. */
  below(notice: string): string {
    const main = this.#places.values().next().value?.id
    if (main !== undefined) return swapped('afterend', main, notice)
    return this.#target === undefined ? notice : swapped('beforeend', this.#target, notice)
  }

  #keep(
    key: string,
    fragment: Fragment,
    html: string,
    root: Root | undefined,
    point: GrowthPoint | undefined,
    before?: Place,
  ): Place {
    const own = root?.id
    const canCarry = root !== undefined || !NEEDS_A_TABLE.test(html)
    const lent = own === undefined && !fragment.final && canCarry
    const lentId = (): string =>
      before?.lent ? before.id! : `${this.#prefix}${this.#lentIds++ || ''}`
    const id = own ?? (lent ? lentId() : undefined)
    const growth =
      id === undefined || fragment.final ? undefined : this.#growthOf(id, root, point, before)
    const place = { fragment, html, root, lent, id, growth }
    this.#places.set(key, place)
    return place
  }

  #growthOf(
    id: string,
    root: Root | undefined,
    point: GrowthPoint | undefined,
    before: Place | undefined,
  ): Place['growth'] {
    if (point === undefined) return undefined
    if (point.attributesAt === root?.attributesAt) return { id, lentAt: undefined }
    if (point.id !== undefined) return { id: point.id, lentAt: undefined }
    const lent =
      before?.growth?.lentAt === undefined
        ? `${this.#prefix}t${this.#lentIds++ || ''}`
        : before.growth.id
    return { id: lent, lentAt: point.attributesAt }
  }

  #dressed(place: Place): string {
    const { root, lent, id } = place
    const html = withGrowthId(place)
    if (!lent) return html
    return root
      ? withAttribute(html, root.attributesAt, `id="${id}"`)
      : `<swap-frame id="${id}">${html}</swap-frame>`
  }
}

/** The block with the id that its growing element is lent. That element is inside the root, so the root stays where it is. */
function withGrowthId({ html, growth }: Place): string {
  if (growth?.lentAt === undefined) return html
  return withAttribute(html, growth.lentAt, `id="${growth.id}"`)
}

/** The page's element around the content stays as it is: only the content has to be morphed. */
function sameShell(before: Place, next: Place): boolean {
  if (next.lent !== before.lent || next.id !== before.id) return false
  if (before.root === undefined || next.root === undefined)
    return before.root === next.root && next.lent
  return shell(before) === shell(next) && before.root.innerEnd > before.root.attributesAt
}

function shell({ html, root }: Place): string {
  return html.slice(0, root!.innerStart).trimStart()
}

function inner(place: Place): string {
  const { html, root } = place
  const dressed = withGrowthId(place)
  return root
    ? dressed.slice(root.innerStart, dressed.length - (html.length - root.innerEnd))
    : dressed
}

/** Only the address of a frame, whatever its content needs around it. */
function swapped(swap: Swap, id: string, html: string): string {
  if (NEEDS_A_TABLE.test(html))
    return `<hx-partial hx-target="#${id}" hx-swap="${swap}">${html}</hx-partial>`
  if (swap !== 'outerHTML') return `<div hx-swap-oob="${swap}:#${id}">${html}</div>`
  // `outerHTML` on a wrapper would leave the wrapper in the page, so the element itself says where it goes.
  const root = rootOf(html)
  if (root) return withAttribute(html, root.attributesAt, `hx-swap-oob="outerHTML:#${id}"`).trim()
  return `<div hx-swap-oob="beforebegin:#${id}">${html}</div><div hx-swap-oob="delete:#${id}"></div>`
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
