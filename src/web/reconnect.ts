import type { Fragment } from '../fragments/fragment.ts'
import { reconnectAgain, reconnectElement, reconnectOver } from '../htmx/resume.ts'

/** The way on with a run for a page that cannot reconnect by itself when its connection ends early. */
export interface ReconnectPoint {
  readonly path: string
  /** The ids of the element that asks, and of the one that its answer goes to. */
  readonly source: string | undefined
  readonly target: string | undefined
}

/**
 * The element in the page that goes on with a run. It comes before the first frame, since that may take away the
 * element that asked, and it is taken away with the last.
 */
export class Reconnect {
  readonly #at: string
  readonly #point: ReconnectPoint | undefined
  #isInPage: boolean
  /** Up to where the page has the events of the run. */
  #after: string | undefined

  /**
   * @param point Nothing when no element has to be brought.
   * @param isInPage The page has it from the connection before.
   */
  constructor(at: string, point: ReconnectPoint | undefined, isInPage: boolean) {
    this.#at = at
    this.#point = point
    this.#isInPage = isInPage
  }

  /** A frame with the element before it, or with where the element goes on from now on. */
  around(
    fragment: Fragment,
    messages: readonly string[],
    id: string | undefined,
  ): readonly string[] {
    if (id !== undefined) this.#after = id
    if (this.#point === undefined) return messages
    const { path, source, target } = this.#point
    const point = { path, at: this.#at, after: this.#after, to: target }
    if (this.#isInPage)
      return id === undefined ? messages : [...messages, reconnectAgain(point, source)]
    if (messages.length === 0 || (fragment.final && fragment.target === undefined)) return messages
    this.#isInPage = true
    return [reconnectElement(point, source), ...messages]
  }

  /** After the last frame nothing asks for more. */
  over(): string[] {
    if (!this.#isInPage) return []
    this.#isInPage = false
    return [reconnectOver(this.#at)]
  }
}

const connections = new Map<string, () => void>()

/**
 * Shows a run in one place of one page. A reconnect ends the connection that showed it there before: the page may still
 * read that one, and what both add would stand there twice.
 *
 * Out     a function for when this connection has ended.
 *
 * @param place The run, and the prefix of its ids in the page.
 * @param leave Ends this connection without another word.
 * @param isReconnect First connections never end each other: two may have got the same prefix by chance.
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
