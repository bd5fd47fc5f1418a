import { escapeHtml } from '../shared/escape-html.ts'
import type { Log } from '../shared/log.ts'
import { Fragment } from '../fragments/fragment.ts'
import { streamingHints } from '../fragments/stream-to-fragments.ts'
import { tagsIn } from '../html/tags.ts'
import type { StreamBuffer } from '../streams/buffer.ts'
import type { EndEvent } from '../streams/end.ts'
import type { Context, TemplateEngine } from '../templates/engine.ts'
import { endNotice } from './fragment-buffer.ts'

/** So much text leaves at once, whatever the frame interval says. */
const MAX_WAITING_CHARS = 65_536

/** Renders a page with a text, and with what else has changed. */
type Render = (text: string, changes?: Context) => Promise<string>

/**
 * A page that is sent from its top down while its text is written, for browsers without scripts: what stands before the
 * text, the text part by part, what stands behind it. The body is one render of the page with the whole text.
 *
 * Cost    the page is rendered three times to find the place of the text, and once at the end, with the whole text.
 */
export class StreamedPage implements StreamBuffer<unknown> {
  readonly #page: SplitPage
  readonly #key: string
  readonly #render: Render
  readonly #warn: (error?: unknown) => void
  /** What is sent before there is any text: the same with and without one. */
  readonly #head: string
  /** All text so far. */
  #text = ''
  /** How many of its characters are flushed. */
  #flushed = 0
  /** How many are sent: without half a character pair at the end. Nothing before the first. */
  #sent: number | undefined

  private constructor(
    page: SplitPage,
    key: string,
    render: Render,
    warn: (error?: unknown) => void,
  ) {
    this.#page = page
    this.#key = key
    this.#render = render
    this.#warn = warn
    this.#head = sameBeginning(page.before, page.empty)
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
  ): Promise<StreamedPage | undefined> {
    const hint = await streamingHints.get(fragments)?.()
    if (hint === undefined) return undefined
    const { template, key, context } = hint
    const render: Render = (text, changes) =>
      engine.render(template, { ...context, ...changes, [key]: text })
    const page = await splitPage(render)
    const warn = (error?: unknown): void =>
      error
        ? log.error({ error, template }, 'the end of a streamed page could not be rendered')
        : log.warn(
            { template },
            'a streamed page depends on its text in another way than was found',
          )
    return page && new StreamedPage(page, key, render, warn)
  }

  get isEmpty(): boolean {
    return this.#text.length <= this.#flushed
  }

  get isFull(): boolean {
    return this.#text.length - this.#flushed > MAX_WAITING_CHARS
  }

  start(): string {
    return this.#head
  }

  push(value: unknown): void {
    const text = value instanceof Fragment ? value.context[this.#key] : undefined
    if (typeof text === 'string' && text.length > this.#text.length) this.#text = text
  }

  flush(): string {
    // Half a character pair alone would be spelt as a broken character.
    const length = (this.#flushed = this.#text.length)
    return this.#upTo(isHighSurrogate(this.#text.charCodeAt(length - 1)) ? length - 1 : length)
  }

  async end(event: EndEvent): Promise<string> {
    const notice = endNotice(event)
    if (notice === undefined && this.#text === '') return this.#page.empty.slice(this.#head.length)
    const text = this.#upTo(this.#text.length)
    const after = await this.#rest(notice === undefined ? undefined : { failed: true })
    // A paragraph holds no other one: the notice would end it.
    const at = notice && after.startsWith('</p>') ? '</p>'.length : 0
    return text + after.slice(0, at) + (notice ?? '') + after.slice(at)
  }

  #upTo(end: number): string {
    const between = this.#sent === undefined ? this.#page.before.slice(this.#head.length) : ''
    const text = this.#text.slice(this.#sent ?? 0, end)
    this.#sent = end
    return between + escapeHtml(text)
  }

  /** What stands behind the text, now that it is whole; as it was foreseen, when the page has become another one. */
  async #rest(changes?: Context): Promise<string> {
    const { before, after } = this.#page
    const sent = before + escapeHtml(this.#text)
    let page: string
    try {
      page = await this.#render(this.#text, changes)
    } catch (error) {
      this.#warn(error)
      return after
    }
    if (page.startsWith(sent)) return page.slice(sent.length)
    if (!changes) this.#warn()
    return after
  }
}

/** What stands before and behind a text that is not there yet. */
export interface SplitPage {
  readonly before: string
  readonly after: string
  /** The page when the text is empty: a template may ask for that. */
  readonly empty: string
}

/** Whatever a template does to a text, it does something to this one: filters, cuts, case, Markdown, white space. */
const MARKS =
  ' \n\t Ab * _c_ `d` # [e](/f) <g>&amp;"\'\\ https://h.example/?i=1&j {{ k }} e\u0301 \r\n\n- l  \n'
const REPEATS = 20

/**
 * Finds the one place of a page where a text comes out escaped, by rendering the page with a text that nobody writes.
 * Nothing where there is no such place, or what stands before it depends on more than whether there is a text.
 */
export async function splitPage(render: Render): Promise<SplitPage | undefined> {
  const sentinel = `${MARKS}${crypto.randomUUID()}${MARKS.repeat(REPEATS)}`
  const [before, after, ...more] = (await render(sentinel)).split(escapeHtml(sentinel))
  if (after === undefined || more.length > 0 || !endsInText(before!)) return undefined
  // The shortest text there is: what depends on the length, or on the words, shows itself before it.
  if (!(await render(' ')).startsWith(`${before} `)) return undefined
  return { before: before!, after, empty: await render('') }
}

/** Whether the end of some HTML is text: not a tag, a comment or a script. */
function endsInText(html: string): boolean {
  return tagsIn(`${html}<i>`).at(-1)?.at === html.length
}

function sameBeginning(a: string, b: string): string {
  let end = 0
  while (end < a.length && a[end] === b[end]) end += 1
  return a.slice(0, isHighSurrogate(a.charCodeAt(end - 1)) ? end - 1 : end)
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00
}
