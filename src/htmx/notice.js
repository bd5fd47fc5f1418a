import { escapeHtml } from '../base/escape-html.ts';
/**
 * The sentence that a reader sees when something failed: escaped, announced by screen readers, never with the cause.
 *
 * @param mark What finds the cause in the log.
 * @example notice('Something went wrong.', 'source/failed 3f9a')
 */
export function notice(text, mark) {
    const small = mark === undefined ? '' : ` <small>(${escapeHtml(mark)})</small>`;
    return `<p class="swapstream-error" role="alert">${escapeHtml(text)}${small}</p>`;
}
