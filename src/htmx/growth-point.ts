import { openElementAt } from './root.ts'

/** The element of a block whose text grows: what comes next belongs at its end. */
export interface GrowthPoint {
  readonly tag: string
  /** Where in the block's HTML attributes of the element can be added. */
  readonly attributesAt: number
  /** The element's own id. */
  readonly id: string | undefined
  /** What stands in the element before the text. */
  readonly before: string
  /** Where the text ends, for now. */
  readonly endsAt: number
}

/**
 * Finds the element that ends right behind the growing text of a block.
 *
 * The block is given twice, with the text and without it: the one place where they differ, in front of the end tag, is
 * where the text stands. There is only one, because neither escaped text nor drawn Markdown begins with an end tag.
 *
 * In      the block's HTML; the same with the text empty; the text as it comes out; the element's tag.
 * Out     nothing when the two do not differ by that text alone, or not at all, as long as nothing of it is seen; nothing
 *         when the element's id cannot be addressed.
 *
 * @example growthPointOf('<p>Hel</p>', '<p></p>', 'Hel', 'p')?.attributesAt // → 2
 */
export function growthPointOf(
  html: string,
  empty: string,
  grown: string,
  tag: string,
): GrowthPoint | undefined {
  if (grown === '' || html.length !== empty.length + grown.length) return undefined
  const endTag = `</${tag}`
  for (let at = empty.indexOf(endTag); at !== -1; at = empty.indexOf(endTag, at + 1)) {
    if (!html.startsWith(grown, at)) continue
    if (html.slice(0, at) !== empty.slice(0, at) || !html.endsWith(empty.slice(at))) continue
    const element = openElementAt(empty, at, tag)
    if (element === undefined) return undefined
    const { innerStart, ...named } = element
    return { ...named, tag, before: empty.slice(innerStart, at), endsAt: at + grown.length }
  }
  return undefined
}
