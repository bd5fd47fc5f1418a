import { SourceError } from '../shared/errors.ts'
import { escapeHtml } from '../shared/escape-html.ts'
import { omitUndefined } from '../shared/omit-undefined.ts'
import { encodeComment, encodeEvent } from '../sse/sse.ts'
import { ServerSentEvent, type EventFields } from '../sse/server-sent-event.ts'
import { Fragment, snapshotKey } from '../fragments/fragment.ts'
import { notice } from '../htmx/notices.ts'
import { StreamPage, type StreamPageOptions } from '../htmx/stream-page.ts'
import type { Report, StreamBuffer } from '../streams/buffer.ts'
import { shutdownMessage, type Chunk } from '../streams/encoder.ts'
import type { EndEvent, PublicError } from '../streams/end.ts'
import type { Updates } from '../streams/event-stream.ts'
import type { BlockRenders } from './block-renders.ts'
import { endNotice } from './end-notice.ts'
import { Reconnect, type ReconnectPoint } from './reconnect.ts'

/** So many values that no newer one replaces may wait; then the source waits, too. */
const MAX_WAITING = 32

export interface FragmentBufferOptions extends StreamPageOptions {
  /** What renders; asked for when there is something to render. */
  readonly renders: () => BlockRenders
  readonly updates: Updates
  /** How the page goes on when the connection ends early, for a client that would not come back by itself. */
  readonly reconnect?: ReconnectPoint | undefined
  /** After how long a client that was cut off comes back. */
  readonly retryMs?: number | undefined
  /** How messages are spelt: as server-sent events, unless the transport has another way. */
  readonly encode?: (messages: readonly EventFields[]) => Chunk
}

/** A value that waits. */
interface Waiting {
  /** Of a snapshot, the newest. */
  value: unknown
  readonly block: Block | undefined
  /** How many events came before: a snapshot from before an event keeps its place in front of it. */
  readonly eventsBefore: number
  /** Where a client that has this event goes on when it comes back. */
  readonly id: string | undefined
}

/** What is known of one block of the stream. */
interface Block {
  waiting: Waiting | undefined
  /** The newest snapshot, as long as no final one was sent. */
  unfinished: Fragment | undefined
  /** Why the newest snapshot is not shown, as the client knows it, and what takes the notice away. */
  failed:
    | { readonly error: unknown; readonly publicError: PublicError; readonly gone: string[] }
    | undefined
}

/**
 * The newest snapshot of each block, and every other value in its order. A frame is what has changed in the page since
 * the frame before: the snapshot is rendered, compared with what the page shows, and the difference is sent.
 *
 * Fragments are unnamed messages, because htmx swaps no others; a failure is a notice in the page, because htmx knows no
 * error event; the end is `event: done` with its reason.
 */
export class FragmentBuffer implements StreamBuffer<unknown> {
  readonly #options: FragmentBufferOptions
  readonly #encode: (messages: readonly EventFields[]) => Chunk
  readonly #page: StreamPage
  readonly #reconnect: Reconnect | undefined
  #waiting: Waiting[] = []
  readonly #blocks = new Map<string, Block>()
  /** Where a client that has all that was pushed goes on when it comes back. */
  #id: string | undefined
  #events = 0
  #hasSent = false
  #retryMs: number | undefined

  constructor(options: FragmentBufferOptions) {
    const { at, reconnect, encode = encodeEvents } = options
    this.#options = options
    this.#encode = encode
    this.#retryMs = options.retryMs
    this.#page = new StreamPage(options)
    if (reconnect !== undefined || at !== undefined)
      this.#reconnect = new Reconnect(this.#page.streamId, reconnect, at !== undefined)
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

  push(value: unknown, id?: string): void {
    if (id !== undefined) this.#id = id
    const isFragment = value instanceof Fragment
    if (!isFragment && typeof value !== 'string' && !(value instanceof ServerSentEvent))
      throw unsendable(value)
    const block = isFragment ? this.#blockOf(value) : undefined
    if (block === undefined) {
      this.#events += 1
      this.#waiting.push({ value, block, eventsBefore: this.#events, id })
      return
    }
    block.unfinished = value as Fragment
    if (block.waiting?.eventsBefore === this.#events) block.waiting.value = value
    else {
      block.waiting = { value, block, eventsBefore: this.#events, id: undefined }
      this.#waiting.push(block.waiting)
    }
    // What comes after a final snapshot is another answer.
    if ((value as Fragment).final) block.waiting = undefined
  }

  /** What cannot be rendered keeps nothing else from being shown; only as the first thing of all it is an HTTP error. */
  async flush(report: Report): Promise<Chunk> {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { block } of waiting) if (block) block.waiting = undefined
    const messages: EventFields[] = []
    for (const entry of waiting) {
      try {
        messages.push(...(await this.#messages(entry)))
      } catch (error) {
        messages.push(...dataOf(this.#notice(entry, error, report)))
      }
    }
    return this.#encoded(messages, this.#id)
  }

  get failure(): StreamBuffer<unknown>['failure'] {
    return [...this.#blocks.values()].find(({ failed }) => failed)?.failed
  }

  async end(event: EndEvent): Promise<Chunk> {
    const { reason } = event
    if (reason === 'shutdown' && this.#options.resumable) return this.#encode([shutdownMessage()])
    // What the client knows already is not said again.
    const isNews = event.error === undefined || event.error !== this.failure?.publicError
    const told = isNews ? endNotice(event) : undefined
    const cut = reason === 'done' ? [] : await this.#cut()
    // The notice first: its place is found beside the anchors, which go then.
    const below = told ? this.#page.afterContent(told) : []
    const messages = dataOf([
      ...cut,
      ...below,
      ...this.#page.end(),
      ...(this.#reconnect?.over() ?? []),
    ])
    const done = { event: 'done', data: JSON.stringify({ reason }) }
    return this.#encoded([...messages, reason === 'shutdown' ? shutdownMessage() : done])
  }

  heartbeat(): string {
    return encodeComment('ping')
  }

  #encoded(messages: EventFields[], id?: string): Chunk {
    if (messages.length === 0) return ''
    if (this.#retryMs !== undefined) messages[0] = { retry: this.#retryMs, ...messages[0] }
    this.#retryMs = undefined
    if (id !== undefined) messages.push({ ...messages.pop(), id })
    return this.#encode(messages)
  }

  /** The block of a snapshot; nothing for an event. */
  #blockOf(fragment: Fragment): Block | undefined {
    const key = snapshotKey(fragment)
    if (key === undefined) return undefined
    const block = this.#blocks.get(key) ?? {
      waiting: undefined,
      unfinished: undefined,
      failed: undefined,
    }
    this.#blocks.set(key, block)
    return block
  }

  async #messages({ value, block, id }: Waiting): Promise<readonly EventFields[]> {
    if (value instanceof ServerSentEvent) return [value]
    // Text is text: as HTML it could do anything the page can.
    if (typeof value === 'string') return [{ data: escapeHtml(value) }]
    const fragment = value as Fragment
    const tree = await this.#options.renders().render(fragment)
    const messages = this.#page.show(fragment, tree, this.#options.updates === 'full')
    if (block?.failed) messages.unshift(...block.failed.gone)
    if (block) block.failed = undefined
    // Unless the next answer has begun meanwhile.
    if (fragment.final && block?.unfinished === fragment) block.unfinished = undefined
    this.#hasSent ||= messages.length > 0
    return dataOf(this.#reconnect?.around(fragment, messages, id) ?? messages)
  }

  /** What the page shows of a block that cannot be rendered stays, with one notice until it can be rendered again. */
  #notice({ value, block }: Waiting, error: unknown, report: Report): string[] {
    if (!this.#hasSent || !(value instanceof Fragment)) throw error
    if (block?.failed) return []
    const publicError = report(error)
    const told = notice(publicError.message, `${publicError.code} ${publicError.id}`)
    const { shown, gone } = this.#page.errorSlot(value, told)
    if (block) block.failed = { error, publicError, gone }
    return shown
  }

  /** The blocks that wait for a final snapshot, as they look when their stream is cut: nothing may look busy for ever. */
  async #cut(): Promise<string[]> {
    const messages: string[] = []
    for (const { unfinished } of this.#blocks.values()) {
      if (unfinished?.cut === undefined) continue
      const { template, block, context, target, swap, cut } = unfinished
      const last = new Fragment(
        template,
        block,
        { ...context, ...cut },
        omitUndefined({ target, swap }),
      )
      try {
        messages.push(...this.#page.show(last, await this.#options.renders().render(last)))
      } catch {
        // What was shown before stays.
      }
    }
    return messages
  }
}

function dataOf(messages: readonly string[]): EventFields[] {
  return messages.map((data) => ({ data }))
}

function encodeEvents(messages: readonly EventFields[]): string {
  return messages.map(encodeEvent).join('')
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
