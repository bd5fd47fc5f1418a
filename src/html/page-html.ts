import { HOLDS } from './elements.ts'
import { type HtmlNode, type HtmlTree, isElement, partOf, type Space } from './tree.ts'

export interface Step {
  readonly tag: string
  /** Among its siblings of that name, from 1. */
  readonly nth: number
  /** Among all elements beside it, from 0. */
  readonly index: number
}

/** The way to an element; empty for what holds all of the HTML. */
export type Path = readonly Step[]

type Beside = 'start' | 'end' | 'before' | 'after'
export type How = 'inside' | 'replace' | 'attributes' | 'remove' | Beside

/** One change of a page. Changes are made one after the other. */
export interface Change {
  readonly how: How
  readonly path: Path
  readonly html: string
  /** The element in which a parser has to read the HTML. */
  readonly within: { readonly tag: string; readonly space: Space; readonly opaque?: boolean }
}

/** HTML in a page, and what is added to it for a time so that later changes are small. */
export interface PageHtml {
  readonly tree: HtmlTree
  /** Texts whose end stands in a temporary element: how many characters of it. */
  readonly tails: ReadonlyMap<HtmlNode, number>
  /** Elements with the temporary attribute that keeps a morph from their children. */
  readonly skipped: ReadonlySet<HtmlNode>
}

/** The temporary element in which the end of a text stands while it changes. */
export const TAIL = 'swap-text'
/** An element that tells a page that the children of its parent are as they shall be. */
const FINISHED = 'swap-end'

const NO_TAILS: PageHtml['tails'] = new Map()
const NO_SKIPPED: PageHtml['skipped'] = new Set()

/** A page as it is without anything temporary, or with what is there. */
export function pageHtml(
  tree: HtmlTree,
  tails: PageHtml['tails'] = NO_TAILS,
  skipped: PageHtml['skipped'] = NO_SKIPPED,
): PageHtml {
  // Every stream has a page, and few of them have anything temporary in it.
  return {
    tree,
    tails: tails.size === 0 ? NO_TAILS : tails,
    skipped: skipped.size === 0 ? NO_SKIPPED : skipped,
  }
}

/** Tells if two pages show the same, with the same temporary elements. */
export function isSamePage(a: PageHtml, b: PageHtml): boolean {
  const isBare = ({ tails, skipped }: PageHtml): boolean => tails.size === 0 && skipped.size === 0
  return a === b || (a.tree === b.tree && isBare(a) && isBare(b))
}

export function stepTo(path: Path, { children }: HtmlNode, child: HtmlNode): Path {
  const before = children.slice(0, children.indexOf(child)).filter(isElement)
  const nth = 1 + before.filter(({ tag }) => tag === child.tag).length
  return [...path, { tag: child.tag, nth, index: before.length }]
}

/**
 * The changes that take the temporary elements and attributes out of a page.
 *
 * @param moves Tells if the client moves something of this HTML out of the page, and looks for its new place in the HTML.
 */
export function removeTemporary(
  { tree, tails, skipped }: PageHtml,
  moves: (html: string) => boolean = () => false,
): Change[] {
  const found: Change[] = []
  const walk = (parent: HtmlNode, path: Path): void => {
    let nth = 0
    for (const child of parent.children) {
      const chars = tails.get(child)
      if (chars !== undefined) {
        nth += 1
        const at = [...path, { tag: TAIL, nth, index: 0 }]
        const html = tree.html.slice(child.end - chars, child.end)
        found.push({ how: 'remove', path: at, html: '', within: parent })
        if (html !== '') found.push({ how: 'before', path: at, html, within: parent })
      } else if (child.children.length > 0 || skipped.has(child)) {
        const to = stepTo(path, parent, child)
        // What is temporary inside of it goes first: a page may leave its children alone.
        if (skipped.has(child)) found.push(...released(tree, parent, child, to, moves))
        walk(child, to)
      }
    }
  }
  if (tails.size > 0 || skipped.size > 0) walk(tree.root, [])
  return found.toReversed()
}

/**
 * Takes from an element the attribute that keeps a morph from its children. A page that knows the mark leaves the children
 * alone, any other one morphs them into what they are. Out: the last first.
 */
function released(
  tree: HtmlTree,
  parent: HtmlNode,
  child: HtmlNode,
  path: Path,
  moves: (html: string) => boolean,
): Change[] {
  const html = partOf(tree, child.start, child.end)
  const whole: Change = { how: 'replace', path, html, within: parent }
  // Children that are left alone give nothing its place.
  if (child.space !== 'html' || child.tag in HOLDS || moves(html)) return [whole]
  const mark = `<${FINISHED}></${FINISHED}>`
  const at = [...path, { tag: FINISHED, nth: 1, index: 0 }]
  return [
    { how: 'remove', path: at, html: '', within: child },
    whole,
    { how: 'end', path, html: mark, within: child },
  ]
}
