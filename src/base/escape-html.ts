const SPECIAL = /[&<>"'`\\]/
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
  '\\': '&#92;',
}

/**
 * Text as HTML that means the same, in element content and in any quoted attribute.
 *
 * Cost    short text without special characters is only tested, not copied.
 *
 * @example escapeHtml('<script>') // → '&lt;script&gt;'
 */
export function escapeHtml(text: string): string {
  return SPECIAL.test(text)
    ? text.replace(/[&<>"'`\\]/g, (character) => ENTITIES[character]!)
    : text
}
