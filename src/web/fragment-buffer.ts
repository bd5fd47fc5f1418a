import { SourceError } from '../shared/errors.ts'
import { escapeHtml } from '../shared/escape-html.ts'
import { english, type Texts } from '../shared/texts.ts'
import { encodeComment, encodeEvent, withId } from '../sse/sse.ts'
import { ServerSentEvent, type EventFields } from '../sse/server-sent-event.ts'
import { failures, Fragment, snapshotKey, whenCut } from '../fragments/fragment.ts'
import type { HtmlTree } from '../html/tree.ts'
import { StreamPage, type StreamPageOptions } from '../htmx/stream-page.ts'
import type { Report, StreamBuffer } from '../streams/buffer.ts'
import { shutdownMessage } from '../streams/encoder.ts'
import type { PublicError } from '../shared/errors.ts'
import type { EndEvent, EndReason } from '../streams/end.ts'
import type { Updates } from '../streams/event-stream.ts'
import type { BlockRenders } from './block-renders.ts'
import { createReconnect, type Reconnect, type ReconnectPoint } from './reconnect.ts'
import { kindOf } from '../shared/hooks.ts'
import { notice, quietNotice } from '../htmx/together.ts'

/** So many values that no newer one replaces may wait; then the source waits, too. */
const MAX_WAITING = 32

/** The texts below an answer that is not whole, and below a feed that has ended. A failure has its own. */
const CUT_ANSWER = {
  limit: 'answerLimit',
  timeout: 'answerTimeout',
  interrupted: 'answerInterrupted',
  shutdown: 'answerShutdown',
} as const
const CUT_FEED = { limit: 'feedLimit', timeout: 'feedTimeout', shutdown: 'feedShutdown' } as const

export interface FragmentBufferOptions extends StreamPageOptions {
  /** Called for the renderer when there is something to render. */
  readonly renders: () => BlockRenders
  readonly updates: Updates
  /** The texts of the notices. Default English. */
  readonly texts?: Texts | undefined
  /** The way on for a page that cannot reconnect by itself when its connection ends early. */
  readonly reconnect?: ReconnectPoint | undefined
  /** The client asks again by itself when the stream has ended. Nothing if unknown. */
  readonly returns?: boolean | undefined
  /** The delay before a client reconnects. */
  readonly retryMs?: number | undefined
}

/** A value that waits; of a snapshot, the newest. */
interface Waiting {
  value: unknown
  readonly block: Block | undefined
  /** How many events came before: a snapshot from before an event keeps its place in front of it. */
  readonly eventsBefore: number
  /** Where a client that has this event goes on when it comes back. */
  readonly id: string | undefined
}

/** The state of one block of the stream. */
interface Block {
  waiting?: Waiting | undefined
  /** The newest snapshot until a final one is sent. */
  unfinished?: Fragment | undefined
  /** The reason why the newest snapshot is not shown, and the messages that remove its notice. */
  failed?: (NonNullable<StreamBuffer<unknown>['failure']> & { readonly gone: string[] }) | undefined
}

/**
 * Buffers the newest snapshot of each block, and every other value in its order. A frame is what has changed in the page
 * since the frame before. Fragments are unnamed messages, because htmx swaps no others; a failure is a notice in the page,
 * because htmx knows no error event; the end is `event: done` with its reason.
 */
export class FragmentBuffer implements StreamBuffer<unknown> {
  readonly #options: FragmentBufferOptions
  readonly #page: StreamPage
  readonly #texts: Texts
  readonly #reconnect: Reconnect | undefined
  #waiting: Waiting[] = []
  readonly #blocks = new Map<string, Block>()
  /** The id of the newest event. */
  #id: string | undefined
  #events = 0
  #hasSent = false
  /** All so far are states of some target, and none is a part of an answer. Undefined before the first. */
  #hasStates: boolean | undefined
  /** True after a part of an answer: a fragment that has an end, or text. */
  #isAnswer = false
  #retryMs: number | undefined

  constructor(options: FragmentBufferOptions) {
    const { at, reconnect, texts = english } = options
    this.#options = options
    this.#texts = texts
    this.#retryMs = options.retryMs
    this.#page = new StreamPage({
      ...options,
      difference: (...states) => options.renders().difference(...states),
    })
    if (reconnect !== undefined || at !== undefined)
      this.#reconnect = createReconnect(this.#page.streamId, reconnect, at !== undefined)
  }

  /** The prefix of the stream's ids in the page. */
  get at(): string {
    return this.#page.streamId
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING
  }

  get isFeed(): boolean {
    return this.#hasStates === true && this.#options.returns !== false
  }

  push(value: unknown, id?: string): void {
    if (id !== undefined) this.#id = id
    const fragment = value instanceof Fragment ? value : undefined
    if (!fragment && typeof value !== 'string' && !(value instanceof ServerSentEvent))
      throw unsendable(value)
    if (fragment) this.#hasStates = this.#hasStates !== false && isState(fragment)
    else if (typeof value === 'string') this.#hasStates = false
    this.#isAnswer ||= typeof value === 'string' || (fragment !== undefined && hasEnd(fragment))
    const block = fragment && this.#blockOf(fragment)
    if (block === undefined) {
      this.#events += 1
      this.#waiting.push({ value, block, eventsBefore: this.#events, id })
      return
    }
    block.unfinished = fragment
    if (block.waiting?.eventsBefore === this.#events) block.waiting.value = value
    else {
      block.waiting = { value, block, eventsBefore: this.#events, id: undefined }
      this.#waiting.push(block.waiting)
    }
    // What comes after a final snapshot is another answer.
    if (fragment!.final) block.waiting = undefined
  }

  /** Renders all that waits. A failure stops nothing else; only as the first thing of all it is an HTTP error. */
  async flush(report: Report): Promise<string> {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { block } of waiting) if (block) block.waiting = undefined
    const messages: EventFields[] = []
    for (const entry of waiting) {
      try {
        const { value } = entry
        const renders = value instanceof Fragment && this.#options.renders()
        if (renders && value.optional && (await renders.isLeftOut(value))) continue
        const tree = renders ? renders.render(value) : undefined
        messages.push(...this.#messages(entry, tree instanceof Promise ? await tree : tree))
      } catch (error) {
        messages.push(...dataOf(this.#notice(entry, error, report)))
      }
    }
    return this.#encoded(messages, this.#id)
  }

  get failure(): StreamBuffer<unknown>['failure'] {
    return [...this.#blocks.values()].find(({ failed }) => failed)?.failed
  }

  async end(event: EndEvent): Promise<string> {
    const { reason } = event
    const isShutdown = reason === 'shutdown'
    if (isShutdown && this.#options.resumable) return encodeEvent(shutdownMessage())
    // Nothing is cut: the client comes back, and gets the newest states.
    const mayReturn = this.#hasStates ?? this.#options.returns === true
    if (
      mayReturn &&
      this.#options.returns !== false &&
      (isShutdown || reason === 'limit' || reason === 'timeout')
    )
      return this.#encoded([...dataOf(this.#page.end()), shutdownMessage()])
    // An error that the page shows already is not repeated.
    const isNews = event.error === undefined || event.error.id !== this.failure?.publicError.id
    const { returns } = this.#options
    const isFeed = returns === true && !this.#isAnswer
    const text = isNews ? endNotice(event, this.#texts, isFeed) : undefined
    const messages = dataOf([
      ...(reason === 'done' ? [] : await this.#cut()),
      // Before the end: its place is found beside the anchors, which go then.
      ...(text ? this.#page.afterContent(text) : []),
      ...this.#page.end(),
      ...(this.#reconnect?.over() ?? []),
    ])
    const done = { event: 'done', data: JSON.stringify({ reason }) }
    return this.#encoded([...messages, isShutdown ? shutdownMessage() : done])
  }

  heartbeat(): string {
    return encodeComment('ping')
  }

  #encoded(messages: EventFields[], id?: string): string {
    if (messages.length === 0) return ''
    if (this.#retryMs !== undefined) messages[0] = { retry: this.#retryMs, ...messages[0] }
    this.#retryMs = undefined
    const events = messages.map(encodeEvent).join('')
    return id === undefined ? events : withId(events, id)
  }

  /** The block of a snapshot; nothing for an event. */
  #blockOf(fragment: Fragment): Block | undefined {
    const key = snapshotKey(fragment)
    if (key === undefined) return undefined
    const block = this.#blocks.get(key) ?? {}
    this.#blocks.set(key, block)
    return block
  }

  /** @param tree The rendered fragment. */
  #messages({ value, block, id }: Waiting, tree?: HtmlTree): readonly EventFields[] {
    if (value instanceof ServerSentEvent) return [value]
    // Text is text: as HTML it could do anything the page can.
    if (typeof value === 'string') return [{ data: escapeHtml(value) }]
    const fragment = value as Fragment
    const messages = this.#page.show(fragment, tree!, this.#options.updates === 'full')
    if (block?.failed) messages.unshift(...block.failed.gone)
    if (block) block.failed = undefined
    // Unless the next answer has begun meanwhile.
    if (fragment.final && block?.unfinished === fragment) block.unfinished = undefined
    this.#hasSent ||= messages.length > 0
    return dataOf(this.#reconnect?.around(fragment, messages, id) ?? messages)
  }

  /** Puts one notice below a block that cannot be rendered, until it can be rendered again. */
  #notice({ value, block }: Waiting, error: unknown, report: Report): string[] {
    const failure = value instanceof Fragment ? failures.get(value) : undefined
    if ((!this.#hasSent && !failure) || !(value instanceof Fragment)) throw error
    if (block?.failed) return []
    this.#hasSent = true
    const publicError = failure?.publicError ?? report(error)
    const text = failureNotice(publicError, this.#texts)
    const { shown, gone } = this.#page.errorSlot(value, text, failure !== undefined)
    if (block) block.failed = { error, publicError, gone }
    return shown
  }

  /** The blocks that wait for a final snapshot, as they look when their stream is cut: nothing may look busy for ever. */
  async #cut(): Promise<string[]> {
    const messages: string[] = []
    for (const { unfinished } of this.#blocks.values()) {
      const last = unfinished && whenCut(unfinished)
      try {
        if (last)
          messages.push(...this.#page.show(last, await this.#options.renders().render(last)))
      } catch {
        // The page stays as it is.
      }
    }
    return messages
  }
}

function isState(fragment: Fragment): boolean {
  return fragment.target !== undefined && !hasEnd(fragment)
}

function hasEnd({ final, cut }: Fragment): boolean {
  return final || cut !== undefined
}

/** The notice below an answer or a feed that ends early; nothing when it is whole. */
export function endNotice(
  { reason, error }: EndEvent,
  texts: Texts,
  isFeed = false,
): string | undefined {
  if (error) return failureNotice(error, texts)
  if (reason === 'stopped' || reason === 'disconnected') return quietNotice(texts.stopped)
  const cuts: Partial<Record<EndReason, keyof Texts>> = isFeed ? CUT_FEED : CUT_ANSWER
  const cut = cuts[reason]
  return cut && notice(texts[cut] as string)
}

/** The notice of a failure. Only with `expose` it has a text of its own, that of the cause. */
export function failureNotice(
  { message, exposed, code, id }: PublicError,
  { failed }: Texts,
): string {
  return notice(exposed ? message : failed, `${code} ${id}`)
}

function dataOf(messages: readonly string[]): EventFields[] {
  return messages.map((data) => ({ data }))
}

function unsendable(value: unknown): SourceError {
  const hint = ArrayBuffer.isView(value)
    ? 'Return `new Bytes(…)` in place of the EventStream.'
    : 'Yield a Fragment, a ServerSentEvent, or text. For scripts there are encodings that send any value as JSON: `new EventStream(source, { encoding: plain })`, `events` or `sequenced`.'
  const message = `A stream for htmx cannot send ${kindOf(value)}.`
  return new SourceError('source/value', message, { hint })
}
