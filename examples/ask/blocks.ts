import { decodeEntity, toPlainText } from './plain-text.ts'

/** One block of a document, in plain text. List items and table rows are prose of their own. */
export interface Block {
  readonly kind: 'heading' | 'prose' | 'code'
  readonly text: string
  /** 1 to 6 for a heading, else 0. */
  readonly level: number
}

/** Longer paragraphs are data, not prose; cutting them also bounds what the inline rules may cost. */
const MAX_PARAGRAPH_CHARS = 8_000
/** The beginning of a long example tells what it is about; the rest would bury the prose around it. */
const MAX_CODE_LINES = 24
const MAX_CODE_LINE_CHARS = 240

const FENCE = /^(\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)?)(`{3,}|~{3,})(.*)$/
const HEADING = /^ {0,3}(#{1,6})(?:\s(.*))?$/
const HTML_HEADING = /^\s*(?:<[^<>h][^<>]*>\s*)*<h([1-6])(?:\s[^<>]*)?>(.*?)<\/h\1>/i
const LIST_ITEM = /^(\s*)(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(.*)$/
const DEFINITION = /^ {0,3}\[([^\]]+)\]:\s*\S/
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/
/** A line of a table of contents: nothing but a link to a place in the same file. */
const ANCHOR_ONLY = /^(?:\d+[.)]\s*)?\[[^\]]*\]\(#[^)]*\)\s*$/
const LINK_ONLY = /^\[[^\]]*\]\([^()]*\)[.,;]?$/
const DROPPED_HTML = /^\s*<(script|style|svg|table|picture|iframe)\b/i

/**
 * The blocks of a Markdown text, in order, as plain text.
 *
 * Not a renderer: it keeps what can be searched and quoted. Badges, images, HTML comments, tables of
 * contents and link definitions fall away, and so do the marks of lists, quotes and emphasis.
 *
 * Cost    linear in the text; about 25 ms for 1 MB.
 *
 * @example toBlocks('# Hi\n\nSome *prose*.') // heading "Hi", prose "Some prose."
 */
export function toBlocks(markdown: string): Block[] {
  const lines = markdown.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  const definitions = new Set<string>()
  for (const line of lines) {
    const label = DEFINITION.exec(line)?.[1]
    if (label) definitions.add(label.toLowerCase().trim())
  }

  const blocks: Block[] = []
  let paragraph: string[] = []
  let isItem = false
  let inList = false

  const plain = (text: string): string => toPlainText(text, definitions)
  const heading = (level: number, text: string): void => {
    const words = plain(text)
    if (words) blocks.push({ kind: 'heading', level, text: words })
  }
  const code = (body: readonly string[]): void => {
    const text = trimCode(body)
    if (text) blocks.push({ kind: 'code', level: 0, text })
  }
  const flush = (): void => {
    if (paragraph.length === 0) return
    const text = paragraph.join('\n').slice(0, MAX_PARAGRAPH_CHARS)
    paragraph = []
    if (ANCHOR_ONLY.test(text) || (isItem && LINK_ONLY.test(text))) return
    const words = plain(text)
    if (/[\p{L}\p{N}]/u.test(words)) blocks.push({ kind: 'prose', level: 0, text: words })
  }

  for (let i = skipFrontMatter(lines); i < lines.length; i++) {
    let line = unquote(lines[i]!)

    const indented = /^ {4}|^ {0,3}\t/.test(line)
    if (indented && !inList && paragraph.length === 0 && line.trim()) {
      const body: string[] = []
      while (
        i < lines.length &&
        (/^ {4}|^ {0,3}\t/.test(unquote(lines[i]!)) || !lines[i]!.trim())
      ) {
        body.push(unquote(lines[i]!).replace(/^(?: {4}| {0,3}\t)/, ''))
        i++
      }
      i--
      code(body)
      continue
    }

    const fence = FENCE.exec(line)
    if (fence && !(fence[2]!.startsWith('`') && fence[3]!.includes('`'))) {
      flush()
      const indent = fence[1]!.length
      const closing = new RegExp(`^\\s*\\${fence[2]![0]}{${fence[2]!.length},}\\s*$`)
      const body: string[] = []
      for (i++; i < lines.length && !closing.test(unquote(lines[i]!)); i++) {
        const text = unquote(lines[i]!)
        body.push(text.slice(Math.min(indent, text.length - text.trimStart().length)))
      }
      code(body)
      continue
    }

    const start = commentStart(line)
    if (start >= 0) {
      let end = line.indexOf('-->', start + 4)
      const before = line.slice(0, start)
      while (end < 0 && ++i < lines.length) end = (line = lines[i]!).indexOf('-->')
      // What follows the comment is looked at like a line of its own, in case it opens another one.
      const after = end < 0 ? '' : line.slice(end + 3)
      if (!(before + after).trim()) continue
      lines[i--] = before + after
      continue
    }

    if (!line.trim()) {
      flush()
      continue
    }

    const dropped = DROPPED_HTML.exec(line)?.[1]
    if (dropped) {
      flush()
      const end = new RegExp(`</${dropped}\\s*>`, 'i')
      while (i < lines.length && !end.test(lines[i]!)) i++
      continue
    }

    if (/^\s*<pre\b/i.test(line)) {
      flush()
      const body: string[] = []
      for (; i < lines.length; i++) {
        body.push(lines[i]!)
        if (/<\/pre\s*>/i.test(lines[i]!)) break
      }
      code(body.map(withoutTags))
      continue
    }

    const atx = HEADING.exec(line)
    const html = atx ? null : HTML_HEADING.exec(line)
    if (atx || html) {
      flush()
      inList = false
      if (atx) heading(atx[1]!.length, (atx[2] ?? '').trim().replace(/(?<=^|\s)#+$/, ''))
      else heading(Number(html![1]), html![2]!)
      continue
    }

    if (paragraph.length > 0 && !isItem && /^ {0,3}(?:=+|-{2,})\s*$/.test(line)) {
      const text = paragraph.join(' ')
      paragraph = []
      heading(line.trim().startsWith('=') ? 1 : 2, text)
      continue
    }

    if (RULE.test(line)) {
      flush()
      inList = false
      continue
    }

    if (paragraph.length === 0 && DEFINITION.test(line)) continue

    if (line.includes('|') && i + 1 < lines.length) {
      const next = unquote(lines[i + 1]!)
      if (next.includes('-') && next.includes('|') && TABLE_RULE.test(next)) {
        flush()
        // The head is left out: a row is quoted on its own, and reads well without it.
        for (i += 2; i < lines.length && lines[i]!.includes('|'); i++) {
          paragraph = [toRow(unquote(lines[i]!))]
          flush()
        }
        i--
        continue
      }
    }

    const item = LIST_ITEM.exec(line)
    if (item && (inList || paragraph.length === 0 || item[1]!.length < 4)) {
      flush()
      isItem = inList = true
      paragraph = [item[2]!]
      continue
    }

    if (paragraph.length === 0) {
      isItem = false
      // Text at the margin after a blank line ends the list; indented text still belongs to it.
      if (!/^\s/.test(line)) inList = false
    }
    paragraph.push(line.trim().replace(/^\[!\w+\]\s*$/, ''))
  }
  flush()
  return blocks
}

function unquote(line: string): string {
  return line.startsWith('>') || /^ {1,3}>/.test(line) ? line.replace(/^(?: {0,3}> ?)+/, '') : line
}

/** Where an HTML comment begins in this line, not counting one that is shown in a code span. */
function commentStart(line: string): number {
  if (!line.includes('<!--')) return -1
  return line.replace(/(`+)[^`]+\1/g, (span) => ' '.repeat(span.length)).indexOf('<!--')
}

function skipFrontMatter(lines: readonly string[]): number {
  if (lines[0]?.trim() !== '---') return 0
  const end = lines.findIndex((line, i) => i > 0 && /^(?:---|\.\.\.)\s*$/.test(line))
  const isFrontMatter = end > 0 && lines.slice(1, end).some((line) => /^[\w-]+\s*:/.test(line))
  return isFrontMatter ? end + 1 : 0
}

function toRow(line: string): string {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replace(/\\\|/g, '|'))
    .filter((cell) => /[\p{L}\p{N}]/u.test(cell))
    .join(' | ')
}

function withoutTags(line: string): string {
  return line
    .replace(/<\/?[a-zA-Z][^<>]*>/g, '')
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, decodeEntity)
}

function trimCode(body: readonly string[]): string {
  const lines = body.map((line) => line.replaceAll('\t', '  ').trimEnd())
  while (lines.length > 0 && !lines[0]) lines.shift()
  while (lines.length > 0 && !lines.at(-1)) lines.pop()
  return lines
    .slice(0, MAX_CODE_LINES)
    .filter((line) => line.length <= MAX_CODE_LINE_CHARS)
    .join('\n')
    .trimEnd()
}
