import { escapeHtml } from '../shared/escape-html.ts'
import type { Log } from '../shared/log.ts'
import type { Texts } from '../shared/texts.ts'
import { Fragment } from '../fragments/fragment.ts'
import { streamingHints } from '../fragments/stream-to-fragments.ts'
import { tagsIn } from '../html/tags.ts'
import type { StreamBuffer } from '../streams/buffer.ts'
import type { Context, TemplateEngine } from '../templates/engine.ts'
import { endNotice } from './fragment-buffer.ts'

/** So much text leaves at once, whatever the frame interval says. */
const MAX_WAITING_CHARS = 65_536

/** Renders a page with a text, and with what else has changed. */
type Render = (text: string, changes?: Context) => Promise<string>

/**
 * Creates a page that is sent from its top down while its text is written, for browsers without scripts: what stands
 * before the text, the text part by part, the rest. The body is one render of the page with the whole text.
 *
 * Out     nothing when something else in the page may change while the text grows, or the text does not come out once.
 * Cost    the page is rendered three times to find the place of the text, and once at the end, with the whole text.
 */
export async function streamedPage(
  fragments: object,
  engine: TemplateEngine,
  log: Log,
  texts: Texts,
): Promise<StreamBuffer<unknown> | undefined> {
  const hint = await streamingHints.get(fragments)?.()
  if (hint === undefined) return undefined
  const { template, key, context } = hint
  const render: Render = (whole, changes) =>
    engine.render(template, { ...context, ...changes, [key]: whole })
  const page = await splitPage(render)
  if (page === undefined) return undefined
  const { before, empty } = page
  /** The beginning, sent before there is any text: the same with and without one. */
  const head = sameBeginning(before, empty)
  let text = ''
  let flushed = 0
  /** So many characters are sent: without half a character pair at the end. Nothing before the first. */
  let sent: number | undefined

  const upTo = (end: number): string => {
    const between = sent === undefined ? before.slice(head.length) : ''
    const part = text.slice(sent, end)
    sent = end
    return between + escapeHtml(part)
  }
  return {
    get isEmpty() {
      return text.length <= flushed
    },
    get isFull() {
      return text.length - flushed > MAX_WAITING_CHARS
    },
    start: () => head,
    push(value) {
      const grown = value instanceof Fragment ? value.context[key] : undefined
      if (typeof grown === 'string' && grown.length > text.length) text = grown
    },
    flush() {
      flushed = text.length
      // Half a character pair alone would be encoded as a broken character.
      return upTo(endOfPair(text, flushed))
    },
    async end(event) {
      const notice = endNotice(event, texts)
      if (notice === undefined && text === '') return empty.slice(head.length)
      const rest = upTo(text.length)
      const behind = await endOf(render, page, text, notice !== undefined, (what, error) =>
        error === undefined ? log.warn({ template }, what) : log.error({ error, template }, what),
      )
      // A paragraph holds no other one: the notice would end it.
      const at = notice && behind.startsWith('</p>') ? '</p>'.length : 0
      return rest + behind.slice(0, at) + (notice ?? '') + behind.slice(at)
    },
  }
}

/** The page behind the whole text; as foreseen, when the page has become another one. */
async function endOf(
  render: Render,
  { before, after }: SplitPage,
  text: string,
  isCut: boolean,
  warn: (what: string, error?: unknown) => void,
): Promise<string> {
  const sent = before + escapeHtml(text)
  try {
    const page = await render(text, isCut ? { failed: true } : {})
    if (page.startsWith(sent)) return page.slice(sent.length)
    if (!isCut) warn('a streamed page depends on its text in another way than was found')
  } catch (error) {
    warn('the end of a streamed page could not be rendered', error)
  }
  return after
}

/** The parts of a page before and behind a text that is not there yet. */
export interface SplitPage {
  readonly before: string
  readonly after: string
  /** The page when the text is empty: a template may ask for that. */
  readonly empty: string
}

/** Text that every change of a template shows in: filters, cuts, case, Markdown, white space. */
const MARKS =
  ' \n\t Ab * _c_ `d` # [e](/f) <g>&amp;"\'\\ https://h.example/?i=1&j {{ k }} e\u0301 \r\n\n- l  \n'
const REPEATS = 20

/**
 * Finds the one place of a page where a text comes out escaped, by rendering it with an unlikely text. Nothing where
 * there is no such place, or what stands before it depends on more than whether there is a text.
 */
export async function splitPage(render: Render): Promise<SplitPage | undefined> {
  const sentinel = `${MARKS}${crypto.randomUUID()}${MARKS.repeat(REPEATS)}`
  const [before, after, ...more] = (await render(sentinel)).split(escapeHtml(sentinel))
  if (after === undefined || more.length > 0 || !endsInText(before!)) return undefined
  // The shortest text there is: what depends on the length, or on the words, shows itself before it.
  if (!(await render(' ')).startsWith(`${before} `)) return undefined
  return { before: before!, after, empty: await render('') }
}

/** True when the end of some HTML is text: not a tag, a comment or a script. */
function endsInText(html: string): boolean {
  return tagsIn(`${html}<i>`).at(-1)?.at === html.length
}

function sameBeginning(a: string, b: string): string {
  let end = 0
  while (end < a.length && a[end] === b[end]) end += 1
  return a.slice(0, endOfPair(a, end))
}

/** The end of a part of a text, moved so that it splits no character pair. */
function endOfPair(text: string, end: number): number {
  const last = text.charCodeAt(end - 1)
  return last >= 0xd800 && last < 0xdc00 ? end - 1 : end
}
