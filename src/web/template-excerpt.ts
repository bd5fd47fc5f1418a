import { TemplateError } from '../shared/errors.ts'
import { escapeHtml } from '../shared/escape-html.ts'
import type { TemplateEngine } from '../templates/engine.ts'

/** How many lines are shown on each side of the one that is meant. */
const AROUND = 4

/**
 * The lines of a template around its error, for the developer who looks at the page.
 *
 * Out     escaped HTML; nothing for an error that stands in no line, and for engines that do not tell their templates.
 */
export function excerptOf(error: unknown, engine: TemplateEngine): string {
  if (!(error instanceof TemplateError)) return ''
  const { template, line, column } = error.place
  const lines = line === undefined ? undefined : engine.source?.(template)?.split(/\r\n|\r|\n/)
  if (lines?.[line! - 1] === undefined) return ''
  const first = Math.max(1, line! - AROUND)
  const shown = lines.slice(first - 1, line! + AROUND).flatMap((text, at) => {
    const number = first + at
    const row = `${number === line ? '&gt;' : ' '}${String(number).padStart(4)} | ${escapeHtml(text)}`
    if (number !== line) return [row]
    const under = column === undefined ? [] : [`      | ${' '.repeat(column - 1)}^`]
    return [`<mark>${row}</mark>`, ...under]
  })
  const name = `${escapeHtml(template)}, line ${line}`
  return `<figure class="swapstream-source"><figcaption>${name}</figcaption><pre tabindex="0">${shown.join('\n')}</pre></figure>`
}
