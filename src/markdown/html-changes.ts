import type { HtmlChange } from './growing-markdown.ts'

/** The end tags of what nests as deep as the parser lets it. */
const MAX_END_CHARS = 400
const END_TAGS = /(?:<\/[a-z\d]+>\n?)+$/
const TAG = /<[^>]*>/g
const VOID = /^<(?:br|hr|img)\b/

/**
 * What turns one HTML into another one, when nothing has changed but the last of its elements, and what comes at the ends
 * of the elements that it ends with.
 *
 * In      HTML of the parser's own, well-formed.
 * Out     in the order in which it has to be done, the innermost first.
 *
 * @example htmlChanges('<p>a</p>', '<p>a &amp; b</p>') // → [{ path: ['p'], html: ' &amp; b' }]
 * @example htmlChanges('<p>a</p>', '<p>a</p>') // → []
 * @example htmlChanges('<ul><li>a</li></ul>', '<ul><li>a b</li><li>c</li></ul>') // → [{ path: ['ul', 'li'], html: ' b' }, { path: ['ul'], html: '<li>c</li>' }]
 * @example htmlChanges('<p>a</p>', '<h1>a</h1><p>b</p>') // → [{ path: ['p'], html: '<h1>a</h1>', replaces: true }, { path: [], html: '<p>b</p>' }]
 * @example htmlChanges('<p>a</p>', '') // → undefined
 */
export function htmlChanges(before: string, after: string): HtmlChange[] | undefined {
  const added = addedHtml(before, after)
  if (added) return added
  const open = openAtTheEnd(before)
  const path = pathOf(endTags(before))
  for (let depth = open.length; depth > 0; depth--) {
    const start = open[depth - 1]!
    if (after.slice(0, start) !== before.slice(0, start)) continue
    const html = elementAt(after, start)
    const replaced = elementAt(before, start)!
    const rest =
      html &&
      addedHtml(before.slice(0, start) + html + before.slice(start + replaced.length), after)
    if (rest) return [{ path: path.slice(0, depth), html, replaces: true }, ...rest]
  }
  return undefined
}

/** What one HTML has more than another, when all of that comes at the ends of the elements that the other ends with. */
function addedHtml(before: string, after: string): HtmlChange[] | undefined {
  const tags = endTags(before)
  const shared = before.length - tags.join('').length
  if (after.slice(0, shared) !== before.slice(0, shared)) return undefined
  const added: HtmlChange[] = []
  const rest = after.slice(shared)
  let start = 0
  let inside = 0
  const add = (to: number): void => {
    if (to > start) added.push({ path: pathOf(tags), html: rest.slice(start, to) })
  }
  for (const { 0: tag, index } of rest.matchAll(TAG)) {
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

function endTags(html: string): string[] {
  const [ends = ''] = END_TAGS.exec(html.slice(-MAX_END_CHARS)) ?? []
  return ends.match(/<[^>]*>\n?/g) ?? []
}

/** From end tags, the innermost first, to the names of their elements, the outermost first. */
function pathOf(tags: readonly string[]): string[] {
  return tags.map((tag) => tag.slice(2, tag.indexOf('>'))).toReversed()
}

/** Where the elements begin that the HTML ends with, the outermost first. */
function openAtTheEnd(html: string): number[] {
  const open: number[] = []
  for (const { 0: tag, index } of html.slice(0, -endTags(html).join('').length).matchAll(TAG)) {
    if (tag.startsWith('</')) open.pop()
    else if (!VOID.test(tag)) open.push(index)
  }
  return open
}

/** The element that begins at a place; nothing when something else does. */
function elementAt(html: string, start: number): string | undefined {
  let inside = 0
  for (const { 0: tag, index } of html.slice(start).matchAll(TAG)) {
    if (index > 0 && inside === 0) return undefined
    inside += tag.startsWith('</') ? -1 : VOID.test(tag) ? 0 : 1
    if (inside < 0) return undefined
    if (inside === 0) return html.slice(start, start + index + tag.length)
  }
  return undefined
}
