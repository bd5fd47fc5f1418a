import { Stoppable } from '../shared/stoppable.ts'
import type { TokenSource } from '../models/token-source.ts'
import { tokens as readTokens } from '../models/tokens.ts'
import { Fragment } from './fragment.ts'
import { foretell } from './outlook.ts'
import { streamToFragments, type StreamToFragmentsOptions } from './stream-to-fragments.ts'

/** The blocks of an answer with sources, and what they are drawn with. */
export interface StreamWithSourcesOptions extends Omit<StreamToFragmentsOptions, 'onPart'> {
  /** What the answer stands on. Shown first and once; null or absent shows nothing. */
  readonly sources?: readonly unknown[] | PromiseLike<readonly unknown[] | null | undefined> | null
  /** The block that shows the answer. Default `response`. */
  readonly responseBlock?: string
  /** The block that shows the sources. Default `sources`. */
  readonly sourcesBlock?: string
  /** `#id` of the element that shows the sources. Default `#` and the name of their block. */
  readonly sourcesTarget?: string
}

/**
 * An answer that shows what it stands on: the sources first, then the growing text.
 *
 * In      tokens as for `streamToFragments`; sources known now or soon. Both blocks get `sources`.
 * Out     one Fragment of the sources block, then those of `streamToFragments`, then those of `onDone`.
 * Ends    closes the tokens exactly once, at once also when they are silent. They are not read before the sources are
 *         there.
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
  options: StreamWithSourcesOptions = {},
): AsyncGenerator<Fragment, void, undefined> {
  const { responseBlock = 'response', sourcesBlock = 'sources' } = options
  const { sourcesTarget = `#${sourcesBlock}`, contextKey = 'text', statusBlock, onDone } = options
  const read = readTokens(tokens)
  let answer: AsyncGenerator<Fragment, void, undefined> | undefined
  let stopped = false
  const known = async (): Promise<Readonly<Record<string, unknown>>> => {
    const sources = await options.sources
    return { ...options.extraContext, ...(sources ? { sources } : {}) }
  }

  async function* drawn(): AsyncGenerator<Fragment, void, undefined> {
    try {
      const extraContext = await known()
      if (await options.sources)
        yield new Fragment(template, sourcesBlock, extraContext, { target: sourcesTarget })
      if (stopped) return

      answer = streamToFragments(read, template, responseBlock, { ...options, extraContext })
      yield* answer
    } finally {
      // A model that was called already must not be paid for when its sources fail.
      await read.return('')
    }
  }
  const fragments = new Stoppable(drawn(), () => {
    stopped = true
    return (answer ?? read).return('' as never)
  })
  if (onDone === undefined && statusBlock === undefined)
    foretell(fragments, async () => ({
      template,
      key: contextKey,
      context: { ...(await known()), streaming: false, failed: false },
    }))
  return fragments
}
