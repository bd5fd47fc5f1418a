import type { Fragment } from '../fragments/fragment.ts'
import { reconnectAgain, reconnectElement, reconnectOver } from '../htmx/resume.ts'

/** The way on with a run for a page that cannot reconnect by itself when its connection ends early. */
export interface ReconnectPoint {
  readonly path: string
  /** The ids of the element that asks, and of the one that its answer goes to. */
  readonly source: string | undefined
  readonly target: string | undefined
}

/** The element in the page that goes on with a run. */
export interface Reconnect {
  /** Adds the element before a frame, or behind it where the element goes on from now on. */
  around(fragment: Fragment, messages: readonly string[], id?: string): readonly string[]
  /** Removes the element with the last frame: nothing asks for more. */
  over(): string[]
}

/**
 * Creates the element in the page that goes on with a run. It comes before the first frame, since that may remove the
 * element that asked. Without a point nothing is added; `isInPage` when the page has it from the connection before.
 */
export function createReconnect(
  at: string,
  point: ReconnectPoint | undefined,
  isInPage: boolean,
): Reconnect {
  let after: string | undefined
  return {
    around(fragment, messages, id) {
      after = id ?? after
      if (point === undefined) return messages
      const { path, source, target: to } = point
      if (isInPage && id === undefined) return messages
      if (isInPage) return [...messages, reconnectAgain({ path, at, after, to }, source)]
      const isLast = fragment.final && fragment.target === undefined
      if (messages.length === 0 || isLast) return messages
      isInPage = true
      return [reconnectElement({ path, at, after, to }, source), ...messages]
    },
    over() {
      const messages = isInPage ? [reconnectOver(at)] : []
      isInPage = false
      return messages
    },
  }
}

const connections = new Map<string, () => void>()

/**
 * Shows a run in one place of one page. A reconnect ends the connection before it, which the page may still read: what
 * both add would stand there twice. First connections may have got the same place by chance. Out: ends this one.
 */
export function replaceConnection(
  place: string,
  leave: () => void,
  isReconnect: boolean,
): () => void {
  if (isReconnect) connections.get(place)?.()
  connections.set(place, leave)
  return () => {
    if (connections.get(place) === leave) connections.delete(place)
  }
}
