import { SourceError } from '../base/errors.ts'
import { escapeHtml } from '../base/escape-html.ts'
import { Fragment } from '../fragments/fragment.ts'
import { Addresser } from '../htmx/addresser.ts'
import { notice } from '../htmx/notice.ts'
import type { TemplateEngine } from '../render/engine.ts'
import type { EndReason } from '../streams/event-stream.ts'
import type { PublicError, Wire } from '../streams/wire.ts'
import { encodeComment, encodeEvent } from '../wire/sse.ts'
import { ServerSentEvent } from '../wire/server-sent-event.ts'
import { Renders } from './renders.ts'

/**
 * The wire that htmx reads: a value is drawn, addressed and encoded, one function after the other.
 *
 * Fragments are unnamed messages, because htmx swaps no other; a failure is a notice in the page, because htmx knows
 * no error event; the end is `event: done` with its reason.
 */
export class FragmentsWire implements Wire<unknown> {
  readonly #renders: Renders
  readonly #addresser = new Addresser()

  constructor(engine: TemplateEngine) {
    this.#renders = new Renders(engine)
  }

  value(value: unknown): string | Promise<string> {
    if (value instanceof Fragment) {
      const html = this.#renders.render(value)
      return typeof html === 'string'
        ? this.#frame(value, html)
        : html.then((text) => this.#frame(value, text))
    }
    if (value instanceof ServerSentEvent) return encodeEvent(value)
    // Text is text: as HTML it could do anything the page can.
    if (typeof value === 'string') return encodeEvent({ data: escapeHtml(value) })
    throw new SourceError('source/value', `A stream for htmx cannot send ${describe(value)}.`, {
      hint: 'Yield a Fragment, a ServerSentEvent, or text.',
    })
  }

  terminal(reason: EndReason, error?: PublicError): string {
    const below = error ? this.#addresser.below(notice(error.message, error.code, error.id)) : ''
    const last = below + this.#addresser.end()
    // `done` needs a data line: without one the browser's own EventSource never delivers it.
    return (
      (last && encodeEvent({ data: last })) +
      encodeEvent({ event: 'done', data: JSON.stringify({ reason }) })
    )
  }

  heartbeat(): string {
    return encodeComment('ping')
  }

  #frame(fragment: Fragment, html: string): string {
    return encodeEvent({ data: this.#addresser.address(fragment, html) })
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object'
    ? `a ${value.constructor?.name ?? 'bare object'}`
    : `a ${typeof value}`
}
