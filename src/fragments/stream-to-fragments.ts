import { given } from '../base/given.ts'
import { Stoppable } from '../base/stoppable.ts'
import { accumulate } from '../tokens/accumulate.ts'
import type { TokenSource } from '../tokens/token-source.ts'
import { Fragment } from './fragment.ts'
import { foretell } from './outlook.ts'

/** What the template is given beside the text, and what follows it. */
export interface StreamToFragmentsOptions {
  /** The name of the growing text in the template. Default `text`. */
  readonly contextKey?: string
  /** More for the template, the same in every frame. The growing text and `streaming` win over equal names. */
  readonly extraContext?: Readonly<Record<string, unknown>>
  /** `#id` of the element that shows the answer; default: where the form says. */
  readonly target?: string
  /** Called with the whole text after the last frame; may give more fragments, such as a link to share. */
  readonly onDone?: OnDone
}

/** What follows an answer that is whole. */
export type OnDone = (text: string) => Iterable<Fragment> | AsyncIterable<Fragment> | void

/** An answer that ended before it was whole must not look busy for ever. */
const CUT = Object.freeze({ streaming: false, failed: true })

/**
 * Draws one template block again as text grows.
 *
 * In      whatever `tokens` reads; text may be cut anywhere, also inside a character pair or a Markdown mark.
 * Out     one Fragment a token with all the text so far and `streaming = true`; a last one with `streaming = false`,
 *         also when no token came, so that a waiting sign always ends; then the fragments of `onDone`.
 * Cost    one object a token; drawing is paid by whoever takes the fragments, and stale ones need not be drawn.
 * Ends    closes the tokens exactly once: at the end, on a throw, or when the reader stops, at once also when they are
 *         silent.
 * Throws  what the tokens or `onDone` throw. What was written stays: each Fragment says how it looks when it is cut
 *         (`streaming = false`, `failed = true`).
 *
 * @example new EventStream(({ signal }) => streamToFragments(ask(prompt, signal), 'chat.html', 'response'))
 */
export function streamToFragments(
  tokens: TokenSource,
  template: string,
  block: string,
  options: StreamToFragmentsOptions = {},
): AsyncGenerator<Fragment, void, undefined> {
  const { contextKey = 'text', extraContext, target, onDone } = options
  // Every key stands in both from the start: an object that is copied and then extended costs thirty times as much.
  const context = { ...extraContext, streaming: true, failed: false, [contextKey]: '' }
  const addressed = { ...given({ target }), cut: CUT, final: false, grows: { key: '', delta: '' } }
  let whole = ''
  const fragments = accumulate(tokens, {}, ({ text, delta, final }) => {
    if (onDone) whole = text
    const state = { ...context, streaming: !final, [contextKey]: text }
    const grows = { key: contextKey, delta }
    return new Fragment(template, block, state, { ...addressed, final, grows })
  })
  if (onDone) return followed(fragments, () => onDone(whole))
  foretell(fragments, () => ({
    template,
    key: contextKey,
    context: { ...context, streaming: false },
  }))
  return fragments
}

/** The fragments, and behind a good end those that only the whole can give. */
function followed(
  fragments: AsyncGenerator<Fragment, void, undefined>,
  onDone: () => ReturnType<OnDone>,
): AsyncGenerator<Fragment, void, undefined> {
  let stopped = false
  async function* both(): AsyncGenerator<Fragment, void, undefined> {
    yield* fragments
    if (!stopped) yield* onDone() ?? []
  }
  return new Stoppable(both(), () => {
    stopped = true
    return fragments.return()
  })
}
