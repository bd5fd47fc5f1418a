import type MarkdownIt from 'markdown-it'
import type { StateBlock, Token } from 'markdown-it'
import type { RenderState } from './render-state.ts'

/** How formulas begin and end. A single `$` is mostly money. */
const ENDS: Readonly<Record<string, string>> = { '\\(': '\\)', '\\[': '\\]', $$: '$$' }
const MARK_CHARS = 2
/** What takes longer to end is no formula. */
const MAX_FORMULA_CHARS = 2_000
/** A line that begins with a formula of its own. */
const DISPLAY = /^(?:\\\[|\$\$)/

/** The formulas of one text. */
export class Formulas {
  readonly #text: string
  /** For each end mark, and each place in the text, where the next one stands. */
  readonly #next = new Map<string, Int32Array>()

  constructor(text: string) {
    this.#text = text
  }

  /** Gives the place behind a formula that begins at a place: -1 when it has no end, nothing when none begins there. */
  endOf(at: number): number | undefined {
    const mark = ENDS[this.#text.slice(at, at + MARK_CHARS)]
    if (mark === undefined) return undefined
    const start = at + MARK_CHARS
    const end = this.#nextOf(mark)[start]!
    // `$$$$` is no formula.
    if (end === start) return undefined
    return end < 0 || end - start > MAX_FORMULA_CHARS ? -1 : end + MARK_CHARS
  }

  /** Tells whether a formula without an end may get one with the text that follows. */
  mayEnd(at: number): boolean {
    return this.#text.length - at <= MARK_CHARS + MAX_FORMULA_CHARS
  }

  #nextOf(mark: string): Int32Array {
    let next = this.#next.get(mark)
    if (next) return next
    this.#next.set(mark, (next = new Int32Array(this.#text.length + 1).fill(-1)))
    let from = 0
    for (let end = this.#text.indexOf(mark); end >= 0; end = this.#text.indexOf(mark, from)) {
      next.fill(end, from, end + 1)
      from = end + 1
    }
    return next
  }
}

/** Keeps formulas as they were typed: the backslashes of `\(a_1\)` are no escapes, and nothing in it is emphasis. */
export function addMath(md: InstanceType<typeof MarkdownIt>, output: 'text' | 'class'): void {
  const known = new WeakMap<object, Formulas>()
  const formulasOf = (state: { readonly src: string }): Formulas => {
    let formulas = known.get(state)
    if (!formulas) known.set(state, (formulas = new Formulas(state.src)))
    return formulas
  }
  md.inline.ruler.before('escape', 'math', (state, silent) => {
    const end = formulasOf(state).endOf(state.pos)
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
  md.block.ruler.before(
    'table',
    'math',
    (state, startLine, endLine, silent) => {
      const start = state.bMarks[startLine]! + state.tShift[startLine]!
      if (state.sCount[startLine]! - state.blkIndent >= 4) return false
      if (!DISPLAY.test(state.src.slice(start, start + MARK_CHARS))) return false
      const end = formulasOf(state).endOf(start)
      if (end === undefined || (end > 0 && end <= state.eMarks[startLine]!)) return false
      if (silent) return true
      const mayEnd = (state.env as RenderState).isTail && formulasOf(state).mayEnd(start)
      const next = end < 0 && !mayEnd ? startLine + 1 : lineBehind(state, startLine, endLine, end)
      pushDisplay(state, startLine, endLine, next)
      return true
    },
    { alt },
  )
}

/**
 * Finds the line behind a formula of several lines; the line behind its first one, when another block begins before its
 * end.
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

/** Adds a paragraph that begins with a formula, in which `- b` is no list and `=` makes no heading. */
function pushDisplay(state: StateBlock, startLine: number, endLine: number, behind: number): void {
  const rules = state.md.block.ruler.getRules('paragraph')
  const { parentType } = state
  state.parentType = 'paragraph'
  let next = behind
  const ends = (): boolean => {
    const indent = state.sCount[next]!
    if (indent < 0 || indent - state.blkIndent > 3) return false
    return rules.some((rule) => rule(state, next, endLine, true))
  }
  while (next < endLine && !state.isEmpty(next) && !ends()) next += 1
  state.parentType = parentType
  state.line = next
  const map: [number, number] = [startLine, next]
  // No `paragraph_open`: in a tight list it would not be set apart from the text before it.
  state.push('display_open', 'p', 1).map = map
  const text: Token = state.push('inline', '', 0)
  text.content = state.getLines(startLine, next, state.blkIndent, false).trim()
  text.map = map
  text.children = []
  state.push('display_close', 'p', -1)
}
