import type { StateCore, Token } from 'markdown-it'
import remend, { type RemendOptions } from 'remend'
import { formulaEnd, mayEnd } from './math.ts'

/** The parser has seen the block marks. Raw HTML is text, so an unfinished tag is too. */
const INLINE_ONLY: RemendOptions = {
  linkMode: 'text-only',
  images: false,
  htmlTags: false,
  katex: false,
  setextHeadings: false,
  comparisonOperators: false,
}
const MARK = /[*_~[]/
/** From here on a text is shown as it stands: closing marks takes longer than it is worth. */
const MAX_REPAIRED_CHARS = 10_000

/** A line of nothing but marks: the next character decides whether it is a list, a rule, a heading or a word. */
const ONLY_MARKS =
  /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?:[-*+_=#|:~`[\]!\\ \t]*|\d{1,9}[.)]?|[`~]{3,}.*|\[[^\]]*\]:[ \t]*)$/
const MAX_MARKS_CHARS = 80
/**
 * The end of a text about which the next characters decide: whether marks begin or end something, whether brackets are a
 * link or an image, what looks like an entity or an address is one. Not a task, which shows at once.
 */
const UNDECIDED =
  /(?:[*_~`$]+|\\|!|!?\[(?![ xX]\]$)[^[\]]{0,100}(?:\](?:\([^()]*|\[[^[\]]{0,100})?)?|&#?\w{0,31}|<[a-zA-Z][^\s<>]*)$/
/** A longer address shows before it ends. */
const MAX_UNDECIDED_CHARS = 500
/** How often the text before an undecided end is looked at: it may be undecided, too. */
const MAX_UNDECIDED = 4

/** A row is shown when it is whole, as its table grows by rows; a definition is never shown. */
const WHOLE_ONLY = /^[ \t>]*(?:\||\[[^\]]+\]:)/
const MAX_WHOLE_CHARS = 400
/** The second half of a line break or of a character is still to come. */
const HALF = /[\r\uD800-\uDBFF]$/

/** Leaves out the undecided end of a growing text: nothing is shown that the next token takes back. */
export function withoutUndecided(text: string): string {
  const whole = HALF.test(text) ? text.slice(0, -1) : text
  const start = Math.max(whole.lastIndexOf('\n'), whole.lastIndexOf('\r')) + 1
  const line = whole.slice(start)
  const undecided =
    (line.length <= MAX_MARKS_CHARS && ONLY_MARKS.test(line)) ||
    (line.length <= MAX_WHOLE_CHARS && WHOLE_ONLY.test(line))
  return undecided ? whole.slice(0, start) : whole
}

/** Finishes what is begun at the end of a tail: marks are closed, and open code is not highlighted. */
export function repairTail({ src, tokens }: StateCore): void {
  const lines = src.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const at = tokens.findLastIndex(({ type, content }) => content !== '' || type === 'fence')
  const last = tokens[at]
  if (last === undefined) return
  const around = tokens.findLast(({ map }, index) => index <= at && map !== null)
  const [start, end] = around!.map!
  // Something stands below it, if only an empty line.
  if (end < lines.length) return
  if (last.type === 'fence') {
    const closing = lines[end - 1]!.replace(/^[ \t>]*/, '').trimEnd()
    const closed = end - start > 1 && closing.startsWith(last.markup) && /^(?:`+|~+)$/.test(closing)
    if (closed) return
    last.meta = { isOpen: true }
    // The line may go on.
    last.content = last.content.replace(/\n$/, '')
  } else if (last.type === 'inline') repairText(tokens, at, src)
}

function repairText(tokens: Token[], at: number, src: string): void {
  const text = tokens[at]!
  const paragraph = tokens[at - 1]!.tag === 'p'
  // A heading or a cell ends with its line.
  if (text.content.length > MAX_REPAIRED_CHARS || (!paragraph && src.endsWith('\n'))) return
  // What begins with a bar may be the head of a table: the line below it decides.
  const decided = paragraph ? text.content.replace(/(?:^|\n)[ \t]*\|[^\n]*$/, '') : text.content
  text.content = repaired(decided)
  if (paragraph && text.content.trim() === '') tokens.splice(at - 1, 3)
}

/** Finishes a text: what has begun in it ends, the innermost first. */
function repaired(unknown: string): string {
  // More of them may follow.
  const text = unknown.replace(/`+$/, '')
  const { masked, length } = withoutVerbatim(text)
  const known = withoutUndecidedMarks(masked.slice(0, length))
  const { masked: bare, openCode } = withoutVerbatim(text.slice(0, known.length))
  const closed = text.slice(0, known.length) + openCode
  if (!MARK.test(bare)) return closed
  const ended = remend(bare, INLINE_ONLY)
  return ended.startsWith(bare) ? closed + ended.slice(bare.length) : remend(closed, INLINE_ONLY)
}

/** Where code and formulas may begin, or what begins neither. */
const BEGIN = /\\[^]|\$\$|`+/g
/** Neither a mark nor a letter. */
const MASK = '、'
/** Characters that mislead the repair: `*` beside them seems to stand within a word, and `$` to begin a formula. */
const MISREAD = /[$\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Hang}]/gu

/**
 * Hides code and formulas of a text from whatever looks for marks.
 *
 * Out     the text, as long as before; how much of it stands before a formula that may still end; what ends its code.
 */
function withoutVerbatim(text: string): { masked: string; length: number; openCode: string } {
  let masked = ''
  let at = 0
  for (;;) {
    BEGIN.lastIndex = at
    const found = BEGIN.exec(text)
    const start = found?.index ?? text.length
    masked += text.slice(at, start).replace(MISREAD, (letter) => MASK.repeat(letter.length))
    if (!found) return { masked, length: text.length, openCode: '' }
    const [mark] = found
    const isCode = mark.startsWith('`')
    const end = isCode ? codeEnd(text, start, mark) : formulaEnd(text, start)
    if (end === -1 && isCode) {
      masked += MASK.repeat(text.length - start)
      return { masked, length: text.length, openCode: mark }
    }
    const isOpen = end === -1 && mayEnd(text, start)
    if (isOpen) return { masked: masked + text.slice(start), length: start, openCode: '' }
    at = end === undefined || end < 0 ? start + mark.length : end
    masked += end === at ? MASK.repeat(end - start) : mark
  }
}

/** Where code ends: at as many backticks as it began with; -1 when there are none. */
function codeEnd(text: string, start: number, mark: string): number {
  const end = new RegExp(`(?<!\`)${mark}(?!\`)`, 'g')
  end.lastIndex = start + mark.length
  return end.test(text) ? end.lastIndex : -1
}

/** A text up to where only the next characters decide what it is. */
function withoutUndecidedMarks(text: string): string {
  let known = text.trimEnd()
  for (let n = 0; n < MAX_UNDECIDED; n++) {
    const start = Math.max(0, known.length - MAX_UNDECIDED_CHARS)
    const end = known.slice(start).search(UNDECIDED)
    if (end < 0) break
    known = known.slice(0, start + end).trimEnd()
  }
  return known
}
