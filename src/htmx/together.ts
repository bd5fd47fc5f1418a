import { TemplateError } from '../shared/errors.ts'
import type { Fragment } from '../fragments/fragment.ts'
import { blockTree, idOf } from './block-tree.ts'
import { needsContext, withAttribute } from './swaps.ts'
import { escapeHtml } from '../shared/escape-html.ts'

/** A rendered fragment, and its target when it has none of its own. */
export interface Rendered {
  readonly fragment: Fragment
  readonly html: string
  readonly target?: string | undefined
}

/**
 * Several rendered fragments as one answer that is no stream, for htmx 4 and 2: the first without a target goes where the
 * request says, the others to their target, or to the element with the id of their root.
 *
 * Throws  TemplateError `block/no-address`.
 */
export function together(rendered: readonly Rendered[]): string {
  const main = rendered.find(({ fragment }) => fragment.target === undefined)
  const parts = rendered.map((each) => {
    const { fragment, html, target: fallback } = each
    if (each === main) return html
    const id = idOf(blockTree(html))
    const target = fragment.target ?? id ?? fallback
    if (target === undefined) throw noAddress(fragment)
    const style = fragment.swap ?? (id === target ? 'outerHTML' : 'innerMorph')
    if (needsContext(html))
      return `<hx-partial hx-target="${target}" hx-swap="${style}">${html.trim()}</hx-partial>`
    if (style !== 'outerHTML') return `<div hx-swap-oob="${style}:${target}">${html}</div>`
    // On an element around it, `outerHTML` would leave that element in the page.
    if (id !== undefined) return withAttribute(html.trim(), `hx-swap-oob="outerHTML:${target}"`)
    return `<div hx-swap-oob="beforebegin:${target}">${html}</div><div hx-swap-oob="delete:${target}"></div>`
  })
  return parts.join('')
}

/** Makes the error of a second block without a place. */
export function noAddress({ template, block }: Fragment): TemplateError {
  return new TemplateError(
    'block/no-address',
    `Block "${block}" of "${template}" is the second block of this stream, and nothing says where in the page it goes.`,
    { template, block },
    { hint: `Give its root element an id, or the fragment a target: { target: '#${block}' }.` },
  )
}

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
