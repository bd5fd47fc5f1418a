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

/** Schemes that only lead somewhere. A URL without one stays on this site. */
const LEADS_SOMEWHERE = /^(?:https?|mailto|tel):/i
/** A scheme as a browser sees it, without the blanks and control characters that it ignores. */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i

/**
 * Checks that a URL does nothing but lead somewhere: `javascript:` and `data:` run what they hold.
 *
 * @example isSafeUrl('/docs?q=1') // → true
 * @example isSafeUrl('java\nscript:alert(1)') // → false
 */
export function isSafeUrl(url: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what browsers drop
  const seen = url.replace(/[\u0000-\u0020\u007f-\u009f]/g, '')
  return !SCHEME.test(seen) || LEADS_SOMEWHERE.test(seen)
}
