import type { AddedHtml } from './growing-markdown.ts'

/** The end tags of what nests as deep as the parser lets it. */
const MAX_END_CHARS = 400
const END_TAGS = /(?:<\/[a-z\d]+>\n?)+$/
const VOID = /^<(?:br|hr|img)\b/

/**
 * What one HTML has more than another, when all of that comes at the ends of the elements that the other ends with.
 *
 * Out     in the order in which it has to be added, the innermost first.
 *
 * @example addedHtml('<p>a</p>', '<p>a &amp; b</p>') // → [{ html: ' &amp; b', depth: 1 }]
 * @example addedHtml('<p>a</p>', '<p>a</p>') // → []
 * @example addedHtml('<ul><li>a</li></ul>', '<ul><li>a b</li><li>c</li></ul>') // → [{ html: ' b', depth: 2 }, { html: '<li>c</li>', depth: 1 }]
 * @example addedHtml('<p>a</p>', '<p>b</p>') // → undefined
 */
export function addedHtml(before: string, after: string): AddedHtml[] | undefined {
  const [ends = ''] = END_TAGS.exec(before.slice(-MAX_END_CHARS)) ?? []
  const shared = before.length - ends.length
  if (after.slice(0, shared) !== before.slice(0, shared)) return undefined
  const tags = ends.match(/<[^>]*>\n?/g) ?? []
  const added: AddedHtml[] = []
  const rest = after.slice(shared)
  let start = 0
  let inside = 0
  const add = (to: number): void => {
    if (to > start) added.push({ html: rest.slice(start, to), depth: tags.length })
  }
  for (const { 0: tag, index } of rest.matchAll(/<[^>]*>/g)) {
    if (!tag.startsWith('</')) inside += VOID.test(tag) ? 0 : 1
    else if (inside > 0) inside -= 1
    else {
      const end = tags[0]
      if (end === undefined || !rest.startsWith(end, index)) return undefined
      add(index)
      tags.shift()
      start = index + end.length
    }
  }
  if (tags.length > 0) return undefined
  add(rest.length)
  return added
}
