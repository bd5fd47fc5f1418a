import MarkdownIt, { type StateCore, type Token } from 'markdown-it'
import type { Drawing } from './drawing.ts'
import { createColours, type Highlighter, languageOf } from './highlight.ts'
import { hostToShow, imageGate, isSafeLink, REL } from './links.ts'
import { addMarks } from './marks.ts'
import { repairOpenEnd } from './open-end.ts'

export interface Parser {
  /** Markdown as HTML. Adds to the drawing what it defines and uses up. */
  draw(text: string, drawing: Drawing): string
  /** Text as it is, as HTML. */
  plain(text: string): string
  /**
   * The line, from 0, from which on more text may change what is there: where the last top-level block begins.
   *
   * In      whole lines, ended by `\n` only.
   */
  openLine(text: string): number
}

interface ParserOptions {
  readonly highlight?: Highlighter
  readonly images?: readonly string[]
  readonly breaks?: boolean
}

/** markdown-it without HTML, and with rules of ours wherever it writes an attribute. */
export function createParser({ highlight, images = [], breaks = false }: ParserOptions): Parser {
  // Deeper than this, nested blocks are text: each level costs once more for each line.
  const md = new MarkdownIt({ html: false, breaks, maxNesting: 20 })
  const mayLoad = imageGate(images)
  const { rules } = md.renderer
  const colour = highlight && createColours(highlight)
  md.validateLink = isSafeLink
  addMarks(md)

  rules['link_open'] = (tokens, at, _options, env) => {
    drawingOf(env).inLink = true
    return anchor(attribute(tokens[at], 'href') ?? '', attribute(tokens[at], 'title'))
  }
  rules['link_close'] = (tokens, at, options, env, renderer) => {
    drawingOf(env).inLink = false
    let start = at
    while (tokens[start]!.type !== 'link_open') start -= 1
    const text = renderer.renderInlineAsText(tokens.slice(start, at), options, env)
    return `</a>${shownHost(attribute(tokens[start], 'href') ?? '', text)}`
  }
  rules['image'] = (tokens, at, options, env, renderer) => {
    const token = tokens[at]!
    const src = attribute(token, 'src') ?? ''
    const title = attribute(token, 'title')
    const alt = renderer.renderInlineAsText(token.children ?? [], options, env)
    if (mayLoad(src)) {
      return `<img src="${escapeHtml(src)}" alt="${escapeHtml(alt)}"${titled(title)} loading="lazy" referrerpolicy="no-referrer">`
    }
    if (drawingOf(env).inLink) return escapeHtml(alt)
    return `${anchor(src, title)}${escapeHtml(alt || src)}</a>${shownHost(src, alt)}`
  }
  rules['fence'] = (tokens, at, _options, env) => {
    const { content, info, meta } = tokens[at]!
    const language = languageOf(info)
    const coloured = meta?.['open'] ? undefined : colour?.(content, language, drawingOf(env))
    const classes = [coloured !== undefined && 'hljs', language && `language-${language}`]
    const named = classes.filter(Boolean).join(' ')
    const attributes = named && ` class="${named}"`
    return `<pre><code${attributes}>${coloured ?? escapeHtml(content)}</code></pre>\n`
  }
  const aligned: NonNullable<(typeof rules)[string]> = (tokens, at) => {
    const { tag, attrs } = tokens[at]!
    // A style attribute would need a weaker policy, and is more than a table needs.
    const [, side] = /^text-align:(left|center|right)$/.exec(String(attrs?.[0]?.[1])) ?? []
    return side === undefined ? `<${tag}>` : `<${tag} align="${side}">`
  }
  rules['th_open'] = aligned
  rules['td_open'] = aligned

  md.core.ruler.after('block', 'open_end', (state) => {
    // They show nothing, but what follows them would begin with an empty line.
    state.tokens = state.tokens.filter(({ type }) => type !== DEFINITION)
    if ((state.env as Drawing).open) repairOpenEnd(state)
  })
  md.core.ruler.after('inline', 'tasks', drawTasks)

  return {
    draw: (text, drawing) => md.render(text, drawing),
    plain: (text) => (text === '' ? '' : `<pre>${escapeHtml(text)}</pre>\n`),
    openLine(text) {
      const tokens: Token[] = []
      md.block.parse(text, md, {}, tokens)
      const blocks = tokens.filter(({ level, nesting }) => level === 0 && nesting !== -1)
      const line = blocks.at(-1)?.map?.[0] ?? 0
      // A definition right above may get this block for its title, even one in a quote.
      const defined = tokens.some(({ type, map }) => type === DEFINITION && map?.[1] === line)
      return defined ? (blocks.at(-2)?.map?.[0] ?? 0) : line
    },
  }
}

function anchor(href: string, title: string | undefined): string {
  return `<a href="${escapeHtml(href)}"${titled(title)} rel="${REL}">`
}

function titled(title: string | undefined): string {
  return title === undefined ? '' : ` title="${escapeHtml(title)}"`
}

function attribute(token: Token | undefined, name: string): string | undefined {
  const value = token?.attrGet(name)
  return value === null || value === undefined ? undefined : String(value)
}

const drawingOf = (env: unknown): Drawing => env as Drawing

/** The parser's own four entities: enough in text and between double quotes, and fewer bytes for code. */
const { escapeHtml } = new MarkdownIt().utils

/** Isolated, so that a text before it cannot turn it around. */
function shownHost(href: string, text: string): string {
  const host = hostToShow(href, text)
  return host === undefined ? '' : ` <bdi>(${escapeHtml(host)})</bdi>`
}

const DEFINITION = 'reference_definition'
const TASK = /^\[([ xX])\](?=\s)/

/** `- [ ]` as a sign and not as an input, which nothing a model wrote may be. */
function drawTasks({ tokens }: StateCore): void {
  for (let at = 2; at < tokens.length; at++) {
    const first = tokens[at]!.children?.[0]
    if (first?.type !== 'text' || tokens[at - 2]!.type !== 'list_item_open') continue
    first.content = first.content.replace(TASK, (_, mark: string) => (mark === ' ' ? '☐' : '☑'))
  }
}
