import { accumulate } from '../tokens/accumulate.ts'
import type { TokenSource } from '../tokens/tokens.ts'
import { Fragment } from './fragment.ts'

export interface StreamToFragmentsOptions {
  /** The name of the growing text in the template. Default `text`. */
  readonly contextKey?: string
  /** More for the template, the same in every frame. The growing text and `streaming` win over equal names. */
  readonly extraContext?: Readonly<Record<string, unknown>>
  /** `#id` of the element that shows the answer; default: where the form says. */
  readonly target?: string
}

/**
 * Draws one template block again as text grows.
 *
 * In      text parts cut anywhere, also inside a character pair or a Markdown mark.
 * Out     one Fragment a token with all the text so far and `streaming = true`; a last one with `streaming = false`,
 *         also when no token came, so that a waiting sign always ends.
 * Cost    one object a token; drawing is paid by whoever takes the fragments, and stale ones need not be drawn.
 * Ends    closes the tokens exactly once: at the end, on a throw, or when the reader stops.
 * Throws  what the tokens throw; first, if anything was written, a last Fragment with `streaming = false` and `failed = true`.
 *
 * @example new EventStream(({ signal }) => streamToFragments(ask(prompt, signal), 'chat.html', 'response'))
 */
export async function* streamToFragments(
  tokens: TokenSource,
  template: string,
  block: string,
  options: StreamToFragmentsOptions = {},
): AsyncGenerator<Fragment, void, undefined> {
  const { contextKey = 'text', extraContext, ...placed } = options
  const drawn = (text: string, streaming: boolean, failed: boolean): Fragment =>
    new Fragment(
      template,
      block,
      { ...extraContext, [contextKey]: text, streaming, failed },
      { ...placed, final: !streaming && !failed },
    )

  let written = ''
  try {
    for await (const { text, final } of accumulate(tokens)) {
      written = text
      yield drawn(text, !final, false)
    }
  } catch (error) {
    // What was written stays readable, and must stop looking busy. It is not final: the notice of the failure still
    // has to find it. With nothing written there is nothing to keep, and a plain HTTP error can still be the answer.
    if (written !== '') yield drawn(written, false, true)
    throw error
  }
}
