import { SafeString } from './internals.ts'

/** Text that is already HTML: autoescape lets it through as it is. */
export interface SafeHtml {
  readonly length: number
  toString(): string
}

/**
 * Marks text as finished HTML, so that a filter or a global may return markup under autoescape.
 *
 * The caller vouches for it: never mark what a user or a model wrote, unless it went through a sanitizer.
 *
 * @example
 * const badge = (name: string) => safeHtml(`<b class="badge">${escapeHtml(name)}</b>`)
 * nunjucksEngine({ templates: 'templates', filters: { badge } })
 */
export function safeHtml(html: string): SafeHtml {
  return new SafeString(html) as SafeHtml
}
