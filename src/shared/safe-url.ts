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
