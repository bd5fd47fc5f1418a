import type { Fragment } from '../fragments/fragment.ts'
import type { Addresser } from '../htmx/addresser.ts'
import {
  resumeElement,
  resumeElementAgain,
  resumeElementInPage,
  resumeOver,
} from '../htmx/resume.ts'
import { encodeEvent } from '../wire/sse.ts'

/** How a page goes on with a run when it is cut off, for a client that would not come back by itself. */
export interface Resume {
  readonly path: string
  /** The ids of the element that asked, and of the one that its answer goes to. */
  readonly source: string | undefined
  readonly target: string | undefined
}

/** The element of ours in the page that goes on with a run: brought with its first frame, taken away with its last. */
export class Resumption {
  readonly #addresser: Addresser
  readonly #resume: Resume | undefined
  #inPage: boolean
  /** It would have to bring the main block, which is not there yet. */
  #bare = false
  /** Up to where the page has what is no state. */
  #after: string | undefined

  /**
   * @param resume Nothing when no element has to be brought.
   * @param inPage The page has it from the connection before.
   */
  constructor(addresser: Addresser, resume: Resume | undefined, inPage: boolean) {
    this.#addresser = addresser
    this.#resume = resume
    this.#inPage = inPage
  }

  /** Goes behind a frame: the element, or where it would have to begin from now on. */
  behind(fragment: Fragment, html: string, id: string | undefined): string {
    if (this.#resume === undefined) return ''
    const { path, source, target } = this.#resume
    if (id !== undefined) this.#after = id
    const comes = this.#bare && fragment.target === undefined
    if (comes) this.#bare = false
    const from = this.#inPage ? undefined : this.#addresser.resumesFrom(fragment, html)
    if (from !== undefined) this.#bare = fragment.target !== undefined && target !== undefined
    const to = this.#bare ? target : undefined
    const point = { path, at: this.#addresser.prefix, after: this.#after, to }
    if (this.#inPage) return comes || id !== undefined ? resumeElementAgain(point, source) : ''
    if (from === undefined) return ''
    this.#inPage = true
    return from === 'here' ? resumeElement(point, source) : resumeElementInPage(point, source)
  }

  /** After the last frame nothing asks for more. */
  over(): string {
    if (!this.#inPage) return ''
    this.#inPage = false
    return encodeEvent({ data: resumeOver(this.#addresser.prefix) })
  }
}
