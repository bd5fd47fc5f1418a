const SPECIAL = /[&"'<>\\]/
const SPECIALS = /[&"'<>\\]/g
const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '"': '&quot;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
  '\\': '&#92;',
}
const entity = (character: string): string => ENTITIES[character]!

/** From here on six passes that mostly find nothing are cheaper than one pass with a callback per match. */
const LONG_CHARS = 64

/**
 * What autoescape does: nunjucks' own six entities, to the letter, found faster. Most short texts have nothing to escape,
 * and most of a long one is not special.
 *
 * Cost    about 0.75 ns a character of prose.
 *
 * @example escapeLikeNunjucks('a < b') // 'a &lt; b'
 */
export function escapeLikeNunjucks(text: string): string {
  if (text.length >= LONG_CHARS) {
    let html = text.includes('&') ? text.replaceAll('&', '&amp;') : text
    if (html.includes('"')) html = html.replaceAll('"', '&quot;')
    if (html.includes("'")) html = html.replaceAll("'", '&#39;')
    if (html.includes('<')) html = html.replaceAll('<', '&lt;')
    if (html.includes('>')) html = html.replaceAll('>', '&gt;')
    if (html.includes('\\')) html = html.replaceAll('\\', '&#92;')
    return html
  }
  return SPECIAL.test(text) ? text.replace(SPECIALS, entity) : text
}
