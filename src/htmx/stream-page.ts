import { blockKey, type Fragment } from '../fragments/fragment.ts'
import { changesOf } from '../html/diff.ts'
import { tagsIn } from '../html/tags.ts'
import type { HtmlTree } from '../html/tree.ts'
import { idOf, plain } from './block-tree.ts'
import { firstMessages, oobChanges } from './out-of-band.ts'
import { PageBlock, type Placed, withAnchor } from './page-block.ts'
import { resumeId } from './resume.ts'
import { enclosed, literalSwap, swap, topOf, withAttribute } from './swaps.ts'
import { noAddress } from './together.ts'

export interface StreamPageOptions {
  /** The client morphs (htmx 4). */
  readonly morphs: boolean
  /** The element that asks chooses a part of each answer (`hx-select`), which may leave out what finds the block again. */
  readonly selects?: boolean | undefined
  /** Other connections may go on with the stream. */
  readonly resumable?: boolean
  /** The stream id that the connection before has used, when this one goes on with it. */
  readonly at?: string | undefined
  /** `#id` of the element that shows the stream, where that is known. */
  readonly shown?: string | undefined
  /** `#id` of the element where the main block belongs, when the connection before may have ended before it came. */
  readonly to?: string | undefined
  /** How two states of a block are compared; default `changesOf`. */
  readonly difference?: typeof changesOf
}

/** A block that the page shows, and the fragment that it shows. */
interface Shown {
  block: PageBlock
  fragment: Fragment
}

/**
 * The page of one client, as far as one stream shows something in it: where each block stands, and what it shows.
 *
 * The first frame of the main block is plain HTML and lands where the form says. Later frames find it by its own id or
 * by an anchor, a temporary element. The last frame removes what is temporary, so what stays is exactly the block.
 *
 * Throws  TemplateError `block/no-address` when a second block has neither target nor id.
 *
 * @example
 * const page = new StreamPage({ morphs: true })
 * page.show(new Fragment('t', 'b'), treeOf('<p>Hel</p>')) // → [`<template id="${page.streamId}"></template><p>Hel</p>`]
 * page.show(new Fragment('t', 'b'), treeOf('<p>Hello</p>')) // → [`<p hx-swap-oob="beforeend transition:false target:#${page.streamId}+p">lo`]
 */
export class StreamPage {
  /** The name of the stream in the page; short, because every frame has it. */
  readonly streamId: string
  readonly #options: StreamPageOptions
  /** By their place: the target, else the name of the block. */
  readonly #blocks = new Map<string, Shown>()
  /** The place of the block without a target that came first. */
  #main: string | undefined
  /** The target of the newest fragment that has one. */
  #target: string | undefined
  /** The main block of a client that chooses a part of it: it comes once, at the end. */
  #selected: HtmlTree | undefined
  #errors = 0
  /** Counts the blocks beside the main one: each has an anchor of its own, should its root lose its id. */
  #others = 0

  constructor(options: StreamPageOptions) {
    this.streamId = options.at ?? newStreamId()
    this.#options = options
    this.#target = options.shown
  }

  /**
   * Shows a rendered fragment. Out: the data of a message each.
   *
   * @param full Send all of its HTML, whatever the page shows.
   */
  show(fragment: Fragment, tree: HtmlTree, full: boolean = false): string[] {
    const { target, swap: style, template, block: name } = fragment
    const { morphs, selects } = this.#options
    if (target !== undefined) this.#target = target
    if (target !== undefined && style !== undefined && style !== 'innerMorph') {
      this.#blocks.delete(target)
      return [...literalSwap(morphs, style, target, plain(tree)), ...oobChanges(morphs, tree)]
    }
    const place = placeOf(fragment)
    if (selects && this.#isMain(fragment)) {
      this.#selected = tree
      return []
    }
    const known = this.#blocks.get(place)
    const before = known?.fragment
    const isSame = before?.template === template && before.block === name
    // What comes after a final snapshot of the main block is another answer.
    if (known && isSame && (target !== undefined || !before.final)) {
      known.fragment = fragment
      const messages = full ? known.block.whole(tree) : known.block.next(tree)
      return this.#withInner(place, messages)
    }
    const ended = target === undefined && known ? known.block.end() : []
    const { block, messages } = this.#place(fragment, tree)
    if (block) this.#blocks.set(place, { block, fragment })
    else this.#blocks.delete(place)
    return this.#withInner(place, [...ended, ...messages])
  }

  /** Removes all that is temporary. */
  end(): string[] {
    const messages = [...this.#blocks].flatMap(([place, { block }]) =>
      this.#withInner(place, block.end()),
    )
    this.#blocks.clear()
    return [...this.#takeSelected(), ...messages]
  }

  /** Puts a notice behind what the stream has shown so far; with nothing shown yet it lands where the form says. */
  afterContent(notice: string): string[] {
    const { morphs, at, to } = this.#options
    if (this.#selected !== undefined) return [...this.#takeSelected(), ...this.afterContent(notice)]
    const main = this.#main === undefined ? undefined : this.#blocks.get(this.#main)
    if (main) return swap(morphs, 'after', main.block.shownIn, notice)
    if (at !== undefined) {
      const missing = this.#unlessThere(to ?? `#${resumeId(at)}`)
      return [
        ...swap(morphs, 'after', `#${at}+*`, notice),
        ...swap(morphs, to === undefined ? 'before' : 'end', missing, notice),
      ]
    }
    return this.#target === undefined ? [notice] : swap(morphs, 'end', this.#target, notice)
  }

  /**
   * Puts a notice in the place of a fragment that could not be rendered: there where that shows nothing yet, else behind
   * what it shows. Out: also what removes the notice.
   *
   * @param replaces The notice takes the place of what the target has shown until now, such as a sign of loading.
   */
  errorSlot(
    fragment: Fragment,
    notice: string,
    replaces: boolean = false,
  ): { shown: string[]; gone: string[] } {
    const { morphs, at } = this.#options
    const id = `${this.streamId}x${this.#errors++ || ''}`
    const html = withAttribute(notice, `id="${id}"`)
    const { target } = fragment
    const last = this.#blocks.get(placeOf(fragment))?.block.shownIn
    const isFirst = this.#main === undefined || this.#main === placeOf(fragment)
    let shown = [html]
    if (target !== undefined) shown = swap(morphs, replaces ? 'inside' : 'end', target, html)
    else if (last !== undefined) shown = swap(morphs, 'after', last, html)
    else if (!isFirst || at !== undefined) shown = this.afterContent(html)
    return { shown, gone: swap(morphs, 'remove', `#${id}`) }
  }

  /** Adds to the messages of a block the blocks inside it whose element they replace. */
  #withInner(place: string, messages: readonly string[]): string[] {
    const all = [...messages]
    for (const [inner, shown] of this.#blocks) {
      if (inner === place || inner === this.#main) continue
      const { tree } = shown.block
      const id = shown.fragment.target ?? idOf(tree)
      if (id === undefined || !all.some((message) => brings(message, id.slice(1)))) continue
      const { block, messages: again } = this.#place(shown.fragment, tree)
      if (block) shown.block = block
      all.push(...again)
    }
    return all
  }

  #takeSelected(): string[] {
    const tree = this.#selected
    this.#selected = undefined
    return tree === undefined ? [] : [enclosed(tree.html, tree.root.space)]
  }

  /** The first block without a target is the main one. */
  #isMain(fragment: Fragment): boolean {
    return fragment.target === undefined && (this.#main ??= placeOf(fragment)) === placeOf(fragment)
  }

  /** Brings a block into the page. */
  #place(fragment: Fragment, tree: HtmlTree): Placed | { block?: never; messages: string[] } {
    const { target, final } = fragment
    const { morphs, at, to, resumable = false, difference = changesOf } = this.#options
    const id = idOf(tree)
    if (!this.#isMain(fragment)) {
      const anchor = `${this.streamId}b${this.#others++ || ''}`
      const options = { morphs, anchor, resumable: false, difference }
      if (target !== undefined && target !== id) return PageBlock.inside(target, tree, options)
      if (id === undefined) throw noAddress(fragment)
      return PageBlock.replacing(id, tree, options)
    }
    const options = { morphs, anchor: this.streamId, resumable, difference }
    if (at === undefined) {
      if (!final || tree.root.space !== 'html') return PageBlock.first(tree, options)
      const { html, more } = firstMessages(morphs, tree)
      return { messages: [html, ...more] }
    }
    // The page may show the block from the connection before.
    const placed = PageBlock.replacing(undefined, tree, options)
    if (to === undefined) return placed
    const html = withAnchor(tree, tree.html, options)
    const missing = swap(morphs, 'end', this.#unlessThere(to), html, topOf(tree))
    return { ...placed, messages: [...placed.messages, ...missing] }
  }

  /** A selector of an element, as long as the page does not show the main block. */
  #unlessThere(selector: string): string {
    return `html:not(:has(#${this.streamId})) ${selector}`
  }
}

function placeOf(fragment: Fragment): string {
  return fragment.target ?? blockKey(fragment)
}

/** Tells if HTML has an element with an id. */
function brings(html: string, id: string): boolean {
  if (!html.includes(id)) return false
  return tagsIn(html).some(({ attributes }) =>
    attributes.some(({ name, value }) => name === 'id' && value === id),
  )
}

export function newStreamId(): string {
  const random = Math.floor(Math.random() * 10 * 36 ** 3)
  return `s${random.toString(36).padStart(4, '0')}`
}
