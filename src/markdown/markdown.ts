import { costOf } from './cost.ts'
import { growing } from './growing.ts'
import { createParser, type MarkdownOptions } from './parser.ts'
import { newRenderState } from './render-state.ts'

/** Turns untrusted Markdown into HTML that can do nothing but be read. */
export interface Markdown {
  /**
   * Renders a whole text.
   *
   * Out     always the same for the same text.
   * Cost    about 30 µs a KB, and 25 ms at most: what would take longer comes out as plain text, from there to the end.
   */
  render(text: string): string
  /**
   * Follows one text as it grows: makes a function from all the text so far to all its HTML.
   *
   * In      each time the text as it is now. A text that does not begin with the one before is another text.
   * Out     what its end has begun is finished (`a **b` is bold), and what only the next characters decide is not shown.
   *         The same for the same text, in whatever pieces it came. When it is whole, `render` has the last word.
   * Cost    follows the last block, however long the text before it is.
   *
   * @example markdown().open()('An **ans') // → '<p>An <strong>ans</strong></p>\n'
   */
  open(): (text: string) => string
}

/**
 * Makes Markdown for texts that a model writes: headings, lists, tables, code, quotes and links, without raw HTML.
 *
 * In      nothing of the text has to be trusted. Links lead to http, https, mailto and places of this site.
 * Out     the same HTML for the same text, whether it came at once or in pieces.
 * Cost    nothing until it is used.
 * Throws  ConfigError `config/invalid` when `images` names something that is no origin.
 *
 * @example markdown().render('**Hello** <b>') // → '<p><strong>Hello</strong> &lt;b&gt;</p>\n'
 */
export function markdown(options: MarkdownOptions = {}): Markdown {
  const parser = createParser(options)
  return {
    render(text) {
      const limit = costOf(text)
      const end = typeof limit === 'number' ? limit : text.length
      return parser.render(text.slice(0, end), newRenderState()) + parser.plain(text.slice(end))
    },
    open: () => growing(parser),
  }
}
