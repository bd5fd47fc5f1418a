import { escapeHtml } from '../shared/escape-html.ts'
import type { Context, TemplateEngine } from '../templates/engine.ts'
import { tagsIn } from '../html/tags.ts'

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
 * Finds the one place of a page where the variable `key` comes out as escaped text, by rendering the page with a text
 * that nobody writes. Nothing where there is no such place, or what stands before it depends on more than whether there is a text.
 *
 * Cost    three renders of the page.
 * Throws  TemplateError when the page cannot be rendered.
 */
export async function splitPage(
  engine: TemplateEngine,
  template: string,
  key: string,
  context: Context,
): Promise<SplitPage | undefined> {
  const render = (text: string): Promise<string> =>
    engine.render(template, { ...context, [key]: text })
  const sentinel = `${MARKS}${crypto.randomUUID()}${MARKS.repeat(REPEATS)}`
  const [before, after, ...more] = (await render(sentinel)).split(escapeHtml(sentinel))
  if (after === undefined || more.length > 0 || !isText(before!)) return undefined
  // The shortest text there is: what depends on the length, or on what is said, shows itself before it.
  if (!(await render(' ')).startsWith(`${before} `)) return undefined
  return { before: before!, after, empty: await render('') }
}

/** Whether the end of some HTML is text: not a tag, a comment or a script. */
function isText(html: string): boolean {
  return tagsIn(`${html}<i>`).at(-1)?.at === html.length
}
