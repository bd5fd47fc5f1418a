import { escapeHtml } from 'swapstream'

/**
 * The text of an answer as HTML, with its marks [1] … [count] as links to the sources.
 *
 * In      any text, hostile or cut off anywhere: a half-typed `[1` stays text until its bracket comes.
 * Out     safe HTML for element content: marks are links, lines that stand four spaces in are code, and
 *         nothing of the text becomes markup.
 *
 * @param count How many sources there are. A mark beyond them stays text, since it points nowhere.
 * @example citeHtml('So it is [1].', 1) // → 'So it is <a class="cite" href="#src-1" aria-label="Source 1">1</a>.'
 */
export function citeHtml(text: string, count: number): string {
  // Escaping leaves brackets and digits alone, so marks can be found afterwards and nothing else is touched.
  return escapeHtml(text)
    .replace(/^ {4}.*$/gm, '<code>$&</code>')
    .replace(/\[([1-9]\d{0,3})\]/g, (mark, digits: string) =>
      Number(digits) <= count
        ? `<a class="cite" href="#src-${digits}" aria-label="Source ${digits}">${digits}</a>`
        : mark,
    )
}
