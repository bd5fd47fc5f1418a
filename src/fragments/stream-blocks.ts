import { abortable, abortableGenerator } from '../shared/abortable.ts'
import { toError } from '../shared/hooks.ts'
import { failures, Fragment, type BlockContext } from './fragment.ts'

/**
 * Streams the slow parts of a page, each as soon as its data is ready, whichever comes first.
 *
 * In      block → its context, or a promise of it. Start them with the stream's `signal`.
 * Out     one Fragment a block, for the element whose id is the block's name. To a browser without scripts the same
 *         stream is the whole page.
 * Ends    when all are rendered; at once when its reader leaves.
 * Throws  the first failure, after everything else has been sent. The place of each block that failed shows a notice.
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
    Object.entries(contexts).map(([block, context]) => {
      const settled = Promise.allSettled([context])
      return [block, settled.then(([result]) => ({ block, result }))] as const
    }),
  )
  return abortableGenerator(async function* (signal) {
    let failed: Error | undefined
    while (pending.size > 0) {
      const { block, result } = await abortable(Promise.race(pending.values()), signal)
      pending.delete(block)
      const isThere = result.status === 'fulfilled'
      const context = isThere ? result.value : {}
      const fragment = new Fragment(template, block, context, { target: `#${block}`, final: true })
      if (!isThere) {
        const error = toError(result.reason)
        failed ??= error
        failures.set(fragment, { error })
      }
      yield fragment
    }
    if (failed) throw failed
  })
}
