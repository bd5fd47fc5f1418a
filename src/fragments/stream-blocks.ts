import { Stoppable } from '../shared/stoppable.ts'
import { Fragment } from './fragment.ts'

/** What a block is drawn with: now, or when it is there. */
export type BlockContext = Readonly<Record<string, unknown>>

/**
 * The slow parts of a page, each as soon as its data is there, whichever comes first.
 *
 * In      block → its context, or a promise of it. Start them with the stream's `signal`.
 * Out     one Fragment a block, for the element whose id is the block's name, around the block or its root. To a browser without scripts the same
 *         stream is the whole page.
 * Ends    when all are there; at once when nobody wants them any more.
 * Throws  the first failure, after everything else has been shown.
 *
 * @example
 * const shown = []
 * for await (const { block } of streamBlocks('chat.html', { slow: new Promise((done) => setTimeout(done, 5, {})), fast: {} }))
 *   shown.push(block)
 * shown // → ['fast', 'slow']
 */
export function streamBlocks(
  template: string,
  contexts: Readonly<Record<string, BlockContext | PromiseLike<BlockContext>>>,
): AsyncGenerator<Fragment, void, undefined> {
  let leave!: () => void
  const left = new Promise<undefined>((resolve) => (leave = () => resolve(undefined)))
  // Nothing of it can be rejected unheard, however long it waits for its turn.
  const waiting = new Map(
    Object.entries(contexts).map(([block, context]) => [block, arrival(block, context)] as const),
  )

  async function* drawn(): AsyncGenerator<Fragment, void, undefined> {
    const failures: unknown[] = []
    while (waiting.size > 0) {
      const arrived = await Promise.race([left, ...waiting.values()])
      if (arrived === undefined) return
      const { block } = arrived
      waiting.delete(block)
      if ('failure' in arrived) failures.push(arrived.failure)
      else yield new Fragment(template, block, arrived.context, { target: `#${block}` })
    }
    if (failures.length > 0) throw failures[0]
  }
  return new Stoppable(drawn(), leave)
}

type Arrival =
  | { readonly block: string; readonly context: BlockContext }
  | { readonly block: string; readonly failure: unknown }

async function arrival(
  block: string,
  context: BlockContext | PromiseLike<BlockContext>,
): Promise<Arrival> {
  try {
    return { block, context: await context }
  } catch (failure) {
    return { block, failure }
  }
}
