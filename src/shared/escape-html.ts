const SPECIAL = /[&"'<>\\]/g
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '"': '&quot;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
  '\\': '&#92;',
}

/**
 * Writes text as HTML that means the same, in element content and in any quoted attribute.
 *
 * These are the six entities of nunjucks' autoescape, so that text which is sent alone and text which comes out of a
 * template are the same bytes.
 *
 * @example escapeHtml('<script>') // → '&lt;script&gt;'
 */
export function escapeHtml(text: string): string {
  return text.replace(SPECIAL, (character) => ENTITIES[character]!)
}
