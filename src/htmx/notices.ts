import { escapeHtml } from '../shared/escape-html.ts'

/**
 * The sentence that a person sees when something failed: escaped, announced by screen readers, never with the cause.
 *
 * @param errorId What finds the cause in the log.
 * @example notice('Something went wrong.', 'source/failed 3f9a')
 */
export function notice(text: string, errorId?: string): string {
  const small = errorId === undefined ? '' : ` <small>(${escapeHtml(errorId)})</small>`
  return `<p class="swapstream-error" role="alert">${escapeHtml(text)}${small}</p>`
}

/** The same for what the person wanted: nothing is wrong, so a screen reader does not interrupt. */
export function quietNotice(text: string): string {
  return `<p class="swapstream-notice" role="status">${escapeHtml(text)}</p>`
}
