/** One text that grows, and what of its HTML is settled. */
export interface GrowingMarkdown {
  /**
   * Takes all the text so far.
   *
   * In      the text as it is now, beginning with what it was; `final` when nothing follows.
   * Cost    the open end of the text alone, not what is settled.
   */
  update(text: string, options?: { readonly final?: boolean }): MarkdownUpdate
}

/** What one update changed. The page shows all that was settled since the last reset, in order, and then `open`. */
export interface MarkdownUpdate {
  /** HTML of the blocks that are finished since the last update; it stays as it is. */
  readonly settled: string
  /** HTML of the end that still grows; it takes the place of the one before. Empty after the final update. */
  readonly open: string
  /** What was settled before no longer holds, and `settled` is all of it: a link got its address only now. */
  readonly reset: boolean
  /**
   * The same in fewer bytes: what makes `settled` and `open` together out of what `open` was, one after the other. Empty
   * when nothing changed, absent when it was more than the end.
   */
  readonly changes?: readonly HtmlChange[]
}

/** What happens to one element. */
export interface HtmlChange {
  /**
   * The way to it: `['ul', 'li']` is the last `<li>` in the last `<ul>` of what the text stands in, `[]` is this itself.
   */
  readonly path: readonly string[]
  /** What comes to its end, or the element that takes its place. */
  readonly html: string
  readonly replaces?: true
}

/** Turns Markdown that nobody vouches for into HTML that can do nothing but be read. */
export interface Markdown {
  /**
   * The whole text as HTML.
   *
   * Out     always the same for the same text.
   * Cost    about 30 µs a KB, and 25 ms at most: what would take longer comes out as plain text, from there to the end.
   */
  render(text: string): string
  /** Follows one text as it grows. At its end, all that was settled is what `render` gives. */
  open(): GrowingMarkdown
}
