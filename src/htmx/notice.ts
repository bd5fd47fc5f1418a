import { escapeHtml } from '../shared/escape-html.ts'

/**
 * The sentence that a reader sees when something failed: escaped, announced by screen readers, never with the cause.
 *
 * @param mark What finds the cause in the log.
 * @example notice('Something went wrong.', 'source/failed 3f9a')
 */
export function notice(text: string, mark?: string): string {
  const small = mark === undefined ? '' : ` <small>(${escapeHtml(mark)})</small>`
  return `<p class="swapstream-error" role="alert">${escapeHtml(text)}${small}</p>`
}

/** The same for what the reader wanted himself: nothing is wrong, so nobody is alarmed. */
export function quietNotice(text: string): string {
  return `<p class="swapstream-notice" role="status">${escapeHtml(text)}</p>`
}
