import type { RenderState } from './render-state.ts'

/** What highlight.js can do, as far as it is used here. */
export interface Highlighter {
  /** Something when the language is known. */
  getLanguage(name: string): unknown
  highlight(
    code: string,
    options: { readonly language: string; readonly ignoreIllegals?: boolean },
  ): { readonly value: string }
}

/** How much of one text is highlighted. */
const MAX_HIGHLIGHTED_CHARS = 20_000

/**
 * A grammar is a pile of regular expressions, and some take their time: the square of a block, of a line, or of a run of
 * words without a mark in it. What could bring that about stays plain.
 */
const MAX_BLOCK_CHARS = 5_000
const LONG_LINE = /.{201}/
const LONG_RUN = /[^;,.:(){}[\]<>="'`\\+*-]{301}/
/** A session of a shell: its grammar highlights hardly more than the prompt, and takes the cube of a line's length. */
const SLOW_LANGUAGE = /^(?:shell|console|shellsession)$/i

const TAG = /<span class="[\w .-]*">|<\/span>/g

/**
 * How many highlighted code blocks are remembered: the last frame of an answer, rendered whole, does not pay for them
 * again. At most a few MB.
 */
const MAX_REMEMBERED = 100

/**
 * Makes code into HTML with classes; nothing for code that stays plain.
 *
 * The highlighter is trusted with colours, not with the page: anything but spans with a class makes a block plain.
 */
export function rememberHighlights(
  highlighter: Highlighter,
): (code: string, language: string, state: RenderState) => string | undefined {
  const remembered = new Map<string, string | undefined>()
  return (code, language, state) => {
    state.highlightedChars += code.length
    if (state.highlightedChars > MAX_HIGHLIGHTED_CHARS) return undefined
    const key = `${language}\n${code}`
    if (remembered.has(key)) return remembered.get(key)
    const html = isQuick(code, language) ? highlighted(highlighter, code, language) : undefined
    remembered.set(key, html)
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
    return html
  }
}

function isQuick(code: string, language: string): boolean {
  if (code.length > MAX_BLOCK_CHARS || SLOW_LANGUAGE.test(language)) return false
  return !LONG_LINE.test(code) && !LONG_RUN.test(code)
}

function highlighted(highlighter: Highlighter, code: string, language: string): string | undefined {
  try {
    if (language === '' || !highlighter.getLanguage(language)) return undefined
    const { value } = highlighter.highlight(code, { language, ignoreIllegals: true })
    let depth = 0
    for (const [tag] of value.matchAll(TAG)) {
      depth += tag === '</span>' ? -1 : 1
      if (depth < 0) return undefined
    }
    return depth === 0 && !value.replace(TAG, '').includes('<') ? value : undefined
  } catch {
    return undefined
  }
}

/** What follows the fence, as a class that can be nothing but a class. */
export function languageOf(info: string): string {
  const [word = ''] = info.trim().split(/\s+/, 1)
  return /^[\w+#.-]{1,32}$/.test(word) ? word : ''
}
