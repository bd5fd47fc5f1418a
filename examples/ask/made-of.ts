import { readFileSync } from 'node:fs'

/** A part of a file of this example. */
export interface Excerpt {
  readonly file: string
  readonly language: string
  readonly first: number
  readonly last: number
  readonly code: string
}

/** The parts that make an answer: the route, the turn, and its block of the page. */
const PARTS: readonly (readonly [file: string, language: string, part: RegExp])[] = [
  ['app.ts', 'ts', /^ {2}app\.post\('\/ask'[^]*?^ {2}\}\)$/m],
  ['write-turn.ts', 'ts', /^export async function\* writeTurn[^]*?^\}$/m],
  ['templates/ask.html', 'html', /^ *\{% block turn %\}[^]*?\{% endblock %\}/m],
]

/** Reads the lines that make an answer, as they are in this folder. */
export function readSource(): { readonly excerpts: readonly Excerpt[]; readonly lines: number } {
  const excerpts = PARTS.map(([file, language, part]): Excerpt => {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    const [code] = part.exec(text) ?? [text]
    const first = text.slice(0, text.indexOf(code)).split('\n').length
    const lines = code.split('\n')
    const margin = Math.min(...lines.filter(Boolean).map((line) => line.search(/\S/)))
    return {
      file: `examples/ask/${file}`,
      language,
      first,
      last: first + lines.length - 1,
      code: lines.map((line) => line.slice(margin)).join('\n'),
    }
  })
  return { excerpts, lines: excerpts.reduce((sum, { first, last }) => sum + last - first + 1, 0) }
}
