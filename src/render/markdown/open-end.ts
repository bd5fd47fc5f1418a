import type { StateCore, Token } from 'markdown-it'
import remend, { type RemendOptions } from 'remend'
import type { Drawing, References } from './drawing.ts'

/** Block marks are ours to judge: the parser has seen them. Raw HTML is text, so an unfinished tag is too. */
const INLINE_ONLY: RemendOptions = {
  linkMode: 'text-only',
  images: false,
  htmlTags: false,
  katex: false,
  setextHeadings: false,
  comparisonOperators: false,
}
const MARK = /[*_~`[]/
/** From here on a text is shown as it stands: closing marks takes longer than it is worth. */
const MAX_REPAIRED_CHARS = 2000

/** A line of nothing but marks: the next character decides whether it is a list, a rule, a heading or a word. */
const ONLY_MARKS =
  /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?:[-*+_=#|:~`[\]!\\ \t]*|\d{1,9}[.)]?|[`~]{3,}.*|\[[^\]]*\]:[ \t]*)$/
const MAX_MARKS_CHARS = 80
/** Marks that nothing follows yet. */
const BARE_MARKS = /(?:(?:^|(?<=[\s(]))[*_~`[!\\]{1,4}|\[\d{0,4})$/
/** A link whose address may follow; not a task. */
const BARE_LABEL = /\[(?![ xX]\])([^[\]]*)\]$/
/** A row is shown when it is whole, as its table grows by rows. */
const BEGUN_ROW = /^[ \t>]*\|/
const MAX_ROW_CHARS = 400
/** The second half of a line break or of a character is still to come. */
const HALF = /[\r\uD800-\uDBFF]$/

/** The end of a growing text without what cannot be told yet, so that nothing is shown that the next token takes back. */
export function withoutUndecided(text: string): string {
  const whole = HALF.test(text) ? text.slice(0, -1) : text
  const start = Math.max(whole.lastIndexOf('\n'), whole.lastIndexOf('\r')) + 1
  const line = whole.slice(start)
  const undecided =
    (line.length <= MAX_MARKS_CHARS && ONLY_MARKS.test(line)) ||
    (line.length <= MAX_ROW_CHARS && BEGUN_ROW.test(line))
  return undecided ? whole.slice(0, start) : whole
}

/** Finishes what is begun at the end of an open text: marks are closed, code waits for its colours. */
export function repairOpenEnd({ src, tokens, env }: StateCore): void {
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
    last.meta = { open: true }
    // The line may go on.
    last.content = last.content.replace(/\n$/, '')
  } else if (last.type === 'inline') repairText(tokens, at, src, (env as Drawing).references)
}

function repairText(tokens: Token[], at: number, src: string, references: References): void {
  const text = tokens[at]!
  const paragraph = tokens[at - 1]!.type === 'paragraph_open'
  // A heading or a cell ends with its line.
  if (text.content.length > MAX_REPAIRED_CHARS || (!paragraph && src.endsWith('\n'))) return
  // What begins with a bar may be the head of a table: the line below it decides.
  const decided = paragraph ? text.content.replace(/(?:^|\n)[ \t]*\|[^\n]*$/, '') : text.content
  const known = withoutImage(decided)
    .replace(BARE_MARKS, '')
    .replace(BARE_LABEL, (link, label: string) => (Object.hasOwn(references, label) ? link : label))
    .trimEnd()
  text.content = MARK.test(known) ? remend(known, INLINE_ONLY) : known
  if (paragraph && text.content.trim() === '') tokens.splice(at - 1, 3)
}

/** An image that is being written shows nothing yet: its address would flash by as text. */
function withoutImage(text: string): string {
  const at = text.lastIndexOf('![')
  return at >= 0 && /^!\[[^\]]*(?:\](?:\([^)]*)?)?$/.test(text.slice(at)) ? text.slice(0, at) : text
}
