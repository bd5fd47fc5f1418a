import { SourceError } from '../base/errors.ts'
import { escapeHtml } from '../base/escape-html.ts'
import { Fragment } from '../fragments/fragment.ts'
import { given } from '../base/given.ts'
import { Addresser } from '../htmx/addresser.ts'
import { notice } from '../htmx/notice.ts'
import type { TemplateEngine } from '../render/engine.ts'
import { farewell } from '../streams/farewell.ts'
import type { Delivery } from '../streams/event-stream.ts'
import type { EndReason } from '../streams/stream-end.ts'
import type { Terminal, Wire } from '../streams/wire.ts'
import { encodeComment, encodeEvent } from '../wire/sse.ts'
import { ServerSentEvent } from '../wire/server-sent-event.ts'
import { GrownText } from './grown-text.ts'
import { Renders } from './renders.ts'

/** What a reader is told about an answer that is not whole. A failure has its own words. */
const CUT_NOTICES: Partial<Record<EndReason, string>> = {
  limit: 'The answer reached its limit and was cut here.',
  timeout: 'The answer took too long and was cut here.',
  shutdown: 'The server is restarting, so the answer was cut here. Please ask again.',
}

/**
 * The wire that htmx reads: a value is drawn, addressed and encoded, one function after the other.
 *
 * Fragments are unnamed messages, because htmx swaps no other; a failure is a notice in the page, because htmx knows
 * no error event; the end is `event: done` with its reason.
 */
export class FragmentsWire implements Wire<unknown> {
  readonly #renders: Renders
  readonly #addresser = new Addresser()
  /** The newest fragment of each block that is still being written. */
  readonly #unsettled = new Map<string, Fragment>()
  /** The blocks whose text may travel alone. */
  readonly #grown = new Map<string, GrownText>()

  readonly #delivery: Delivery

  constructor(engine: TemplateEngine, delivery: Delivery) {
    this.#renders = new Renders(engine)
    this.#delivery = delivery
  }

  value(value: unknown): string | Promise<string> {
    if (value instanceof Fragment) return this.#added(value) ?? this.#whole(value)
    if (value instanceof ServerSentEvent) return encodeEvent(value)
    // Text is text: as HTML it could do anything the page can.
    if (typeof value === 'string') return encodeEvent({ data: escapeHtml(value) })
    throw new SourceError('source/value', `A stream for htmx cannot send ${describe(value)}.`, {
      hint: 'Yield a Fragment, a ServerSentEvent, or text.',
    })
  }

  async terminal({ reason, error }: Terminal): Promise<string> {
    const told = error
      ? notice(error.message, `${error.code} ${error.id}`)
      : CUT_NOTICES[reason] && notice(CUT_NOTICES[reason])
    // The notice first: it goes next to the answer, which the last frame may leave without an id.
    let last = told ? this.#addresser.below(told) : ''
    if (reason !== 'stop') last += await this.#cut()
    last += this.#addresser.end()
    const done =
      reason === 'shutdown'
        ? farewell()
        : encodeEvent({ event: 'done', data: JSON.stringify({ reason }) })
    return (last && encodeEvent({ data: last })) + done
  }

  heartbeat(): string {
    return encodeComment('ping')
  }

  /** The blocks that wait for a final fragment, drawn as cut: nothing may look busy for ever. */
  async #cut(): Promise<string> {
    let last = ''
    for (const { template, block, context, target, swap, cut } of this.#unsettled.values()) {
      try {
        const fragment = new Fragment(
          template,
          block,
          { ...context, ...cut },
          given({ target, swap, final: true }),
        )
        last += this.#addresser.address(fragment, await this.#renders.render(fragment))
      } catch {
        // It is what cannot be drawn that ended the stream: what was drawn before stays.
      }
    }
    return last
  }

  /** A fragment as added text alone; nothing when the block has to be drawn. */
  #added(fragment: Fragment): string | undefined {
    const text = this.#grown.get(keyOf(fragment))?.next(fragment)
    if (text === undefined) return undefined
    this.#unsettled.set(keyOf(fragment), fragment)
    if (text === '') return ''
    const data = this.#addresser.append(fragment, escapeHtml(text))
    return data && encodeEvent({ data })
  }

  #whole(fragment: Fragment): string | Promise<string> {
    const html = this.#renders.render(fragment)
    return typeof html === 'string'
      ? this.#frame(fragment, html)
      : html.then((text) => this.#frame(fragment, text))
  }

  #frame(fragment: Fragment, html: string): string {
    const key = keyOf(fragment)
    if (fragment.cut && !fragment.final) this.#unsettled.set(key, fragment)
    else this.#unsettled.delete(key)
    const mayGrow = this.#delivery === 'auto' && !fragment.final && fragment.target === undefined
    const point = mayGrow ? this.#renders.growthPoint(fragment, html) : undefined
    if (point && GrownText.canFollow(fragment)) this.#grown.set(key, new GrownText(fragment))
    else this.#grown.delete(key)
    return encodeEvent({ data: this.#addresser.address(fragment, html, point) })
  }
}

function keyOf({ template, block, target = '' }: Fragment): string {
  return `${template}\0${block}\0${target}`
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object'
    ? `a ${value.constructor?.name ?? 'bare object'}`
    : `a ${typeof value}`
}
