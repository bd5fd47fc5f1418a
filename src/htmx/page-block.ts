import type { changesOf } from '../html/diff.ts'
import { pageHtml, removeTemporary } from '../html/page-html.ts'
import type { Change, How, PageHtml, Path } from '../html/page-html.ts'
import { closingTags, type HtmlNode, type HtmlTree, isElement, partOf } from '../html/tree.ts'
import {
  elementsOf,
  idOf,
  isBlank,
  isMadeOfElements,
  plain,
  PreservedElements,
  preserves,
  withoutComments,
} from './block-tree.ts'
import { firstMessages, oobChanges } from './out-of-band.ts'
import { IN_FRAME, IN_HTML, needsContext, swap, swaps, topOf, withinOf } from './swaps.ts'
import type { Within } from './swaps.ts'

/** The element around a block that is no element by itself, while it is streamed. */
const FRAMES = { html: 'swap-frame', svg: 'g', math: 'mrow' } as const

type Swapping = (how: How, target: string, html?: string, within?: Within) => string[]

/** Where the HTML of a block stands in the page. */
interface Place {
  /** Inside an element: one of the page, or a frame of ours. As an element with an id of its own. Or behind an anchor. */
  readonly kind: 'inside' | 'root' | 'behind'
  /** The selector of that element. */
  readonly at: string
  /** The selector of the anchor before a frame, or before elements: an element of ours that is never seen. */
  readonly anchor?: string
  /** Another anchor stands behind the elements. */
  readonly hasEnd?: boolean
}

/** The facts that decide how a block is found again. */
export interface BlockPlace {
  /** The temporary id of the anchor, where the block needs one. */
  readonly anchor: string
  /** Another connection may have to find the block by its anchor alone. */
  readonly resumable: boolean
}

export interface PageBlockOptions extends BlockPlace {
  /** The client morphs (htmx 4). */
  readonly morphs: boolean
  /** How two states are compared. */
  readonly difference: typeof changesOf
}

/** A block that has just come into the page, and what brings it there. */
export interface Placed {
  readonly block: PageBlock
  readonly messages: string[]
}

/**
 * One block in the page: its place, and what stands there.
 *
 * Cost    follows what changes between two renders.
 */
export class PageBlock {
  readonly #options: PageBlockOptions
  readonly #swap: Swapping
  #place: Place
  #shown: PageHtml
  readonly #preserved: PreservedElements

  private constructor(
    options: PageBlockOptions,
    place: Place,
    tree: HtmlTree,
    preserved = new PreservedElements(),
  ) {
    this.#options = options
    this.#swap = swap.bind(undefined, options.morphs)
    this.#place = place
    this.#preserved = preserved
    this.#shown = pageHtml(preserved.apply(tree))
  }

  /** The block where htmx puts what has no address: plain HTML, with an anchor where it has no id. */
  static first(tree: HtmlTree, options: PageBlockOptions): Placed {
    const place = placeOf(tree, options)
    const block = new PageBlock(options, place, tree)
    if (tree.root.space === 'html') {
      const { html, more } = firstMessages(options.morphs, tree)
      return { block, messages: [withAnchor(tree, html, options), ...more] }
    }
    // There htmx reads HTML alone, so parts of SVG or MathML come behind an anchor.
    const at = `#${options.anchor}`
    const content = completed(tree, plain(tree), place)
    const parts = block.#swap('after', at, content, block.#within(tree))
    if (place.anchor === undefined) parts.push(...block.#swap('remove', at))
    return {
      block,
      messages: [anchorOf(options.anchor), ...parts, ...oobChanges(options.morphs, tree)],
    }
  }

  /** The block in an element of the page. */
  static inside(target: string, tree: HtmlTree, options: PageBlockOptions): Placed {
    const block = new PageBlock(options, { kind: 'inside', at: target }, tree)
    return { block, messages: block.whole(tree) }
  }

  /** The block in place of an element of the page: the one with its id, or the one behind its anchor. */
  static replacing(target: string | undefined, tree: HtmlTree, options: PageBlockOptions): Placed {
    const anchor = `#${options.anchor}`
    const place: Place =
      target === undefined
        ? { kind: 'inside', at: `${anchor}+*`, anchor }
        : { kind: 'root', at: target }
    const preserved = new PreservedElements()
    // What a connection before has shown is unknown, and an element cannot be preserved in its own place.
    const first = preserved.apply(
      tree,
      (node) => target !== undefined && node !== elementsOf(tree)[0],
    )
    const block = new PageBlock(options, place, first, preserved)
    return { block, messages: block.#move(first) }
  }

  get tree(): HtmlTree {
    return this.#shown.tree
  }

  /** The selector of the last element of the block, or of the element in which it stands. */
  get last(): string {
    const { kind, at } = this.#place
    return kind === 'behind' ? at + '+*'.repeat(elementsOf(this.tree).length) : at
  }

  /** The selector of the element behind which HTML is seen: in SVG and MathML that is nowhere. */
  get shownIn(): string {
    const { space } = this.tree.root
    const { kind, at, anchor = kind === 'root' ? at : undefined } = this.#place
    return space === 'html' || anchor === undefined ? this.last : `${space}:has(${anchor})`
  }

  /** Shows the block as it is now. */
  next(render: HtmlTree): string[] {
    const tree = this.#preserved.apply(render)
    if (this.#mustMove(tree)) return this.whole(tree)
    const messages = this.#addEnd(tree)
    const { kind, hasEnd = false } = this.#place
    const { changes, page } = this.#options.difference(this.#shown, tree, {
      attributes: this.#options.morphs,
      container: kind === 'inside',
      start: kind === 'behind',
      end: hasEnd,
    })
    if (changes === undefined) return [...messages, ...this.whole(tree)]
    messages.push(
      ...this.#swaps(changes, tree),
      ...oobChanges(this.#options.morphs, tree, this.tree),
    )
    this.#shown = page
    if (kind === 'root') this.#place = { kind, at: idOf(tree) ?? this.#place.at }
    return messages
  }

  /** The same, with all of its HTML. */
  whole(render: HtmlTree): string[] {
    const tree = this.#preserved.apply(render)
    const { kind, at, anchor } = this.#place
    let messages = this.#innerOf(tree)
    if (messages === undefined) {
      const leavesFrame = this.#hasOtherSpace(tree) || canStandAlone(tree, this.#options)
      if (kind !== 'inside' || (anchor && leavesFrame)) return this.#move(tree)
      messages = this.#swap('inside', at, plain(tree), this.#within(tree))
    }
    this.#shown = pageHtml(tree)
    return [...messages, ...oobChanges(this.#options.morphs, tree)]
  }

  /** Removes all that is temporary: what stays is the block. */
  end(): string[] {
    const { kind, at, anchor, hasEnd } = this.#place
    const messages =
      kind === 'inside' && anchor !== undefined
        ? this.#swap('replace', at, plain(this.tree), this.#within(this.tree))
        : this.#swaps(removeTemporary(this.#shown, preserves), this.tree)
    this.#shown = pageHtml(this.tree)
    if (anchor !== undefined) messages.push(...this.#swap('remove', anchor))
    if (hasEnd) messages.push(...this.#swap('remove', `${at}e`))
    return messages
  }

  /** The content of the first element alone, when nothing but that has changed. */
  #innerOf(tree: HtmlTree): string[] | undefined {
    const { kind, at } = this.#place
    const [was, is] = [elementsOf(this.tree)[0], elementsOf(tree)[0]]
    if (kind === 'inside' || !was || !is || is.opaque || is.innerEnd === is.end) return undefined
    const around = ({ html }: HtmlTree, { tagEnd, innerEnd }: HtmlNode): string =>
      `${html.slice(0, tagEnd)}\0${html.slice(innerEnd)}`
    if (around(this.tree, was) !== around(tree, is)) return undefined
    const html = partOf(tree, is.innerStart, is.innerEnd)
    return this.#swap('inside', kind === 'root' ? at : `${at}+${is.tag}`, html, is)
  }

  /** Replaces the elements of the block, where it has another kind of place from now on. */
  #move(tree: HtmlTree): string[] {
    const { anchor } = this.#options
    const [from, to] = [this.#place, placeOf(tree, this.#options)]
    const messages: string[] = []
    const add = (...change: Parameters<Swapping>) => messages.push(...this.#swap(...change))
    if (from.kind === 'root' && to.kind !== 'root') add('before', from.at, anchorOf(anchor))
    if (from.hasEnd) add('remove', `${from.at}e`)
    if (from.kind === 'behind')
      for (let n = elementsOf(this.tree).length; n > 1; n--) add('remove', from.at + '+*'.repeat(n))
    const { children } = this.tree.root
    const hasMore = children.length > elementsOf(this.tree).length
    const [root] = elementsOf(tree)
    // White space and comments around the root that was there stay.
    const isOne =
      to.kind !== 'inside' &&
      !to.hasEnd &&
      (from.kind === 'root' || hasMore || tree.root.children.length === 1)
    const all = from.kind === 'behind' ? withoutComments(tree) : plain(tree)
    const html = isOne ? partOf(tree, root!.start, root!.end) : all
    const around = this.#within(tree)
    const isHtml = around.space === 'html'
    const within = isOne ? withinOf(html, around) : isHtml ? { ...around, ...IN_HTML } : around
    const isRoot = from.kind === 'root' && to.kind === 'root'
    add('replace', isRoot ? from.at : `#${anchor}+*`, completed(tree, html, to), within)
    if (to.kind === 'root' && from.anchor) add('remove', from.anchor)
    this.#place = to
    this.#shown = pageHtml(tree)
    return [...messages, ...oobChanges(this.#options.morphs, tree)]
  }

  /** Where a parser has to read what stands at the top of the block. */
  #within(tree: HtmlTree): Within {
    const { kind, anchor } = this.#place
    const isFrame = tree.root.space === 'html' && kind === 'inside' && anchor !== undefined
    return isFrame ? { ...IN_FRAME, opaque: tree.root.opaque } : topOf(tree)
  }

  /** Adds an anchor behind a block that becomes several elements: a short address for what comes at its end. */
  #addEnd(tree: HtmlTree): string[] {
    const { kind, at, hasEnd } = this.#place
    if (kind !== 'behind' || hasEnd || !needsEnd(tree, this.#options)) return []
    const { last } = this
    this.#place = { ...this.#place, hasEnd: true }
    return this.#swap('after', last, anchorOf(`${at.slice(1)}e`))
  }

  #hasOtherSpace({ root }: HtmlTree): boolean {
    return root.space !== this.tree.root.space
  }

  #mustMove(tree: HtmlTree): boolean {
    const { kind, anchor } = this.#place
    if (kind === 'root') return idOf(tree) === undefined
    const isAlone = canStandAlone(tree, this.#options)
    // Text at the top could not be removed again.
    if (kind === 'behind') return !isAlone
    if (anchor !== undefined && this.#hasOtherSpace(tree)) return true
    return anchor !== undefined && isAlone && (isBlank(this.tree.html) || needsContext(tree.html))
  }

  #swaps(changes: readonly Change[], tree: HtmlTree): string[] {
    const { kind, at } = this.#place
    const placed = changes.map((change): Change => {
      const within = change.within.tag === '#' ? this.#within(tree) : change.within
      if (kind !== 'behind' || change.path.length > 0) return { ...change, within }
      return { ...change, how: change.how === 'end' ? 'before' : 'after', within }
    })
    return swaps(this.#options.morphs, placed, (path, how) => {
      const [first, ...rest] = path
      if (kind === 'inside') return at + stepsDown(path)
      if (kind === 'root') return at + stepsDown(rest)
      if (first === undefined) return how === 'before' ? `${at}e` : at
      return `${at}${'+*'.repeat(first.index)}+${first.tag}${stepsDown(rest)}`
    })
  }
}

/** HTML of a block as it stands in the page, behind its anchor. */
export function withAnchor(tree: HtmlTree, html: string, options: BlockPlace): string {
  const place = placeOf(tree, options)
  return (place.anchor === undefined ? '' : anchorOf(options.anchor)) + completed(tree, html, place)
}

/** Tells if a block is made of elements, as many as can be found again. */
function canStandAlone(tree: HtmlTree, { resumable }: BlockPlace): boolean {
  return isMadeOfElements(tree, resumable ? 1 : Infinity)
}

function placeOf(tree: HtmlTree, options: BlockPlace): Place {
  const id = options.resumable ? undefined : idOf(tree)
  if (id !== undefined) return { kind: 'root', at: id }
  const anchor = `#${options.anchor}`
  if (!canStandAlone(tree, options))
    return { kind: 'inside', at: `${anchor}+${FRAMES[tree.root.space]}`, anchor }
  return { kind: 'behind', at: anchor, anchor, hasEnd: needsEnd(tree, options) }
}

/** Tells if the end of a block of elements is not the end of its one element. */
function needsEnd(tree: HtmlTree, { resumable }: BlockPlace): boolean {
  // What another connection cannot know of, it cannot remove.
  if (resumable) return false
  return elementsOf(tree).length > 1 || !isElement(tree.root.children.at(-1)!)
}

/** The rest of a selector that leads down from an element. */
function stepsDown(path: Path): string {
  return path.map(({ tag, nth }) => `>${tag}:nth-of-type(${nth})`).join('')
}

function anchorOf(id: string): string {
  return `<template id="${id}"></template>`
}

/** The HTML of a block with the anchor at its end, or in its frame. */
function completed(tree: HtmlTree, html: string, { kind, at, hasEnd }: Place): string {
  const frame = FRAMES[tree.root.space]
  if (kind === 'inside') return `<${frame}>${html}</${frame}>`
  return hasEnd ? html + closingTags(tree) + anchorOf(`${at.slice(1)}e`) : html
}
