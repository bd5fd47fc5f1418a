import { escapeHtml } from '../shared/escape-html.ts'
import { Fragment } from '../fragments/fragment.ts'
import { streamingHints, type StreamingHint } from '../fragments/stream-to-fragments.ts'
import type { Context, TemplateEngine } from '../templates/engine.ts'
import type { Log } from '../shared/log.ts'
import type { Outbox } from '../streams/outbox.ts'
import type { EndEvent } from '../streams/wire.ts'
import { endNotice } from './end-notice.ts'
import { splitPage, type SplitPage } from './split-page.ts'

/** So much text leaves at once, whatever the pace says. */
const MOST_CHARS = 65_536

/**
 * A page that is sent from its top down while its text is written: what stands before the text, the text piece by piece,
 * what stands behind it. The body is one render of the page with the whole text, for browsers without scripts.
 *
 * Cost    the page is rendered three times to find the place of the text, and once at the end, with the whole text.
 */
export class PageOutbox implements Outbox<unknown> {
  readonly #hint: StreamingHint
  readonly #page: SplitPage
  readonly #render: (text: string, changes?: Context) => Promise<string>
  readonly #log: Log
  #waiting = ''
  /** All text so far. */
  #text = ''
  /** What is sent before there is any text: the same with and without one. */
  readonly #head: string
  #spoke = false
  /** Half a character pair: alone it would be spelt as a broken character. */
  #half = ''

  private constructor(
    hint: StreamingHint,
    page: SplitPage,
    render: (text: string, changes?: Context) => Promise<string>,
    log: Log,
  ) {
    this.#hint = hint
    this.#page = page
    this.#head = sameBeginning(page.before, page.empty)
    this.#render = render
    this.#log = log
  }

  /**
   * Begins the page of a stream of fragments. Nothing when something else in it may change while the text grows, or when
   * the text does not come out once, as text.
   *
   * Throws  TemplateError when the page cannot be rendered.
   */
  static async of(
    fragments: object,
    engine: TemplateEngine,
    log: Log,
  ): Promise<PageOutbox | undefined> {
    const hint = await streamingHints.get(fragments)?.()
    if (hint === undefined) return undefined
    const { template, key, context } = hint
    const page = await splitPage(engine, template, key, context)
    const render = (text: string, changes?: Context): Promise<string> =>
      engine.render(template, { ...context, ...changes, [key]: text })
    return page && new PageOutbox(hint, page, render, log)
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
    const { block, key } = this.#hint
    const whole = value instanceof Fragment && value.block === block && value.context[key]
    if (typeof whole !== 'string') return
    const text = this.#half + whole.slice(this.#text.length)
    this.#text = whole
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

  async terminal(terminal: EndEvent): Promise<string> {
    const notice = endNotice(terminal)
    if (notice === undefined) {
      if (this.#text === '') return this.#page.empty.slice(this.#head.length)
      return this.#rest() + this.#half + (await this.#restOfPage())
    }
    const text = this.#rest() + this.#half
    const after = await this.#restOfPage({ failed: true })
    // A paragraph holds no other one: the notice would end it.
    const at = after.startsWith('</p>') ? '</p>'.length : 0
    return text + after.slice(0, at) + notice + after.slice(at)
  }

  /** What stands behind the text, now that it is whole; as it was foreseen, when the page has become another one. */
  async #restOfPage(changes?: Context): Promise<string> {
    const { before, after } = this.#page
    const { template } = this.#hint
    const sent = before + escapeHtml(this.#text)
    let page: string
    try {
      page = await this.#render(this.#text, changes)
    } catch (error) {
      this.#log.error({ error, template }, 'the end of a streamed page could not be rendered')
      return after
    }
    if (page.startsWith(sent)) return page.slice(sent.length)
    if (!changes)
      this.#log.warn(
        { template },
        'a streamed page depends on its text in another way than was found',
      )
    return after
  }
}

function sameBeginning(a: string, b: string): string {
  let end = 0
  while (end < a.length && a[end] === b[end]) end += 1
  const last = a.charCodeAt(end - 1)
  return a.slice(0, last >= 0xd800 && last < 0xdc00 ? end - 1 : end)
}
