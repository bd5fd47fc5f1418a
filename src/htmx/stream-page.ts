import type { Fragment } from '../fragments/fragment.ts'
import type { HtmlTree } from '../html/tree.ts'
import { idOf, PageBlock, type PageBlockOptions } from './page-block.ts'
import { elsewhere, plain } from './block-tree.ts'
import { resumeId } from './resume.ts'
import { noAddress } from './together.ts'
import { ANYWHERE, literal, swap, withAttribute } from './swaps.ts'

export interface StreamPageOptions {
  /** The client morphs (htmx 4). */
  readonly morphs: boolean
  /** The element that asks chooses a part of each answer (`hx-select`), which may leave out what finds the block again. */
  readonly selects?: boolean | undefined
  /** Other connections may go on with the stream. */
  readonly resumable?: boolean
  /** The prefix that the connection before has used, when this one goes on with it. */
  readonly at?: string | undefined
  /** `#id` of the element that shows the stream, where that is known. */
  readonly shown?: string | undefined
  /** `#id` of the element where the main block belongs, when the connection before may have ended before it came. */
  readonly to?: string | undefined
}

/** A block that the page shows. */
interface Shown {
  readonly name: string
  block: PageBlock
  /** What it shows. */
  fragment: Fragment
  tree: HtmlTree
  /** What comes next of the main block is another answer. */
  isFinal: boolean
}

/**
 * The page of one client, as far as one stream shows something in it: where each block stands, and what it shows.
 *
 * The first frame of the main block is plain HTML and lands where the form says. Later frames find it by its own id or
 * by an anchor that is lent to the page. The last frame takes back what was lent, so what stays is exactly the block.
 *
 * Throws  TemplateError `block/no-address` when a second block has neither target nor id.
 *
 * @example
 * const page = new StreamPage({ morphs: true })
 * page.show(new Fragment('t', 'b'), treeOf('<p>Hel</p>')) // → [`<template id="${page.prefix}"></template><p>Hel</p>`]
 * page.show(new Fragment('t', 'b'), treeOf('<p>Hello</p>')) // → [`<p hx-swap-oob="beforeend transition:false target:#${page.prefix}+p">lo`]
 */
export class StreamPage {
  /** Short, because every frame says it. */
  readonly prefix: string
  readonly #options: StreamPageOptions
  /** By where they are. */
  readonly #blocks = new Map<string, Shown>()
  /** The block without a target that came first. */
  #main: string | undefined
  /** Where the newest fragment with a target of its own went. */
  #target: string | undefined
  #notices = 0
  /** Counts the blocks beside the main one: each has an anchor of its own, should its root lose its id. */
  #others = 0
  /** The main block of a client that chooses a part of it: it comes once, at the end. */
  #whole: HtmlTree | undefined

  constructor(options: StreamPageOptions) {
    this.prefix = options.at ?? newPrefix()
    this.#options = options
    this.#target = options.shown
  }

  /**
   * What makes the page show a fragment, which has just been rendered: the data of a message each.
   *
   * @param full All of its HTML, whatever the page shows.
   */
  show(fragment: Fragment, tree: HtmlTree, full: boolean = false): string[] {
    const { target, swap: style, final } = fragment
    if (target !== undefined) this.#target = target
    if (target !== undefined && style !== undefined && style !== 'innerMorph') {
      this.#blocks.delete(target)
      return [...literal(style, target, plain(tree), this.#options.morphs), ...elsewhere(tree)]
    }
    const place = placeOf(fragment)
    const name = `${fragment.template}\0${fragment.block}`
    if (this.#options.selects && target === undefined && (this.#main ??= place) === place) {
      this.#whole = tree
      return []
    }
    const known = this.#blocks.get(place)
    const isNew = known?.name !== name || (known.isFinal && target === undefined)
    if (known && !isNew) {
      known.isFinal = final
      known.fragment = fragment
      known.tree = tree
      return this.#withInner(place, full ? known.block.whole(tree) : known.block.next(tree))
    }
    const before = target === undefined && known ? known.block.end() : []
    const { block, messages } = this.#first(fragment, place, tree)
    if (block) this.#blocks.set(place, { name, block, fragment, tree, isFinal: final })
    return this.#withInner(place, [...before, ...messages])
  }

  /** Takes back all that the page was lent. */
  end(): string[] {
    const messages: string[] = []
    for (const [place, { block }] of this.#blocks)
      messages.push(...this.#withInner(place, block.end()))
    this.#blocks.clear()
    return [...this.#selected(), ...messages]
  }

  /** A notice below what the stream has shown so far; with nothing shown yet it lands where the form says. */
  below(notice: string): string[] {
    const { morphs, at, to } = this.#options
    if (this.#whole !== undefined) return [...this.#selected(), ...this.below(notice)]
    const main = this.#main === undefined ? undefined : this.#blocks.get(this.#main)?.block.last
    if (main !== undefined) return swap('after', main, notice, ANYWHERE, morphs)
    if (at !== undefined) {
      const there = swap('after', `#${at}+*`, notice, ANYWHERE, morphs)
      const [how, place] =
        to === undefined ? (['before', `#${resumeId(at)}`] as const) : (['end', to] as const)
      return [...there, ...swap(how, this.#unlessThere(place), notice, ANYWHERE, morphs)]
    }
    return this.#target === undefined
      ? [notice]
      : swap('end', this.#target, notice, ANYWHERE, morphs)
  }

  /**
   * A notice for a fragment that could not be rendered: in its place where that shows nothing yet, else below what it
   * shows. And what takes the notice away again.
   */
  instead(
    fragment: Fragment,
    notice: string,
  ): { readonly shown: string[]; readonly gone: string[] } {
    const { morphs } = this.#options
    const id = `${this.prefix}x${this.#notices++ || ''}`
    const marked = withAttribute(notice, `id="${id}"`)
    const gone = swap('remove', `#${id}`, '', ANYWHERE, morphs)
    const { target } = fragment
    if (target !== undefined) return { shown: swap('end', target, marked, ANYWHERE, morphs), gone }
    const place = placeOf(fragment)
    const last = this.#blocks.get(place)?.block.last
    if (last !== undefined) return { shown: swap('after', last, marked, ANYWHERE, morphs), gone }
    const isMain = this.#main === undefined || this.#main === place
    return { shown: isMain && this.#options.at === undefined ? [marked] : this.below(marked), gone }
  }

  /** What was sent of a block, and the blocks that stand in it, where it has brought their element anew. */
  #withInner(place: string, messages: readonly string[]): string[] {
    const all = [...messages]
    for (const [inner, shown] of this.#blocks) {
      if (inner === place || inner === this.#main) continue
      const id = shown.fragment.target ?? idOf(shown.tree)
      if (id === undefined || !all.some((message) => brings(message, id.slice(1)))) continue
      const { block, messages: anew } = this.#first(shown.fragment, inner, shown.tree)
      if (block) shown.block = block
      all.push(...anew)
    }
    return all
  }

  #selected(): string[] {
    const whole = this.#whole
    this.#whole = undefined
    return whole === undefined ? [] : [whole.html]
  }

  #first(
    fragment: Fragment,
    place: string,
    tree: HtmlTree,
  ): { block: PageBlock | undefined; messages: string[] } {
    const { target, final } = fragment
    const isMain = target === undefined && (this.#main ??= place) === place
    const options = {
      ...this.#options,
      resumable: isMain && this.#options.resumable === true,
      anchor: isMain ? this.prefix : `${this.prefix}b${this.#others++ || ''}`,
    }
    const id = idOf(tree)
    if (target !== undefined)
      return target === id
        ? PageBlock.instead(target, tree, options)
        : PageBlock.inside(target, tree, options)
    if (!isMain) {
      if (id === undefined) throw noAddress(fragment)
      return PageBlock.instead(id, tree, options)
    }
    if (this.#options.at !== undefined) return this.#resumed(tree, options)
    if (final) return { block: undefined, messages: [tree.html] }
    const { block, html } = PageBlock.first(tree, options)
    return { block, messages: [html] }
  }

  /** The main block in a page that may show it from the connection before. */
  #resumed(tree: HtmlTree, options: PageBlockOptions): { block: PageBlock; messages: string[] } {
    const { to, morphs } = this.#options
    const { block, messages } = PageBlock.instead(undefined, tree, options)
    if (to === undefined) return { block, messages }
    const { html } = PageBlock.first(tree, options)
    return {
      block,
      messages: [...messages, ...swap('end', this.#unlessThere(to), html, ANYWHERE, morphs)],
    }
  }

  /** An element, as long as the page does not show the main block. */
  #unlessThere(place: string): string {
    return `html:not(:has(#${this.prefix})) ${place}`
  }
}

function placeOf({ template, block, target }: Fragment): string {
  return target ?? `${template}\0${block}`
}

/** Whether HTML has an element with an id. */
function brings(html: string, id: string): boolean {
  return html.includes(id) && new RegExp(`\\sid\\s*=\\s*["']?${id}(?=["'\\s/>])`, 'i').test(html)
}

function newPrefix(): string {
  return `s${Math.floor(Math.random() * 10 * 36 ** 3)
    .toString(36)
    .padStart(4, '0')}`
}
