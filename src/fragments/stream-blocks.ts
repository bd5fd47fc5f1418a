import { abortable, abortableGenerator } from '../shared/abortable.ts'
import { Fragment } from './fragment.ts'

/** What a block is rendered with. */
export type BlockContext = Readonly<Record<string, unknown>>

/**
 * Streams the slow parts of a page, each as soon as its data is ready, whichever comes first.
 *
 * In      block → its context, or a promise of it. Start them with the stream's `signal`.
 * Out     one Fragment a block, for the element whose id is the block's name, around the block or its root. To a browser
 *         without scripts the same stream is the whole page.
 * Ends    when all are rendered; at once when its reader leaves.
 * Throws  the first failure, after everything else has been sent.
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
  // Started now, so that no context is rejected unhandled, however long it waits for its turn.
  const pending = new Map(
    Object.entries(contexts).map(([block, context]) => [block, settle(block, context)] as const),
  )
  return abortableGenerator((signal) => inOrderOfArrival(template, pending, signal))
}

interface Settled {
  readonly block: string
  readonly result: PromiseSettledResult<BlockContext>
}

async function settle(
  block: string,
  context: BlockContext | PromiseLike<BlockContext>,
): Promise<Settled> {
  const [result] = await Promise.allSettled([context])
  return { block, result }
}

async function* inOrderOfArrival(
  template: string,
  pending: Map<string, Promise<Settled>>,
  signal: AbortSignal,
): AsyncGenerator<Fragment, void, undefined> {
  const failures: unknown[] = []
  while (pending.size > 0) {
    const { block, result } = await abortable(Promise.race(pending.values()), signal)
    pending.delete(block)
    if (result.status === 'rejected') failures.push(result.reason)
    else yield new Fragment(template, block, result.value, { target: `#${block}` })
  }
  if (failures.length > 0) throw failures[0]
}
