import { newDrawing } from './drawing.ts'
import { frozenPrefix } from './frozen-prefix.ts'
import type { Markdown } from './growing-markdown.ts'
import type { Highlighter } from './highlight.ts'
import { createParser } from './parser.ts'
import { readable } from './work.ts'

/** What Markdown may do beyond its defaults. */
export interface MarkdownOptions {
  /**
   * Colours finished code blocks: highlight.js, whole or with the languages that you chose. Default: no colours.
   *
   * It writes classes and no styles, so bring a style sheet of its.
   */
  readonly highlight?: Highlighter
  /**
   * Where images may come from: origins such as `https://img.example.com`, and `self` for this site. Default none: an
   * image is shown as a link, because loading it tells its server whatever the model wrote into the address.
   */
  readonly images?: readonly string[]
  /** A line break in the text is one in the page. Default false, as Markdown has it. */
  readonly breaks?: boolean
}

/**
 * Markdown for texts that a model writes: headings, lists, tables, code, quotes and links, without raw HTML.
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
      const { marked, rest } = readable(text)
      return parser.draw(marked, newDrawing()) + parser.plain(rest)
    },
    open: () => frozenPrefix(parser),
  }
}
