import { given } from '../shared/given.ts'
import type { Outbox } from './outbox.ts'

/**
 * An outbox whose first message also says after how long a client that was cut off comes back.
 *
 * Beside data, because htmx passes by a message that holds nothing else.
 */
export function withRetry<T>(outbox: Outbox<T>, retryMs: number): Outbox<T> {
  let isSaid = false
  const first = <P>(piece: P): P => {
    if (piece instanceof Promise) return piece.then(first) as P
    if (isSaid || typeof piece !== 'string' || piece === '') return piece
    isSaid = true
    return `retry: ${retryMs}\n${piece}` as P
  }
  const { start, heartbeat } = outbox
  return {
    get empty() {
      return outbox.empty
    },
    get full() {
      return outbox.full
    },
    ...(start && { start: () => first(start.call(outbox)) }),
    ...given({ states: outbox.states }),
    take: (value, id) => outbox.take(value, id),
    next: (report) => first(outbox.next(report)),
    get failure() {
      return outbox.failure
    },
    terminal: (terminal) => first(outbox.terminal(terminal)),
    // A comment is no message: what it says besides would be lost.
    ...(heartbeat && { heartbeat: () => heartbeat.call(outbox) }),
  }
}
