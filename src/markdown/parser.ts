import MarkdownIt, { type StateCore, type Token } from 'markdown-it'
import { addCjkEmphasis } from './emphasis.ts'
import { type Highlighter, languageOf, rememberHighlights } from './highlight.ts'
import { addMarks, hostToShow, imageGate, isSafeLink, REL } from './links.ts'
import { addMath } from './math.ts'
import { newRenderState, type RenderState } from './render-state.ts'
import { repairTail } from './tail.ts'

/** Makes Markdown into HTML, part by part. */
export interface Parser {
  /** Renders Markdown. Adds to the state what it defines and uses up. */
  render(text: string, state: RenderState): string
  /** Renders text as it is. */
  plain(text: string): string
  /**
   * Finds the line, from 0, where the last top-level block begins: from there on, more text may change what is there.
   *
   * In      whole lines, ended by `\n` only.
   */
  lastBlockLine(text: string): number
}

/** What Markdown may do beyond its defaults. */
export interface MarkdownOptions {
  /**
   * Highlights finished code blocks: highlight.js, whole or with the languages that you chose. Default: none.
   *
   * It writes classes and no styles, so bring one of its style sheets.
   */
  readonly highlight?: Highlighter
  /**
   * Where images may come from: origins such as `https://img.example.com`, and `self` for this site. Default none: an
   * image is shown as a link, because loading it tells its server whatever the model wrote into the address.
   */
  readonly images?: readonly string[]
  /** A line break in the text is one in the page. Default false, as Markdown has it. */
  readonly breaks?: boolean
  /**
   * How formulas come out: `\(a_1\)`, `\[x^2\]` and `$$a$$`, as they were typed. Default `text`; with `class`, each stands in
   * `<span class="math">`, where a script such as KaTeX finds it.
   */
  readonly math?: 'text' | 'class'
}

/** Sets up markdown-it without HTML, and with rules of ours wherever it writes an attribute. */
export function createParser(chosen: MarkdownOptions): Parser {
  const { highlight, images = [], breaks = false, math = 'text' } = chosen
  // Deeper than this, nested blocks are text: each level costs once more for each line.
  const md = new MarkdownIt({ html: false, breaks, maxNesting: 20 })
  const mayLoad = imageGate(images)
  const { rules } = md.renderer
  const highlighted = highlight && rememberHighlights(highlight)
  md.validateLink = isSafeLink
  addMarks(md)
  addCjkEmphasis(md)
  addMath(md, math)

  rules['link_open'] = (tokens, at, _options, env) => {
    stateOf(env).inLink = true
    return anchor(attribute(tokens[at], 'href') ?? '', attribute(tokens[at], 'title'))
  }
  rules['link_close'] = (tokens, at, options, env, renderer) => {
    stateOf(env).inLink = false
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
    if (stateOf(env).inLink) return escapeHtml(alt)
    return `${anchor(src, title)}${escapeHtml(alt || src)}</a>${shownHost(src, alt)}`
  }
  rules['fence'] = (tokens, at, _options, env) => {
    const { content, info, meta } = tokens[at]!
    const language = languageOf(info)
    const spans = meta?.['isOpen'] ? undefined : highlighted?.(content, language, stateOf(env))
    const classes = [spans !== undefined && 'hljs', language && `language-${language}`]
    const named = classes.filter(Boolean).join(' ')
    const attributes = named && ` class="${named}"`
    return `<pre><code${attributes}>${spans ?? escapeHtml(content)}</code></pre>\n`
  }
  const aligned: NonNullable<(typeof rules)[string]> = (tokens, at) => {
    const { tag, attrs } = tokens[at]!
    // A style attribute would need a weaker policy, and is more than a table needs.
    const [, side] = /^text-align:(left|center|right)$/.exec(String(attrs?.[0]?.[1])) ?? []
    return side === undefined ? `<${tag}>` : `<${tag} align="${side}">`
  }
  rules['th_open'] = aligned
  rules['td_open'] = aligned

  md.core.ruler.after('block', 'tail', (state) => {
    // They show nothing, but what follows them would begin with an empty line.
    state.tokens = state.tokens.filter(({ type }) => type !== DEFINITION)
    if (stateOf(state.env).isTail) repairTail(state)
  })
  md.core.ruler.after('inline', 'tasks', drawTasks)

  return {
    render: (text, state) => md.render(text, state),
    plain: (text) => (text === '' ? '' : `<pre>${escapeHtml(text)}</pre>\n`),
    lastBlockLine(text) {
      const tokens: Token[] = []
      md.block.parse(text, md, { ...newRenderState(), isTail: true }, tokens)
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

const stateOf = (env: unknown): RenderState => env as RenderState

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
