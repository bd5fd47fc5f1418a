import { WithId } from '../streams/source.ts'
import { toCursor } from './run-id.ts'
import { Position, type View } from './view.ts'

/**
 * So far a reader may be ahead of what this node knows: he was told by the producing node what its store did not keep
 * any more. More than that is no position, but a number.
 */
const MOST_AHEAD = 4_096

/**
 * What one viewer is told of a run: of each block the newest state, of the rest what came after `from`; then whatever
 * comes, until the run ends. He finds out when he asks, so nothing is kept for him.
 *
 * Ends    returns how the run ended; `return()` only lets this viewer go.
 *
 * @param onLeave Called once, when he has gone.
 */
export function follow(
  view: View,
  from: number,
  onLeave: () => void,
): AsyncIterableIterator<WithId, unknown> {
  let position: Position | undefined
  let waiting: ((result: IteratorResult<WithId, unknown>) => void) | undefined
  let left = false

  const told = (): IteratorResult<WithId, unknown> | undefined => {
    if (left) return { done: true, value: undefined }
    if (!view.ready) return undefined
    position ??= new Position(view, isBelievable(from, view) ? from : 0)
    const next = position.take()
    if (next) {
      const more = position.behind || view.ended !== undefined
      return { done: false, value: new WithId(toCursor(next.seq), next.value, more) }
    }
    if (view.ended === undefined) return undefined
    leave()
    return { done: true, value: view.ended }
  }
  let forget = (): unknown => undefined
  const wait = (): void => {
    forget = view.wait(() => {
      const resolve = waiting
      waiting = undefined
      const result = told()
      if (result) return resolve?.(result)
      waiting = resolve
      wait()
    })
  }
  const leave = (): void => {
    if (left) return
    left = true
    forget()
    waiting?.({ done: true, value: undefined })
    waiting = undefined
    onLeave()
  }

  return {
    next() {
      const result = told()
      if (result) return Promise.resolve(result)
      return new Promise((resolve) => {
        waiting = resolve
        wait()
      })
    },
    async return() {
      leave()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Whoever is ahead of a log that is whole has not been here. */
function isBelievable(from: number, { last, ended }: View): boolean {
  if (from <= last) return true
  return from <= last + MOST_AHEAD && (ended === undefined || ended.reason === 'interrupted')
}
