import { type Cost, costOf, NO_COST } from './cost.ts'
import { createParser, type MarkdownOptions, newRenderState, type Parser } from './parser.ts'
import { withoutUndecided } from './tail.ts'

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

/** A function from all the text so far to its HTML, which remembers the part that stays as it is. */
export function growing(parser: Parser): (text: string) => string {
  let before = ''
  let prefix = new StablePrefix(parser)
  return (text) => {
    // Much faster than `startsWith`.
    if (text.slice(0, before.length) !== before) prefix = new StablePrefix(parser)
    before = text
    return prefix.render(text)
  }
}

/** How often the stable prefix is rendered again for a link's sake. After that, only the whole text has the address. */
const MAX_RERENDERS = 16

/**
 * The beginning of a growing text that no later text can change.
 *
 * It ends where the last block of the complete lines begins. Half a line misleads: `2.` looks like a word until its blank
 * comes, and would end a list.
 */
class StablePrefix {
  readonly #parser: Parser
  #end = 0
  #html = ''
  #cost: Cost = NO_COST
  #state = newRenderState()
  /** How far the search for its next end has looked. */
  #searched = 0
  /** True once a link in it may have got its address after its render. */
  #isStale = false
  #rerenders = 0
  /** From the limit on, all is plain text. */
  #limit: { readonly at: number; readonly html: string } | undefined

  constructor(parser: Parser) {
    this.#parser = parser
  }

  render(text: string): string {
    const limit = this.#limit ? this.#limit.at : costOf(text, this.#cost, this.#end)
    if (typeof limit === 'number') {
      const html = (): string => this.#parser.render(text.slice(0, limit), newRenderState())
      this.#limit ??= { at: limit, html: html() }
      return this.#limit.html + this.#parser.plain(text.slice(limit))
    }
    this.#extend(text, this.#nextEnd(text))
    // A copy: a definition of which half is written would stay, and the first one of a label wins.
    const references = { ...this.#state.references }
    const state = { ...this.#state, references, isTail: true }
    return this.#html + this.#parser.render(withoutUndecided(text.slice(this.#end)), state)
  }

  /** Where the last block of the complete lines begins. */
  #nextEnd(text: string): number {
    const tail = text.slice(this.#end)
    // A CR at the very end may be half of a line break.
    const whole = Math.max(tail.lastIndexOf('\n'), tail.lastIndexOf('\r', tail.length - 2)) + 1
    const end = this.#end + whole
    // In a long block the search waits until the block has grown by a part of itself: so all searches together cost as
    // much as a few of the last one, and not as many as there are lines.
    const isSoon = end - this.#searched < (this.#searched - this.#end) / 16
    if (end <= this.#searched || isSoon) return this.#end
    this.#searched = end
    const lines = tail.slice(0, whole)
    const line = this.#parser.lastBlockLine(lines.replace(/\r\n?/g, '\n'))
    const breaks = /\r\n?|\n/g
    for (let seen = 0; seen < line; seen++) breaks.exec(lines)
    return this.#end + breaks.lastIndex
  }

  #extend(text: string, end: number): void {
    const added = text.slice(this.#end, end)
    if (added === '') return
    if (added.includes(']:') && text.slice(0, this.#end).includes('[')) this.#isStale = true
    this.#cost = costOf(added, this.#cost) as Cost
    this.#end = end
    if (!this.#isStale || this.#rerenders >= MAX_RERENDERS) {
      this.#html += this.#parser.render(added, this.#state)
      return
    }
    this.#isStale = false
    this.#rerenders += 1
    this.#state = newRenderState()
    this.#html = this.#parser.render(text.slice(0, end), this.#state)
  }
}
