import { abortable, abortableGenerator } from '../shared/abortable.ts'
import type { Part } from '../models/pieces.ts'
import { readParts } from '../models/parts.ts'
import type { TokenSource } from '../models/source.ts'
import { Fragment, type BlockContext } from './fragment.ts'
import { fragmentsOf, hintStreaming, initialFragments, omitEmpty } from './stream-to-fragments.ts'
import type { StreamToFragmentsOptions } from './stream-to-fragments.ts'

/** The blocks of an answer with sources, and what they are rendered with. */
export interface StreamWithSourcesOptions extends StreamToFragmentsOptions {
  /** The grounds of the answer. Shown first and once; null or absent shows nothing. */
  readonly sources?: readonly unknown[] | PromiseLike<readonly unknown[] | null | undefined> | null
  /** The block that shows the answer. Default `response`. */
  readonly responseBlock?: string
  /** The block that shows the sources; null or an empty name for none. Default `sources`, where the template has such a block. */
  readonly sourcesBlock?: string | null | undefined
  /** `#id` of the element that shows the sources. Default `#` and the name of their block. */
  readonly sourcesTarget?: string
}

/**
 * Streams an answer that shows what it rests on: the sources first, then the growing text.
 *
 * In      tokens as for `streamToFragments`; sources known now or soon. Both blocks get `sources`.
 * Out     one Fragment of the sources block, then those of `streamToFragments`, then those of `onDone`. With `renderInitial`
 *         or `statusBlock`, the answer without sources comes first, while sources are a promise.
 * Ends    closes the tokens exactly once, at once also while they or the sources are silent. They are not read before
 *         the sources are known.
 * Throws  what the sources, the tokens or `onDone` throw.
 *
 * @example
 * new EventStream(({ signal }) => {
 *   const sources = search(question)
 *   return streamWithSources(answer(question, sources, signal), 'ask.html', { sources })
 * })
 */
export function streamWithSources(
  tokens: TokenSource,
  template: string,
  input: StreamWithSourcesOptions = {},
): AsyncGenerator<Fragment, void, undefined> {
  const options = omitEmpty(input)
  const { responseBlock = 'response' } = options
  const { sourcesBlock = 'sources' } = input
  const { sourcesTarget: target = `#${sourcesBlock}` } = options
  const place = { target, optional: options.sourcesBlock === undefined }
  const contextOf = async (): Promise<BlockContext> => {
    const sources = await options.sources
    return { ...options.extraContext, ...(sources && { sources }) }
  }
  async function* withSources(parts: AsyncIterable<Part>, signal: AbortSignal) {
    // What is wanted before the first token does not wait for the sources either.
    if (isLater(options.sources)) yield* initialFragments(template, responseBlock, options)
    const extraContext = await abortable(contextOf(), signal)
    if (sourcesBlock && (await options.sources))
      yield new Fragment(template, sourcesBlock, extraContext, place)
    yield* fragmentsOf(parts, template, responseBlock, { ...options, extraContext })
  }
  const fragments = abortableGenerator((signal) => withSources(readParts(tokens, signal), signal))
  hintStreaming(fragments, template, responseBlock, options, contextOf)
  return fragments
}

function isLater(sources: StreamWithSourcesOptions['sources']): boolean {
  return typeof sources === 'object' && sources !== null && 'then' in sources
}
