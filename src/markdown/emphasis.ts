import type MarkdownIt from 'markdown-it'

/** Chinese, Japanese and Korean: letters, their punctuation, and full-width forms. */
const CJK =
  '[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Bopo}\\p{scx=Hang}\\u3000-\\u303f\\ufe10-\\ufe1f\\ufe30-\\ufe4f\\uff00-\\uffef]'
/** A variation selector belongs to the letter before it. */
const CJK_BEFORE = new RegExp(`${CJK}[\\ufe00-\\ufe0e\\u{e0100}-\\u{e01ef}]?$`, 'u')
const CJK_AFTER = new RegExp(`^${CJK}`, 'u')
/** A letter and a selector. */
const MAX_UNITS = 4

/**
 * Lets `*` and `~~` begin and end beside Chinese, Japanese and Korean, where no blank stands between words.
 *
 * Markdown looks for blanks around punctuation, so `**注意：**请` would keep its stars.
 */
export function addCjkEmphasis(md: InstanceType<typeof MarkdownIt>): void {
  md.inline.State = class extends md.inline.State {
    override scanDelims(
      start: number,
      canSplitWord: boolean,
    ): ReturnType<InstanceType<typeof md.inline.State>['scanDelims']> {
      const run = super.scanDelims(start, canSplitWord)
      if (!canSplitWord || (run.can_open && run.can_close)) return run
      const before = this.src.slice(Math.max(0, start - MAX_UNITS), start)
      const end = start + run.length
      const after = this.src.slice(end, Math.min(end + MAX_UNITS, this.posMax))
      if (/(?:^|\s)$/.test(before) || /^(?:\s|$)/.test(after)) return run
      const isBeside = CJK_BEFORE.test(before) || CJK_AFTER.test(after)
      return isBeside ? { ...run, can_open: true, can_close: true } : run
    }
  }
}
