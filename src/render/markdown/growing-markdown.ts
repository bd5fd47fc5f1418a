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
   * The same change in fewer bytes: `settled` and `open` together are what `open` was, and these at its end. Empty when
   * nothing changed, absent when it was something else that did.
   */
  readonly added?: readonly AddedHtml[]
}

/** What comes to the end of an element. */
export interface AddedHtml {
  readonly html: string
  /** Which one: 0 is what the text stands in, 1 the last element in that, 2 the last element in this, and so on. */
  readonly depth: number
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
