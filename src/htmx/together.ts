import { TemplateError } from '../shared/errors.ts'
import type { Fragment } from '../fragments/fragment.ts'
import { spaceOf } from '../html/tags.ts'
import type { Space } from '../html/tree.ts'
import { blockTree, idOf } from './block-tree.ts'
import { firstMessages, partial } from './out-of-band.ts'
import { htmxHeaders } from './response.ts'
import { enclosed, literalSwap, needsContext, withAttribute } from './swaps.ts'
import { escapeHtml } from '../shared/escape-html.ts'

/** A rendered fragment, and its target when it has none of its own. */
export interface Rendered {
  readonly fragment: Fragment
  readonly html: string
  readonly target?: string | undefined
}

/** An answer that is no stream: its HTML, and the headers by which htmx puts it where it belongs. */
export interface WholeAnswer {
  readonly html: string
  readonly headers: Readonly<Record<string, string>>
}

/** The id of the element in which parts of SVG or MathML come; it does not stay in the page. */
const AROUND = 'swap-space'

/**
 * The main block of an answer that is no stream.
 *
 * Parts of SVG or MathML come in an element of theirs, because htmx reads HTML; a header makes htmx take them out of it.
 *
 * @param more A selector of elements that are added to the answer.
 */
export function mainAnswer(html: string, space: Space, more: string = ''): WholeAnswer {
  if (space === 'html') return { html, headers: {} }
  const around = enclosed(html, space, ` id="${AROUND}"`)
  return { html: around, headers: htmxHeaders({ reselect: `#${AROUND}>*${more}` }) }
}

/** A block with what it sends to other places of the page. */
function wholeBlock(html: string, morphs: boolean): WholeAnswer {
  const tree = blockTree(html)
  const { html: own, more } = firstMessages(morphs, tree)
  const answer = mainAnswer(own, tree.root.space)
  return { ...answer, html: answer.html + more.join('') }
}

/**
 * Several rendered fragments as one answer that is no stream, for htmx 4 (`morphs`) and 2: the first without a target goes
 * where the request says, the others to their target, or to the element with the id of their root.
 *
 * Throws  TemplateError `block/no-address`.
 */
export function together(rendered: readonly Rendered[], morphs: boolean): WholeAnswer {
  const main = rendered.find(({ fragment }) => fragment.target === undefined)
  const own = main && wholeBlock(main.html, morphs)
  const parts = rendered.map((each) => {
    const { fragment, html, target: fallback } = each
    if (each === main) return own!.html
    const id = idOf(blockTree(html))
    const target = fragment.target ?? id ?? fallback
    if (target === undefined) throw noAddress(fragment)
    const style = fragment.swap ?? (id === target ? 'outerHTML' : 'innerMorph')
    if (spaceOf(html) !== 'html') return literalSwap(morphs, style, target, html).join('')
    if (needsContext(html)) return partial(style, target, html.trim())
    if (style !== 'outerHTML') return `<div hx-swap-oob="${style}:${target}">${html}</div>`
    // On an element around it, `outerHTML` would leave that element in the page.
    if (id !== undefined) return withAttribute(html.trim(), `hx-swap-oob="outerHTML:${target}"`)
    return `<div hx-swap-oob="beforebegin:${target}">${html}</div><div hx-swap-oob="delete:${target}"></div>`
  })
  return { html: parts.join(''), headers: own?.headers ?? {} }
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
