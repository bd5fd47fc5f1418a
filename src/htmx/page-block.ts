import { changesOf, type Difference } from '../html/diff.ts'
import { pageHtml, type PageHtml, type Path, removeTemporary } from '../html/page-html.ts'
import { closingTags, type HtmlNode, type HtmlTree, partOf } from '../html/tree.ts'
import { elsewhere, plain } from './block-tree.ts'
import {
  ANYWHERE,
  below,
  IN_FRAME,
  IN_HTML,
  needsContext,
  swap,
  swaps,
  type Within,
  withinOf,
} from './swaps.ts'

/** The element around a block that is no element by itself, while it is streamed. */
const FRAME = 'swap-frame'
const PLAIN_ID =
  /\sid\s*=\s*(?:"([A-Za-z_][\w-]*)"|'([A-Za-z_][\w-]*)'|([A-Za-z_][\w-]*)(?=[\s/>]))/i

/**
 * Where the HTML of a block stands in the page: in an element of the page; as an element with an id of its own; or
 * behind an anchor, an element of ours that is never seen, as elements, or in a frame, an element of ours around it.
 */
type Place =
  | { readonly kind: 'inside' | 'root' | 'framed'; readonly at: string; readonly end: false }
  | { readonly kind: 'anchored'; readonly at: string; readonly end: boolean }

export interface PageBlockOptions {
  /** The client morphs (htmx 4). */
  readonly morphs: boolean
  /** The id of the anchor, where the block needs one. */
  readonly anchor: string
  /** Another connection may have to find the block by its anchor alone. */
  readonly resumable: boolean
}

/**
 * One block in the page: its place, and what stands there.
 *
 * Cost    follows what changes between two renders.
 */
export class PageBlock {
  readonly #options: PageBlockOptions
  #place: Place
  #shown: PageHtml

  private constructor(options: PageBlockOptions, place: Place, tree: HtmlTree) {
    this.#options = options
    this.#place = place
    this.#shown = shownFrom(tree)
  }

  /** The block where htmx puts what has no address. Out: its HTML, and what finds it again. */
  static first(tree: HtmlTree, options: PageBlockOptions): { block: PageBlock; html: string } {
    const place = placeOf(tree, options)
    const html = dressed(tree, tree.html, place)
    const anchor = place.kind === 'root' ? '' : anchorOf(options.anchor)
    return { block: new PageBlock(options, place, tree), html: anchor + html }
  }

  /** The block in an element of the page. */
  static inside(
    target: string,
    tree: HtmlTree,
    options: PageBlockOptions,
  ): { block: PageBlock; messages: string[] } {
    const block = new PageBlock(options, { kind: 'inside', at: target, end: false }, tree)
    return { block, messages: block.whole(tree) }
  }

  /** The block in place of an element of the page: the one with its id, or the one behind its anchor. */
  static instead(
    target: string | undefined,
    tree: HtmlTree,
    options: PageBlockOptions,
  ): { block: PageBlock; messages: string[] } {
    const place: Place =
      target === undefined
        ? { kind: 'anchored', at: `#${options.anchor}`, end: false }
        : { kind: 'root', at: target, end: false }
    const block = new PageBlock(options, place, tree)
    return { block, messages: block.#replaced(tree, 1) }
  }

  /** The selector of the last element of the block, or of the element in which it stands. */
  get last(): string {
    const { kind, at } = this.#place
    if (kind === 'inside' || kind === 'root') return at
    return at + '+*'.repeat(kind === 'framed' ? 1 : elementsOf(this.#shown.tree).length)
  }

  /** What makes the page show the block as it is now. */
  next(tree: HtmlTree): string[] {
    if (this.#mustMove(tree)) return this.whole(tree)
    const { morphs } = this.#options
    const marked = this.#marked(tree)
    const { kind, end } = this.#place
    const container = kind === 'inside' || kind === 'framed'
    const options = { attributes: morphs, container, start: kind === 'anchored', end }
    const { changes, page } = difference(this.#shown, tree, options)
    if (changes === undefined) return [...marked, ...this.whole(tree)]
    const before = this.#shown.tree
    const messages = this.#swaps(changes)
    this.#shown = page
    if (kind === 'root') this.#place = { kind, at: idOf(tree) ?? this.#place.at, end: false }
    return [...marked, ...messages, ...elsewhere(tree, before)]
  }

  /** The same, with all of its HTML. */
  whole(tree: HtmlTree): string[] {
    const { morphs } = this.#options
    const { kind, at } = this.#place
    const shell = this.#shell(tree)
    if (shell !== undefined) {
      const [root] = elementsOf(tree)
      this.#shown = shownFrom(tree)
      const html = partOf(tree, root!.innerStart, root!.innerEnd)
      return [...swap('inside', shell, html, root!, morphs), ...elsewhere(tree)]
    }
    if (kind === 'inside' || (kind === 'framed' && !canStandAlone(tree, this.#options))) {
      this.#shown = shownFrom(tree)
      const to = kind === 'framed' ? `${at}+${FRAME}` : at
      const within = { ...this.#within, opaque: tree.root.opaque }
      return [...swap('inside', to, plain(tree), within, morphs), ...elsewhere(tree)]
    }
    return this.#replaced(tree, kind === 'anchored' ? elementsOf(this.#shown.tree).length : 1)
  }

  /** Takes back all that the page was lent: what stays is the block. */
  end(): string[] {
    const { morphs } = this.#options
    const { kind, at, end } = this.#place
    const { tree } = this.#shown
    const messages =
      kind === 'framed'
        ? swap(
            'replace',
            `${at}+${FRAME}`,
            plain(tree),
            { ...this.#within, opaque: tree.root.opaque },
            morphs,
          )
        : this.#swaps(removeTemporary(this.#shown))
    this.#shown = shownFrom(tree)
    if (kind === 'framed' || kind === 'anchored')
      messages.push(...swap('remove', at, '', ANYWHERE, morphs))
    if (end) messages.push(...swap('remove', `${at}e`, '', ANYWHERE, morphs))
    return messages
  }

  /** The one element that stands for the block and is the same but for what is in it. */
  #shell(tree: HtmlTree): string | undefined {
    const { kind, at } = this.#place
    if (kind === 'inside' || kind === 'framed' || tree.root.opaque) return undefined
    const before = this.#shown.tree
    const [[was, ...others], [root, ...more]] = [elementsOf(before), elementsOf(tree)]
    if (was === undefined || root === undefined || others.length + more.length > 0) return undefined
    const startTag = (of: HtmlTree, { start, tagEnd }: HtmlNode): string =>
      of.html.slice(start, tagEnd)
    const around = (of: HtmlTree, { start, end }: HtmlNode): string =>
      `${of.html.slice(0, start)} ${of.html.slice(end)}`
    if (
      startTag(before, was) !== startTag(tree, root) ||
      around(before, was) !== around(tree, root)
    )
      return undefined
    if (root.opaque || root.innerEnd === root.end) return undefined
    return kind === 'root' ? at : `${at}+${root.tag}`
  }

  /** Puts the block in place of the elements that stood for it, however it has to stand there from now on. */
  #replaced(tree: HtmlTree, count: number): string[] {
    const { morphs, anchor } = this.#options
    const { kind, at, end } = this.#place
    const place = placeOf(tree, this.#options)
    const messages: string[] = []
    const add = (...swapped: Parameters<typeof swap>): void =>
      void messages.push(...swap(...swapped))
    if (kind === 'root' && place.kind !== 'root')
      add('before', at, anchorOf(anchor), ANYWHERE, morphs)
    if (end) add('remove', `${at}e`, '', ANYWHERE, morphs)
    for (let n = count; n > 1; n--) add('remove', at + '+*'.repeat(n), '', ANYWHERE, morphs)
    const to = kind === 'root' && place.kind === 'root' ? at : `#${anchor}+*`
    const [root] = elementsOf(tree)
    // White space and comments around the root that was there stay.
    const isAlone = this.#shown.tree.root.children.length === elementsOf(this.#shown.tree).length
    const isOne =
      place.kind !== 'framed' && !place.end && root !== undefined && (kind === 'root' || !isAlone)
    const isElement =
      isOne || (place.kind === 'anchored' && !place.end && tree.root.children.length === 1)
    const part = isOne ? partOf(tree, root.start, root.end) : plain(tree)
    const within: Within = isElement
      ? withinOf(part, this.#within)
      : { ...IN_HTML, opaque: tree.root.opaque }
    add('replace', to, dressed(tree, part, place), within, morphs)
    if (kind !== 'root' && place.kind === 'root') add('remove', at, '', ANYWHERE, morphs)
    this.#place = place
    this.#shown = shownFrom(tree)
    return [...messages, ...elsewhere(tree)]
  }

  /** What came where the form says was read as HTML; an element with an id may be one of SVG. */
  get #within(): Within {
    const { kind } = this.#place
    if (kind === 'framed') return IN_FRAME
    return kind === 'anchored' ? IN_HTML : ANYWHERE
  }

  /** A block that becomes several elements is lent what marks its end, so that what is added there has a short address. */
  #marked(tree: HtmlTree): string[] {
    const { kind, at, end } = this.#place
    const place = placeOf(tree, this.#options)
    if (kind !== 'anchored' || end || place.kind !== 'anchored' || !place.end) return []
    const messages = swap(
      'after',
      this.last,
      anchorOf(`${at.slice(1)}e`),
      ANYWHERE,
      this.#options.morphs,
    )
    this.#place = place
    return messages
  }

  #mustMove(tree: HtmlTree): boolean {
    const { kind } = this.#place
    if (kind === 'inside') return false
    if (kind === 'root') return idOf(tree) === undefined
    const isAlone = canStandAlone(tree, this.#options)
    // Text at the top could not be taken away again.
    if (kind === 'anchored') return !isAlone
    return isAlone && (isBlank(this.#shown.tree.html) || needsContext(tree.html))
  }

  #swaps(changes: Parameters<typeof swaps>[0]): string[] {
    const { kind, at } = this.#place
    const placed = changes.map((change) => {
      const { tag, opaque = false } = change.within
      const within = tag === '#' ? { ...this.#within, opaque } : change.within
      if (kind !== 'anchored' || change.path.length > 0) return { ...change, within }
      const how = change.how === 'end' ? ('before' as const) : ('after' as const)
      return { ...change, how, within }
    })
    const selector = (path: Path, how: string): string => {
      const [first, ...rest] = path
      if (kind === 'inside') return at + below(path)
      if (kind === 'framed') return `${at}+${FRAME}${below(path)}`
      if (kind === 'root') return at + below(rest)
      if (first === undefined) return how === 'before' ? `${at}e` : at
      return `${at}${'+*'.repeat(first.index)}+${first.tag}${below(rest)}`
    }
    return swaps(placed, selector, this.#options.morphs)
  }
}

/** What streams of one run have in common is found once. */
const newest = new WeakMap<PageHtml, { tree: HtmlTree; key: string; found: Difference }>()
const shownOf = new WeakMap<HtmlTree, PageHtml>()

function shownFrom(tree: HtmlTree): PageHtml {
  let shown = shownOf.get(tree)
  if (shown === undefined) shownOf.set(tree, (shown = pageHtml(tree)))
  return shown
}

function difference(
  shown: PageHtml,
  tree: HtmlTree,
  options: Parameters<typeof changesOf>[2],
): Difference {
  const { attributes, container, start, end } = options
  const key = `${attributes}${container}${start}${end}`
  const known = newest.get(shown)
  if (known?.tree === tree && known.key === key) return known.found
  const found = changesOf(shown, tree, options)
  newest.set(shown, { tree, key, found })
  return found
}

function elementsOf({ root }: HtmlTree): HtmlNode[] {
  return root.children.filter(({ tag }) => tag !== '' && tag !== '!')
}

function isBlank(html: string): boolean {
  return !/[^\t\n\f ]/.test(html)
}

/** Whether a block is made of elements, as many as can be found again. */
function canStandAlone(
  tree: HtmlTree,
  { resumable }: Pick<PageBlockOptions, 'resumable'>,
): boolean {
  const { root, html } = tree
  const elements = elementsOf(tree)
  if (root.opaque || elements.length === 0 || (resumable && elements.length > 1)) return false
  return root.children.every(({ tag, start, end }) => tag !== '' || isBlank(html.slice(start, end)))
}

/** `#id` of the one root of a block; nothing when that cannot be addressed. */
export function idOf(tree: HtmlTree): string | undefined {
  const [root, second] = elementsOf(tree)
  if (root === undefined || second !== undefined || !canStandAlone(tree, { resumable: false }))
    return undefined
  const [, double, single, bare] = PLAIN_ID.exec(tree.html.slice(root.start, root.tagEnd)) ?? []
  const id = double ?? single ?? bare
  return id && `#${id}`
}

function placeOf(tree: HtmlTree, options: PageBlockOptions): Place {
  const id = options.resumable ? undefined : idOf(tree)
  if (id !== undefined) return { kind: 'root', at: id, end: false }
  const at = `#${options.anchor}`
  if (!canStandAlone(tree, options)) return { kind: 'framed', at, end: false }
  const last = tree.root.children.at(-1)!
  const end = elementsOf(tree).length > 1 || last.tag === '' || last.tag === '!'
  // What another connection cannot know of, it cannot take back.
  return { kind: 'anchored', at, end: end && !options.resumable }
}

function anchorOf(id: string): string {
  return `<template id="${id}"></template>`
}

/** Its HTML with what marks its end, or in its frame. */
function dressed(tree: HtmlTree, html: string, { kind, at, end }: Place): string {
  if (kind === 'framed') return `<${FRAME}>${html}</${FRAME}>`
  return end ? html + closingTags(tree) + anchorOf(`${at.slice(1)}e`) : html
}
