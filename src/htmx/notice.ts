import { escapeHtml } from '../base/escape-html.ts'

/**
 * The sentence that a reader sees when something failed: escaped, announced by screen readers, never with the cause.
 *
 * @example notice('Something went wrong.', 'source/failed', '3f9a')
 */
export function notice(text: string, code: string, id: string): string {
  return `<p class="swapstream-error" role="alert" data-code="${escapeHtml(code)}">${escapeHtml(text)} <small>(${escapeHtml(`${code} ${id}`)})</small></p>`
}
