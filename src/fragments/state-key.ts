import type { Fragment } from './fragment.ts'

/**
 * Which state of the page a fragment is: of two with the same key the newer one stands for both. Nothing for a fragment
 * that adds or takes something away: each of those counts.
 *
 * @example stateKey(new Fragment('feed.html', 'item', {}, { target: '#feed', swap: 'beforeend' })) // → undefined
 */
export function stateKey({ template, block, target = '', swap }: Fragment): string | undefined {
  const replaces = swap === undefined || swap.startsWith('inner') || swap === 'outerHTML'
  return replaces ? `${template}\0${block}\0${target}` : undefined
}
