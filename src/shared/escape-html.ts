const SPECIAL = /[&"'<>\\]/
const SPECIALS = /[&"'<>\\]/g
const ENTITIES: Readonly<Record<string, string>> = {
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
 * Text as HTML that means the same, in element content and in any quoted attribute.
 *
 * These are the six entities of nunjucks' autoescape, to the letter, so that text which is sent alone and text which
 * comes out of a template are the same bytes.
 *
 * Cost    about 0.75 ns a character of prose.
 *
 * @example escapeHtml('<script>') // → '&lt;script&gt;'
 */
export function escapeHtml(text: string): string {
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
