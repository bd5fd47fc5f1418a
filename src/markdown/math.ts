import type MarkdownIt from 'markdown-it'
import type { StateBlock } from 'markdown-it'

/** How formulas begin and end. A single `$` is mostly money. */
const ENDS: Readonly<Record<string, string>> = { '\\(': '\\)', '\\[': '\\]', $$: '$$' }
const MARK_CHARS = 2
/** Text that takes longer to end is no formula. */
const MAX_FORMULA_CHARS = 2_000
/** A line that begins with a formula of its own. */
const DISPLAY = /^(?:\\\[|\$\$)/

/** The place behind a formula that begins at a place: -1 when it has no end, undefined when none begins there. */
export function formulaEnd(text: string, at: number): number | undefined {
  const mark = ENDS[text.slice(at, at + MARK_CHARS)]
  if (mark === undefined) return undefined
  const start = at + MARK_CHARS
  const end = nextMark(text, mark, start)
  // `$$$$` is no formula.
  if (end === start) return undefined
  return end < 0 || end - start > MAX_FORMULA_CHARS ? -1 : end + MARK_CHARS
}

/** The last search for each mark: a text of opening marks alone would be searched once for each of them. */
const searches = new Map<string, { readonly text: string; readonly from: number; end: number }>()

function nextMark(text: string, mark: string, from: number): number {
  const last = searches.get(mark)
  const isKnown = last?.text === text && last.from <= from && (last.end < 0 || from <= last.end)
  if (isKnown) return last.end
  const end = text.indexOf(mark, from)
  searches.set(mark, { text, from, end })
  return end
}

/** True for a formula without an end that may get one with the text that follows. */
export function mayEnd(text: string, at: number): boolean {
  return text.length - at <= MARK_CHARS + MAX_FORMULA_CHARS
}

/** Keeps formulas as they are typed: the backslashes of `\(a_1\)` are no escapes, and nothing in it is emphasis. */
export function addMath(md: InstanceType<typeof MarkdownIt>, output: 'text' | 'class'): void {
  md.inline.ruler.before('escape', 'math', (state, silent) => {
    const end = formulaEnd(state.src, state.pos)
    if (end === undefined || end < 0 || end > state.posMax) return false
    if (!silent) {
      const isMarked = output === 'class'
      if (isMarked) state.push('math_open', 'span', 1).attrs = [['class', 'math']]
      state.push('text', '', 0).content = state.src.slice(state.pos, end)
      if (isMarked) state.push('math_close', 'span', -1)
    }
    state.pos = end
    return true
  })
  const alt = ['paragraph', 'reference', 'blockquote', 'list']
  md.block.ruler.before('table', 'math', display, { alt })
}

/** A paragraph that begins with a formula, in which `- b` is no list and `=` makes no heading. */
function display(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  const start = state.bMarks[startLine]! + state.tShift[startLine]!
  if (state.sCount[startLine]! - state.blkIndent >= 4) return false
  if (!DISPLAY.test(state.src.slice(start, start + MARK_CHARS))) return false
  if (silent && isInFormula(state.src, state.bMarks[state.line]!, start)) return false
  const end = formulaEnd(state.src, start)
  if (end === undefined || (end > 0 && end <= state.eMarks[startLine]!)) return false
  if (silent) return true
  const { isTail } = state.env as { readonly isTail: boolean }
  const isOpen = end < 0 && isTail && mayEnd(state.src, start)
  let next = end > 0 || isOpen ? lineBehind(state, startLine, endLine, end) : startLine + 1
  const rules = state.md.block.ruler.getRules('paragraph')
  const { parentType } = state
  state.parentType = 'paragraph'
  const isEnded = (): boolean => {
    const indent = state.sCount[next]!
    if (indent < 0 || indent - state.blkIndent > 3) return false
    return rules.some((rule) => rule(state, next, endLine, true))
  }
  while (next < endLine && !state.isEmpty(next) && !isEnded()) next += 1
  state.parentType = parentType
  state.line = next
  // No `paragraph_open`: in a tight list it would not be set apart from the text before it.
  state.push('display_open', 'p', 1).map = [startLine, next]
  const text = state.push('inline', '', 0)
  text.content = state.getLines(startLine, next, state.blkIndent, false).trim()
  text.map = [startLine, next]
  text.children = []
  state.push('display_close', 'p', -1)
  return true
}

/** Tells if a place of a paragraph stands in a formula, or at its end: `so $$` of a line before may begin one. */
function isInFormula(text: string, paragraph: number, at: number): boolean {
  if (at - paragraph > MAX_FORMULA_CHARS) return false
  let from = paragraph
  while (from < at) {
    const next = from + (text[from] === '\\' ? 2 : 1)
    from = Math.max(formulaEnd(text, from) ?? next, next)
  }
  return from > at
}

/**
 * Finds the line behind a formula of several lines. When another block begins before its end, that is the line behind
 * its first one.
 *
 * In      where it ends; -1 when that may still follow the text.
 */
function lineBehind(state: StateBlock, startLine: number, endLine: number, end: number): number {
  let next = startLine + 1
  while (next < endLine && !state.isEmpty(next) && state.sCount[next]! >= state.blkIndent) {
    next += 1
    if (end > 0 && end <= state.eMarks[next - 1]!) return next
  }
  const isTail = end < 0 && state.eMarks[next - 1]! >= state.src.replace(/\n$/, '').length
  return isTail ? next : startLine + 1
}
