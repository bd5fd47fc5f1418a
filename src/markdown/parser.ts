import MarkdownIt, { type StateCore, type StateInline, type Token } from 'markdown-it'
import {
  MAX_HIGHLIGHTED_CHARS,
  type Highlighter,
  languageOf,
  rememberHighlights,
} from './highlight.ts'
import { addCitations, hostToShow, imageGate, isSafeLink, REL } from './links.ts'
import { addMath } from './math.ts'
import { repairTail } from './tail.ts'

export type References = Record<string, { title: string; href: string }>

/** State that the parts of one text share while they are rendered one after the other. */
export interface RenderState {
  [key: string | symbol]: unknown
  references: References
  /** More text may follow this part. */
  isTail: boolean
  /** How much code is highlighted so far. */
  highlightedChars: number
  inLink: boolean
}

export function newRenderState(): RenderState {
  return { references: {}, isTail: false, highlightedChars: 0, inLink: false }
}

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

/** Options of Markdown beyond its defaults. */
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
export function createParser(options: MarkdownOptions): Parser {
  const { breaks = false, math = 'text' } = options
  // Deeper than this, nested blocks are text: each level costs once more for each line.
  const md = new MarkdownIt({ html: false, breaks, maxNesting: 20 })
  md.validateLink = isSafeLink
  addCitations(md)
  addUnspacedEmphasis(md)
  addMath(md, math)
  Object.assign(md.renderer.rules, rulesOf(options))
  md.core.ruler.after('block', 'tail', (state) => {
    // They show nothing, but what follows them would begin with an empty line.
    state.tokens = state.tokens.filter(({ type }) => type !== DEFINITION)
    if (stateOf(state.env).isTail) repairTail(state)
  })
  md.core.ruler.after('inline', 'tasks', showTasks)

  return {
    render: (text, state) => md.render(text, state),
    plain: (text) => (text === '' ? '' : `<pre>${escapeHtml(text)}</pre>\n`),
    lastBlockLine(text) {
      const tokens: Token[] = []
      md.block.parse(text, md, { ...newRenderState(), isTail: true }, tokens)
      const blocks = tokens.filter(({ level, nesting }) => level === 0 && nesting !== -1)
      const line = blocks.at(-1)?.map?.[0] ?? 0
      // A definition right above may get this block for its title, even one in a quote.
      const isDefined = tokens.some(({ type, map }) => type === DEFINITION && map?.[1] === line)
      return isDefined ? (blocks.at(-2)?.map?.[0] ?? 0) : line
    },
  }
}

type Renderer = InstanceType<typeof MarkdownIt>['renderer']

function rulesOf({ highlight, images = [] }: MarkdownOptions): Renderer['rules'] {
  const mayLoad = imageGate(images)
  const highlighted = highlight && rememberHighlights(highlight)
  // A style attribute would need a weaker policy, and is more than a table needs.
  const cell: Renderer['rules'][string] = (tokens, at, options, _env, renderer) => {
    const { attrs } = tokens[at]!
    const [, side] = /^text-align:(left|center|right)$/.exec(String(attrs?.[0]?.[1])) ?? []
    tokens[at]!.attrs = side === undefined ? null : [['align', side]]
    return renderer.renderToken(tokens, at, options)
  }
  return {
    th_open: cell,
    td_open: cell,
    link_open(tokens, at, options, env, renderer) {
      stateOf(env).inLink = true
      tokens[at]!.attrSet('rel', REL)
      return renderer.renderToken(tokens, at, options)
    },
    link_close(tokens, at, options, env, renderer) {
      stateOf(env).inLink = false
      let start = at
      // Not `findLastIndex`, which begins at the end of all links.
      while (tokens[start]!.type !== 'link_open') start -= 1
      const text = renderer.renderInlineAsText(tokens.slice(start, at), options, env)
      return `</a>${shownHost(String(tokens[start]!.attrGet('href')), text)}`
    },
    image(tokens, at, options, env, renderer) {
      const token = tokens[at]!
      const [src, title] = [String(token.attrGet('src')), token.attrGet('title')]
      const alt = renderer.renderInlineAsText(token.children ?? [], options, env)
      if (mayLoad(src)) {
        token.attrSet('alt', alt)
        token.attrSet('loading', 'lazy')
        token.attrSet('referrerpolicy', 'no-referrer')
        return renderer.renderToken(tokens, at, options)
      }
      if (stateOf(env).inLink) return escapeHtml(alt)
      token.attrs = [['href', src]]
      if (title !== null) token.attrSet('title', title)
      token.attrSet('rel', REL)
      const attributes = renderer.renderAttrs(token)
      return `<a${attributes}>${escapeHtml(alt || src)}</a>${shownHost(src, alt)}`
    },
    fence(tokens, at, _options, env) {
      const { content, info, meta } = tokens[at]!
      const language = languageOf(info)
      const state = stateOf(env)
      const isWhole = highlighted !== undefined && meta?.['isOpen'] !== true
      if (isWhole) state.highlightedChars += content.length
      const mayHighlight = isWhole && state.highlightedChars <= MAX_HIGHLIGHTED_CHARS
      const spans = mayHighlight ? highlighted(content, language) : undefined
      const classes = [spans !== undefined && 'hljs', language && `language-${language}`]
      const named = classes.filter(Boolean).join(' ')
      const attributes = named && ` class="${named}"`
      return `<pre><code${attributes}>${spans ?? escapeHtml(content)}</code></pre>\n`
    },
  }
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
function showTasks({ tokens }: StateCore): void {
  for (const [at, { children }] of tokens.entries()) {
    const first = children?.[0]
    if (first?.type !== 'text' || tokens[at - 2]?.type !== 'list_item_open') continue
    first.content = first.content.replace(TASK, (_, mark: string) => (mark === ' ' ? '☐' : '☑'))
  }
}

/** Scripts without blanks between words: Chinese, Japanese, Korean, Thai and their like, with punctuation and full-width forms. */
const UNSPACED =
  '[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Bopo}\\p{scx=Hang}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}\\u3000-\\u303f\\ufe10-\\ufe1f\\ufe30-\\ufe4f\\uff00-\\uffef]'
/** A variation selector belongs to the letter before it. */
const UNSPACED_BEFORE = new RegExp(`${UNSPACED}[\\ufe00-\\ufe0e\\u{e0100}-\\u{e01ef}]?$`, 'u')
const UNSPACED_AFTER = new RegExp(`^${UNSPACED}`, 'u')
type Delimiters = ReturnType<StateInline['scanDelims']>
/** A letter and a selector. */
const MAX_UNITS = 4

/**
 * Lets `*` and `~~` begin and end beside scripts without blanks between words, and `_` where punctuation stands there.
 *
 * Markdown looks for blanks around punctuation, so `**注意：**请` would keep its stars.
 */
function addUnspacedEmphasis(md: InstanceType<typeof MarkdownIt>): void {
  md.inline.State = class extends md.inline.State {
    override scanDelims(start: number, canSplitWord: boolean): Delimiters {
      const run = super.scanDelims(start, canSplitWord)
      if (run.can_open && run.can_close) return run
      const before = this.src.slice(Math.max(0, start - MAX_UNITS), start)
      const end = start + run.length
      const after = this.src.slice(end, Math.min(end + MAX_UNITS, this.posMax))
      if (/(?:^|\s)$/.test(before) || /^(?:\s|$)/.test(after)) return run
      // In a word, as in `__init__`, a low line is a letter.
      if (!canSplitWord && /\p{P}$/u.test(before) === /^\p{P}/u.test(after)) return run
      const isBeside = UNSPACED_BEFORE.test(before) || UNSPACED_AFTER.test(after)
      return isBeside ? { ...run, can_open: true, can_close: true } : run
    }
  }
}
