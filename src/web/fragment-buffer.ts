import { made, Unmade } from '../shared/askable.ts'
import { SourceError } from '../shared/errors.ts'
import { escapeHtml } from '../shared/escape-html.ts'
import { given } from '../shared/given.ts'
import { Fragment } from '../fragments/fragment.ts'
import { stateKey } from '../fragments/state-key.ts'
import type { HtmlTree } from '../html/tree.ts'
import { notice } from '../htmx/notices.ts'
import { StreamPage } from '../htmx/stream-page.ts'
import type { Updates } from '../streams/event-stream.ts'
import { farewell } from '../streams/farewell.ts'
import type { Outbox, Report } from '../streams/outbox.ts'
import type { PublicError, EndEvent } from '../streams/wire.ts'
import { encodeComment, encodeEvent, withId } from '../sse/sse.ts'
import { ServerSentEvent } from '../sse/server-sent-event.ts'
import type { BlockRenders } from './block-renders.ts'
import { endNotice } from './end-notice.ts'
import { Reconnect, type ReconnectPoint } from './reconnect.ts'

/** So many values that no newer one replaces may wait; then the source waits, too. */
const MOST_WAITING = 32

export interface FragmentBufferOptions {
  /** What renders; asked for when there is something to render. */
  readonly renders: () => BlockRenders
  readonly updates: Updates
  /** The client's htmx morphs (htmx 4). */
  readonly morphs: boolean
  /** The element that asks chooses a part of each answer. */
  readonly selects?: boolean
  /** The stream goes on elsewhere when this server stops, so nothing of it is cut then. */
  readonly resumable?: boolean
  /** The prefix that the connection before has used in the page. */
  readonly at?: string | undefined
  /** `#id` of the element that shows the stream, where that is known. */
  readonly shown?: string | undefined
  /** `#id` of the element where the main block belongs, when the connection before may have ended before it came. */
  readonly to?: string | undefined
  /** How the page goes on when the connection ends early, for a client that would not come back by itself. */
  readonly reconnect?: ReconnectPoint | undefined
}

/** A value that waits. */
interface Waiting {
  /** Of a snapshot, the newest. */
  value: unknown
  readonly block: Block | undefined
  /** Snapshots that came before an event keep their place in front of it. */
  readonly since: number
  /** Where a client that has this event goes on when it comes back. */
  readonly id: string | undefined
}

/** What is known of one block of the stream. */
interface Block {
  waiting: Waiting | undefined
  /** The newest snapshot, as long as no final one was sent. */
  unsettled: Fragment | Unmade<Fragment> | undefined
  /** Why the newest snapshot is not shown, as the client was told, and what takes the notice away. */
  failed:
    | { readonly error: unknown; readonly seen: PublicError; readonly gone: string[] }
    | undefined
}

/**
 * The newest snapshot of each block, and every other value in its order. A frame is what has changed in the page since
 * the frame before: the snapshot is rendered, compared with what the page shows, and the difference is sent.
 *
 * Fragments are unnamed messages, because htmx swaps no others; a failure is a notice in the page, because htmx knows no
 * error event; the end is `event: done` with its reason.
 */
export class FragmentBuffer implements Outbox<unknown> {
  readonly states = true
  readonly #options: FragmentBufferOptions
  readonly #page: StreamPage
  readonly #reconnect: Reconnect | undefined
  #renders: BlockRenders | undefined
  #waiting: Waiting[] = []
  readonly #blocks = new Map<string, Block>()
  /** The block whose snapshots only grow. */
  #last: Block | undefined
  /** Where a client that has all that was taken goes on when it comes back. */
  #id: string | undefined
  /** Counts the events. */
  #events = 0
  #hasSent = false

  constructor(options: FragmentBufferOptions) {
    const { morphs, selects, resumable, at, shown, to, reconnect } = options
    this.#options = options
    this.#page = new StreamPage({ morphs, at, shown, to, ...given({ selects, resumable }) })
    if (reconnect !== undefined || at !== undefined)
      this.#reconnect = new Reconnect(this.#page.streamId, reconnect, at !== undefined)
  }

  /** What the stream is called in the page. */
  get at(): string {
    return this.#page.streamId
  }

  get empty(): boolean {
    return this.#waiting.length === 0
  }

  get full(): boolean {
    return this.#waiting.length >= MOST_WAITING
  }

  take(value: unknown, id?: string): void {
    if (value instanceof Unmade) return this.#replace(this.#last!, value)
    if (id !== undefined) this.#id = id
    if (!(value instanceof Fragment)) {
      if (typeof value !== 'string' && !(value instanceof ServerSentEvent)) throw unsendable(value)
      return void this.#wait(value, undefined, id)
    }
    const block = this.#blockOf(value)
    if (block === undefined) return void this.#wait(value, undefined, id)
    this.#last = block
    this.#replace(block, value)
    // What comes after a final snapshot is another answer.
    if (value.final) block.waiting = undefined
  }

  /** What cannot be rendered keeps nothing else from being shown; only as the first thing of all it is an HTTP error. */
  async next(report: Report): Promise<string> {
    let text = ''
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (next.block?.waiting === next) next.block.waiting = undefined
      try {
        text += await this.#frame(next)
      } catch (error) {
        text += this.#notice(next, error, report)
      }
    }
    return this.#id === undefined ? text : withId(text, this.#id)
  }

  get failure(): Outbox<unknown>['failure'] {
    for (const { failed } of this.#blocks.values()) if (failed) return failed
    return undefined
  }

  async terminal(terminal: EndEvent): Promise<string> {
    const { reason } = terminal
    if (reason === 'shutdown' && this.#options.resumable) return farewell()
    // What is no news to the client is not said again.
    const isNews = terminal.error === undefined || terminal.error !== this.failure?.seen
    const told = isNews ? endNotice(terminal) : undefined
    const cut = reason === 'done' ? '' : await this.#cut()
    // The notice first: its place is found beside what the page was lent.
    const below = told ? encoded(this.#page.afterContent(told)) : ''
    const rest = encoded(this.#page.end()) + encoded(this.#reconnect?.over() ?? [])
    const done = encodeEvent({ event: 'done', data: JSON.stringify({ reason }) })
    return cut + below + rest + (reason === 'shutdown' ? farewell() : done)
  }

  heartbeat(): string {
    return encodeComment('ping')
  }

  #replace(block: Block, value: Fragment | Unmade<Fragment>): void {
    block.unsettled = value
    if (block.waiting?.since === this.#events) block.waiting.value = value
    else block.waiting = this.#wait(value, block)
  }

  #wait(value: unknown, block: Block | undefined, id?: string): Waiting {
    if (block === undefined) this.#events += 1
    const waiting = { value, block, since: this.#events, id }
    this.#waiting.push(waiting)
    return waiting
  }

  /** The block of a snapshot; nothing for an event. */
  #blockOf(fragment: Fragment): Block | undefined {
    const key = stateKey(fragment)
    if (key === undefined) return undefined
    let block = this.#blocks.get(key)
    if (block === undefined) {
      block = { waiting: undefined, unsettled: undefined, failed: undefined }
      this.#blocks.set(key, block)
    }
    return block
  }

  /** One value as events. */
  #frame({ value, block, id }: Waiting): string | Promise<string> {
    if (value instanceof ServerSentEvent) return encodeEvent(value)
    // Text is text: as HTML it could do anything the page can.
    if (typeof value === 'string') return encodeEvent({ data: escapeHtml(value) })
    const fragment = made(value as Fragment | Unmade<Fragment>)
    const tree = this.#render(fragment)
    return tree instanceof Promise
      ? tree.then((read) => this.#shown(fragment, read, block, id))
      : this.#shown(fragment, tree, block, id)
  }

  #render(fragment: Fragment): HtmlTree | Promise<HtmlTree> {
    return (this.#renders ??= this.#options.renders()).render(fragment)
  }

  #shown(
    fragment: Fragment,
    tree: HtmlTree,
    block: Block | undefined,
    id: string | undefined,
  ): string {
    const messages = this.#page.show(fragment, tree, this.#options.updates === 'full')
    if (block) {
      if (block.failed) messages.unshift(...block.failed.gone)
      block.failed = undefined
      // Unless the next answer has begun meanwhile.
      if (fragment.final && block.unsettled === fragment) block.unsettled = undefined
    }
    this.#hasSent ||= messages.length > 0
    return encoded(this.#reconnect?.around(fragment, messages, id) ?? messages)
  }

  /** What the page shows of a block that cannot be rendered stays, with one notice until it can be rendered again. */
  #notice({ value, block }: Waiting, error: unknown, report: Report): string {
    const fragment = value instanceof Unmade ? (value.made() as Fragment) : value
    if (!this.#hasSent || !(fragment instanceof Fragment)) {
      this.#waiting = []
      throw error
    }
    if (block?.failed) return ''
    const seen = report(error)
    const told = notice(seen.message, `${seen.code} ${seen.id}`)
    const { shown, gone } = this.#page.errorSlot(fragment, told)
    if (block) block.failed = { error, seen, gone }
    return encoded(shown)
  }

  /** The blocks that wait for a final snapshot, as they look when their stream is cut: nothing may look busy for ever. */
  async #cut(): Promise<string> {
    let text = ''
    for (const { unsettled } of this.#blocks.values()) {
      if (unsettled === undefined) continue
      const { template, block, context, target, swap, cut } = made(unsettled)
      if (cut === undefined) continue
      const last = new Fragment(template, block, { ...context, ...cut }, given({ target, swap }))
      try {
        text += encoded(this.#page.show(last, await this.#render(last)))
      } catch {
        // What was shown before stays.
      }
    }
    return text
  }
}

function encoded(messages: readonly string[]): string {
  return messages.map((data) => encodeEvent({ data })).join('')
}

function unsendable(value: unknown): SourceError {
  const kind =
    value === null || value === undefined
      ? String(value)
      : typeof value === 'object'
        ? `a ${value.constructor?.name ?? 'bare object'}`
        : `a ${typeof value}`
  return new SourceError('source/value', `A stream for htmx cannot send ${kind}.`, {
    hint: 'Yield a Fragment, a ServerSentEvent, or text.',
  })
}
