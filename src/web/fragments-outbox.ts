import { made, Unmade } from '../base/askable.ts'
import { SourceError } from '../base/errors.ts'
import { escapeHtml } from '../base/escape-html.ts'
import { given } from '../base/given.ts'
import { Fragment } from '../fragments/fragment.ts'
import { stateKey } from '../fragments/state-key.ts'
import { Addresser, appending, unmarking, type GrowthAddress } from '../htmx/addresser.ts'
import { notice } from '../htmx/notice.ts'
import type { Delivery } from '../streams/event-stream.ts'
import { farewell } from '../streams/farewell.ts'
import type { Outbox, Report } from '../streams/outbox.ts'
import type { EndReason } from '../streams/stream-end.ts'
import type { PublicError, Terminal } from '../streams/wire.ts'
import { encodeComment, encodeEvent, eventFrom, headOf, withId } from '../wire/sse.ts'
import { ServerSentEvent } from '../wire/server-sent-event.ts'
import { endNotice } from './end-notice.ts'
import { GrownText } from './grown-text.ts'
import type { Renders } from './renders.ts'
import { Resumption, type Resume } from './resumption.ts'

/** So many values that no newer one replaces may wait, and so much new text; then the source waits, too. */
const MOST_WAITING = 32
const MOST_TEXT_CHARS = 16 * 1024 * 1024

export interface FragmentsOutboxOptions {
  /** Who draws; asked when there is something to draw. */
  readonly renders: () => Renders
  readonly delivery: Delivery
  /** The client's htmx morphs an element as a whole, so nothing that happens in the page is lost with the last frame. */
  readonly morphs: boolean
  /** It goes on elsewhere when this server stops, so nothing of it is cut then. */
  readonly resumable?: boolean
  /** What the page was lent for this stream by the connection before. */
  readonly at?: string | undefined
  /** `#id` of the element that shows the stream, where that is known. */
  readonly shown?: string | undefined
  /** `#id` of the element where the main block belongs, when the connection before was cut off before it came. */
  readonly to?: string | undefined
  /** How the page goes on when it is cut off, for a client that would not come back by itself. */
  readonly resume?: Resume | undefined
}

/** Never added to. */
const NOTHING: never[] = []

/** A value that waits. */
interface Waiting {
  /** Of a state, the newest. */
  value: unknown
  readonly block: Block | undefined
  /** States that were taken before something that is no state keep their place in front of it. */
  readonly since: number
  /** Of what is no state: where its reader comes back to when he has it. */
  readonly id: string | undefined
}

/** What is known of one block of the page. */
interface Block {
  waiting: Waiting | undefined
  /** The newest fragment, as long as no final one was sent. */
  unsettled: Fragment | Unmade<Fragment> | undefined
  /** What may travel alone, while it may. */
  grown: Grown | undefined
  /** Why its newest state is not shown, as the reader was told, and what takes the notice away. */
  failed: { readonly error: unknown; readonly seen: PublicError; readonly gone: string } | undefined
}

interface Grown {
  readonly text: GrownText
  /** Nothing while the frame is drawn that it begins with. */
  end: GrowingEnd | undefined
}

/** Where in the page a block grows. */
interface GrowingEnd {
  readonly address: GrowthAddress
  /** What an event begins with that adds escaped text there. */
  readonly head: string
  /** What stands in its element before the text. */
  readonly before: string
}

/**
 * What htmx still has to be told: the newest state of each block, and everything that is no state, in its order. When a
 * frame is wanted, it is drawn, addressed and encoded, one function after the other.
 *
 * Fragments are unnamed messages, because htmx swaps no other; a failure is a notice in the page, because htmx knows
 * no error event; the end is `event: done` with its reason.
 */
export class FragmentsOutbox implements Outbox<unknown> {
  readonly states = true
  readonly #rendersOf: () => Renders
  #drawing: Renders | undefined
  readonly #addresser: Addresser
  readonly #delivery: Delivery
  readonly #resumable: boolean
  /** Where the reader can come back to when he has all that was taken in. */
  #id: string | undefined
  /** Only where a page may have to go on by itself. */
  readonly #resumption: Resumption | undefined
  #waiting: Waiting[] = NOTHING
  readonly #blocks = new Map<string, Block>()
  /** The fragment before, and its block: mostly the next one is of the same. */
  #last: Fragment | undefined
  #lastBlock: Block | undefined
  /** Taken since the last frame. */
  #newChars = 0
  /** Counts what is no state. */
  #said = 0
  /** Something was sent. */
  #spoke = false

  constructor(options: FragmentsOutboxOptions) {
    const { renders, delivery, morphs, resumable = false, at, shown, to, resume } = options
    this.#rendersOf = renders
    this.#addresser = new Addresser(morphs, at, shown, to)
    this.#delivery = delivery
    this.#resumable = resumable
    if (resume !== undefined || at !== undefined)
      this.#resumption = new Resumption(this.#addresser, resume, at !== undefined)
  }

  get #renders(): Renders {
    return (this.#drawing ??= this.#rendersOf())
  }

  /** What the page is lent for this stream. */
  get at(): string {
    return this.#addresser.prefix
  }

  get empty(): boolean {
    return this.#waiting.length === 0
  }

  get full(): boolean {
    return this.#waiting.length >= MOST_WAITING || this.#newChars > MOST_TEXT_CHARS
  }

  take(value: unknown, id?: string): void {
    if (value instanceof Unmade) return this.#grew(value)
    if (id !== undefined) this.#id = id
    if (!(value instanceof Fragment)) {
      if (typeof value !== 'string' && !(value instanceof ServerSentEvent)) throw unsendable(value)
      return void this.#wait(value, undefined, id)
    }
    const block = this.#blockOf(value)
    if (block === undefined) return void this.#wait(value, undefined, id)
    block.unsettled = value
    if (value.grows) this.#newChars += value.grows.delta.length
    block.grown?.text.take(value)
    this.#awaits(block, value)
    // What comes after a final state is another answer.
    if (value.final) block.waiting = undefined
  }

  /** Takes what has only grown from the fragment before, in a stream that has no other blocks. */
  #grew(value: Unmade<Fragment>): void {
    const block = this.#lastBlock!
    // What waits may differ from what is shown in more than its text.
    if (block.waiting && !(block.waiting.value instanceof Unmade)) return this.take(value.made())
    block.unsettled = value
    this.#newChars += value.delta.length
    block.grown?.text.add(value.delta)
    this.#awaits(block, value)
  }

  #awaits(block: Block, value: Fragment | Unmade<Fragment>): void {
    if (block.waiting?.since === this.#said) block.waiting.value = value
    else block.waiting = this.#wait(value, block)
  }

  /** What cannot be drawn keeps nothing else from being shown; only as the first thing of all it is an HTTP error. */
  next(report: Report): string | Promise<string> {
    const text = this.#drawn(report)
    return typeof text === 'string' ? this.#marked(text) : text.then((drawn) => this.#marked(drawn))
  }

  get failure(): Outbox<unknown>['failure'] {
    for (const { failed } of this.#blocks.values()) if (failed) return failed
    return undefined
  }

  /** With the place to come back to. */
  #marked(text: string): string {
    return this.#id === undefined ? text : withId(text, this.#id)
  }

  #drawn(report: Report): string | Promise<string> {
    let text = ''
    this.#newChars = 0
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (next.block?.waiting === next) next.block.waiting = undefined
      const frame = this.#frame(next, report)
      if (typeof frame !== 'string') return this.#later(text, frame, report)
      text += frame
    }
    this.#waiting = NOTHING
    return text
  }

  async #later(text: string, frame: Promise<string>, report: Report): Promise<string> {
    const sent = text + (await frame)
    return sent + (await this.#drawn(report))
  }

  /** One value as events; where it cannot be drawn, a notice. */
  #frame(next: Waiting, report: Report): string | Promise<string> {
    const before = next.block?.grown
    try {
      const frame = this.#spelt(next)
      if (typeof frame === 'string') return this.#well(next, frame)
      return frame.then(
        (drawn) => this.#well(next, drawn),
        (error: unknown) => this.#instead(next, before, error, report),
      )
    } catch (error) {
      return this.#instead(next, before, error, report)
    }
  }

  #well({ block }: Waiting, frame: string): string {
    if (frame !== '') this.#spoke = true
    if (!block?.failed) return frame
    const { gone } = block.failed
    block.failed = undefined
    return encodeEvent({ data: gone }) + frame
  }

  /** What is shown of a block that cannot be drawn stays, with one notice until it can be drawn again. */
  #instead(
    { value, block }: Waiting,
    grown: Grown | undefined,
    error: unknown,
    report: Report,
  ): string {
    if (!this.#spoke || !(value instanceof Fragment)) {
      this.#waiting = NOTHING
      throw error
    }
    if (block) block.grown = grown
    if (block?.failed) return ''
    const seen = report(error)
    const told = notice(seen.message, `${seen.code} ${seen.id}`)
    const { shown, gone } = this.#addresser.instead(value, told)
    if (block) block.failed = { error, seen, gone }
    return encodeEvent({ data: shown })
  }

  async terminal(terminal: Terminal): Promise<string> {
    const { reason } = terminal
    if (reason === 'shutdown' && this.#resumable) return farewell()
    // What is no news to the reader is not said again.
    const isNews = terminal.error === undefined || terminal.error !== this.failure?.seen
    const told = isNews ? endNotice(terminal) : undefined
    // The notice first: it goes next to the answer, which the last frame may leave without an id.
    const below = told ? encodeEvent({ data: this.#addresser.below(told) }) : ''
    const settled = (await this.#settled(reason)) + (this.#resumption?.over() ?? '')
    const done =
      reason === 'shutdown'
        ? farewell()
        : encodeEvent({ event: 'done', data: JSON.stringify({ reason }) })
    return below + settled + done
  }

  heartbeat(): string {
    return encodeComment('ping')
  }

  #wait(value: unknown, block: Block | undefined, id?: string): Waiting {
    if (block === undefined) this.#said += 1
    const waiting = { value, block, since: this.#said, id }
    if (this.#waiting.length > 0) this.#waiting.push(waiting)
    // What is pushed to keeps room for seventeen.
    else this.#waiting = [waiting]
    return waiting
  }

  /** The block of a state; nothing for what is no state. */
  #blockOf(fragment: Fragment): Block | undefined {
    const last = this.#last
    if (
      last?.block === fragment.block &&
      last.template === fragment.template &&
      last.target === fragment.target &&
      last.swap === fragment.swap
    )
      return this.#lastBlock
    const key = stateKey(fragment)
    let block = key === undefined ? undefined : this.#blocks.get(key)
    if (key !== undefined && block === undefined) {
      block = { waiting: undefined, unsettled: undefined, grown: undefined, failed: undefined }
      this.#blocks.set(key, block)
    }
    this.#last = fragment
    this.#lastBlock = block
    return block
  }

  /**
   * The blocks that wait for a final fragment, drawn once more. Of a stream that was cut, as cut: nothing may look busy
   * for ever. At a good end only where text travelled alone, or something of ours stands in the page.
   */
  async #settled(reason: EndReason): Promise<string> {
    let last = ''
    for (const block of this.#blocks.values()) {
      const { grown } = block
      if (block.unsettled === undefined) continue
      const unsettled = made(block.unsettled)
      const { context, target, swap, cut, grows } = unsettled
      const isCut = reason !== 'stop' && cut !== undefined
      if (!isCut && grown === undefined && !this.#addresser.lends(unsettled)) continue
      try {
        const changes = isCut ? { ...context, ...cut } : context
        const options = given({ target, swap, grows, final: true })
        last += await this.#whole(
          new Fragment(unsettled.template, unsettled.block, changes, options),
          block,
        )
      } catch {
        // What was drawn before stays.
      }
    }
    return last
  }

  #spelt(next: Waiting): string | Promise<string> {
    const { block, id } = next
    if (next.value instanceof Unmade) {
      const added = this.#grown(block?.grown)
      if (added !== undefined) return added
      next.value = next.value.made()
    }
    const { value } = next
    if (value instanceof Fragment)
      return this.#added(value, block?.grown) ?? this.#whole(value, block, id)
    if (value instanceof ServerSentEvent) return encodeEvent(value)
    // Text is text: as HTML it could do anything the page can.
    return encodeEvent({ data: escapeHtml(value as string) })
  }

  /** New text where nothing but text is new; nothing when its fragment has to be looked at. */
  #grown(grown: Grown | undefined): string | undefined {
    if (grown?.end === undefined) return undefined
    const added = grown.text.more()
    return added && eventFrom(grown.end.head, escapeHtml(added))
  }

  /** A fragment as what is new in it alone; nothing when the block has to be drawn. */
  #added(fragment: Fragment, grown: Grown | undefined): string | undefined {
    if (grown?.end === undefined) return undefined
    const added = grown.text.next(fragment)
    return added && eventFrom(grown.end.head, escapeHtml(added))
  }

  /**
   * What goes around a frame that is drawn whole, where a morph would join the pieces in which text came, and a selection
   * in them would be lost. The last frame leaves alone what grew, as long as a mark of ours stands at its end, where that
   * proves to be the same. Otherwise a mark goes first.
   */
  #around(fragment: Fragment, html: string, { text, end }: Grown): [string, string] {
    const { address, head, before } = end!
    if (address.marked === 'never') return ['', '']
    const unmark = encodeEvent({ data: unmarking(address) })
    const rest = fragment.final ? text.rest(fragment) : undefined
    const isSame =
      rest !== undefined && this.#renders.growth(fragment, html)?.point.before === before
    return isSame ? [rest && eventFrom(head, escapeHtml(rest)), unmark] : [unmark, '']
  }

  #whole(fragment: Fragment, block: Block | undefined, id?: string): string | Promise<string> {
    const mayGrow = this.#delivery === 'auto' && !fragment.final && fragment.target === undefined
    const text = mayGrow ? GrownText.after(fragment) : undefined
    // Known before it is drawn: what follows may come while an asynchronous block is drawn.
    const grown: Grown | undefined = text && { text, end: undefined }
    const grew = block?.grown?.end && block.grown
    if (block) block.grown = grown

    const frame = (html: string): string => {
      const growth = grown && this.#renders.growth(fragment, html)
      const [before, after] = grew ? this.#around(fragment, html, grew) : ['', '']
      const unmark = this.#addresser.unmarkingBefore(fragment, html)
      const resumed = unmark === undefined ? '' : encodeEvent({ data: unmark })
      const addressed = this.#addresser.address(fragment, html, growth)
      const data = addressed + (this.#resumption?.behind(fragment, html, id) ?? '')
      if (block) {
        const address = growth && this.#addresser.growsAt(fragment)
        if (address === undefined) block.grown = undefined
        else {
          grown!.end = {
            address,
            head: headOf(appending(address)),
            before: growth!.point.before,
          }
        }
        // It is not drawn soon, or never again; a stream may last for long, and be one of many.
        if ((address !== undefined || fragment.final) && this.#renders.rest(fragment))
          this.#drawing = undefined
        // Unless the next answer has begun meanwhile.
        if (fragment.final && block.unsettled === fragment) block.unsettled = undefined
        // Nobody should keep a long text only to compare its name.
        if (this.#last === fragment) this.#last = undefined
      }
      return resumed + before + encodeEvent({ data }) + after
    }
    const html = this.#renders.render(fragment)
    return typeof html === 'string' ? frame(html) : html.then(frame)
  }
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
