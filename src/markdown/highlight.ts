/** highlight.js, as far as it is used here. */
export interface Highlighter {
  /** Something when the language is known. */
  getLanguage(name: string): unknown
  highlight(
    code: string,
    options: { readonly language: string; readonly ignoreIllegals?: boolean },
  ): { readonly value: string }
}

/** How much of one text is highlighted. */
export const MAX_HIGHLIGHTED_CHARS = 20_000
const MAX_BLOCK_CHARS = 5_000
/**
 * Code that stays plain. A grammar is a pile of regular expressions, and some take the square of a line or of a run of
 * words without a mark in it; that of a shell session takes the cube of a line's length.
 */
const SLOW = /.{201}|[^;,.:(){}[\]<>="'`\\+*-]{301}/
const SLOW_LANGUAGE = /^(?:shell|console|shellsession)$/i
const TAG = /<span class="[\w .-]*">|<\/span>/g
/** The last frame of an answer, rendered whole, does not pay again for this many blocks. At most a few MB. */
const MAX_REMEMBERED = 100

/**
 * Makes code into HTML with classes; undefined for code that stays plain.
 *
 * The highlighter is trusted with colours, not with the page: anything but spans with a class makes a block plain.
 */
export function rememberHighlights(
  highlighter: Highlighter,
): (code: string, language: string) => string | undefined {
  const remembered = new Map<string, string | undefined>()
  return (code, language) => {
    const key = `${language}\n${code}`
    if (!remembered.has(key)) remembered.set(key, highlighted(highlighter, code, language))
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
    return remembered.get(key)
  }
}

function highlighted(highlighter: Highlighter, code: string, language: string): string | undefined {
  if (language === '' || SLOW_LANGUAGE.test(language)) return undefined
  if (code.length > MAX_BLOCK_CHARS || SLOW.test(code)) return undefined
  try {
    if (!highlighter.getLanguage(language)) return undefined
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

/** The word behind the fence, when it can be nothing but a class. */
export function languageOf(info: string): string {
  const [word = ''] = info.trim().split(/\s+/, 1)
  return /^[\w+#.-]{1,32}$/.test(word) ? word : ''
}
