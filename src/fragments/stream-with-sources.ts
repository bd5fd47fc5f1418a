import { given } from '../base/given.ts'
import type { TokenSource } from '../tokens/tokens.ts'
import { Fragment } from './fragment.ts'
import { streamToFragments } from './stream-to-fragments.ts'

export interface StreamWithSourcesOptions {
  /** What the answer stands on. Shown first and once; null or absent shows nothing. */
  readonly sources?: readonly unknown[] | PromiseLike<readonly unknown[] | null | undefined> | null
  /** The block that shows the answer. Default `response`. */
  readonly responseBlock?: string
  /** The block that shows the sources. Default `sources`. */
  readonly sourcesBlock?: string
  /** `#id` of the element that shows the sources. Default `#` and the name of their block. */
  readonly sourcesTarget?: string
  /** `#id` of the element that shows the answer; default: where the form says. */
  readonly target?: string
  readonly contextKey?: string
  readonly extraContext?: Readonly<Record<string, unknown>>
  /** Called with the whole text after the last frame of the answer; may give more fragments, such as a link to share. */
  readonly onComplete?: (text: string) => Iterable<Fragment> | AsyncIterable<Fragment> | void
}

/**
 * An answer that shows what it stands on: the sources first, then the growing text.
 *
 * In      tokens as for `streamToFragments`; sources known now or soon. Both blocks get `sources`.
 * Out     one Fragment of the sources block, then those of `streamToFragments`, then those of `onComplete`.
 * Ends    closes the tokens exactly once. They are not read before the sources are there.
 * Throws  what the sources, the tokens or `onComplete` throw.
 *
 * @example
 * new EventStream(({ signal }) => {
 *   const sources = search(question)
 *   return streamWithSources(answer(question, sources, signal), 'ask.html', { sources })
 * })
 */
export async function* streamWithSources(
  tokens: TokenSource,
  template: string,
  options: StreamWithSourcesOptions = {},
): AsyncGenerator<Fragment, void, undefined> {
  const {
    responseBlock = 'response',
    sourcesBlock = 'sources',
    contextKey = 'text',
    onComplete,
  } = options
  const { sourcesTarget = `#${sourcesBlock}`, target } = options
  const sources = await options.sources
  const extraContext = { ...options.extraContext, ...(sources ? { sources } : {}) }

  if (sources) yield new Fragment(template, sourcesBlock, extraContext, { target: sourcesTarget })

  let text = ''
  const answer = streamToFragments(tokens, template, responseBlock, {
    contextKey,
    extraContext,
    ...given({ target }),
  })
  for await (const fragment of answer) {
    text = fragment.context[contextKey] as string
    yield fragment
  }
  if (onComplete) yield* onComplete(text) ?? []
}
