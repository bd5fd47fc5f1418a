import { escapeHtml } from '../base/escape-html.ts'
import { Fragment } from '../fragments/fragment.ts'
import { outlookOf } from '../fragments/outlook.ts'
import type { SplitPage, TemplateEngine } from '../templates/engine.ts'
import type { Outbox } from '../streams/outbox.ts'
import type { Terminal } from '../streams/wire.ts'
import { endNotice } from './end-notice.ts'

/** So much text leaves at once, whatever the pace says. */
const MOST_CHARS = 65_536

/**
 * A page that is sent from its top down while its text is written: what stands before the text, the text piece by piece,
 * what stands behind it. The body is one draw of the page with the whole text, for browsers without scripts.
 *
 * Cost    the page is drawn once; after that each character is escaped and sent once.
 */
export class PageOutbox implements Outbox<unknown> {
  readonly #page: SplitPage
  readonly #cut: () => Promise<SplitPage | undefined>
  #waiting = ''
  /** What is sent before there is any text: the same with and without one. */
  readonly #head: string
  #spoke = false
  /** Half a character pair: alone it would be spelt as a broken character. */
  #half = ''

  private constructor(page: SplitPage, cut: () => Promise<SplitPage | undefined>) {
    this.#page = page
    this.#head = sameBeginning(page.before, page.empty)
    this.#cut = cut
  }

  /**
   * Begins the page of a stream of fragments. Nothing when something else in it may change while the text grows, or when
   * the template does not prove that the text comes out once, as text.
   *
   * Throws  TemplateError when the page cannot be drawn.
   */
  static async of(fragments: object, engine: TemplateEngine): Promise<PageOutbox | undefined> {
    const outlook = await outlookOf(fragments)
    if (outlook === undefined) return undefined
    const { template, key, context } = outlook
    const page = await engine.split?.(template, key, context)
    return (
      page &&
      new PageOutbox(page, async () => engine.split!(template, key, { ...context, failed: true }))
    )
  }

  get empty(): boolean {
    return this.#waiting === ''
  }

  get full(): boolean {
    return this.#waiting.length > MOST_CHARS
  }

  start(): string {
    return this.#head
  }

  take(value: unknown): void {
    if (!(value instanceof Fragment) || !value.grows) return
    const text = this.#half + value.grows.delta
    const last = text.charCodeAt(text.length - 1)
    const end = last >= 0xd800 && last < 0xdc00 ? text.length - 1 : text.length
    this.#waiting += text.slice(0, end)
    this.#half = text.slice(end)
  }

  next(): string {
    const text = this.#waiting
    this.#waiting = ''
    return this.#rest() + escapeHtml(text)
  }

  /** What stands between the head and the text. */
  #rest(): string {
    if (this.#spoke) return ''
    this.#spoke = true
    return this.#page.before.slice(this.#head.length)
  }

  async terminal(terminal: Terminal): Promise<string> {
    const told = endNotice(terminal)
    if (told === undefined) {
      if (!this.#spoke && this.#half === '') return this.#page.empty.slice(this.#head.length)
      return this.#rest() + this.#half + this.#page.after
    }
    const text = this.#rest() + this.#half
    const after = await this.#cutAfter()
    // A paragraph holds no other one: the notice would end it.
    const at = after.startsWith('</p>') ? '</p>'.length : 0
    return text + after.slice(0, at) + told + after.slice(at)
  }

  /** The rest of the page as it looks when its answer failed, if it is only the rest that looks different. */
  async #cutAfter(): Promise<string> {
    const { before, after } = this.#page
    try {
      const cut = await this.#cut()
      return cut?.before === before ? cut.after : after
    } catch {
      return after
    }
  }
}

function sameBeginning(a: string, b: string): string {
  let end = 0
  while (end < a.length && a[end] === b[end]) end += 1
  const last = a.charCodeAt(end - 1)
  return a.slice(0, last >= 0xd800 && last < 0xdc00 ? end - 1 : end)
}
