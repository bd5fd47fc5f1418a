import type { Source } from './sources.ts'

/**
 * What a text begins with so that its marks [1] … [n] lead to their sources: a Markdown definition of each. The first
 * definition of a number wins, so no text behind it can lead a mark elsewhere, and marks in code stay code.
 *
 * @param place The id of source n is this, a hyphen, and n.
 * @example define([source], 'src') // → '[1]: #src-1 "hono, Routing"\n\n'
 */
export function define(sources: readonly Source[], place: string): string {
  const lines = sources.map(
    ({ number, package: name, heading }) =>
      `[${number}]: #${place}-${number} "${literally(`${name}, ${heading}`).replace(/\s+/g, ' ')}"\n`,
  )
  return lines.length > 0 ? `${lines.join('')}\n` : ''
}

const DEFINITIONS = /^(?:\[\d+\]: #.*\n)+\n/
const MARKS = /\s*\[\d{1,4}\]/g

/** A text without its definitions and its marks: for whoever has other sources at hand. */
export function withoutCitations(text: string): string {
  return text.replace(DEFINITIONS, '').replace(MARKS, '')
}

/**
 * Text in the middle of a line as Markdown that shows it letter for letter: a quote must not become a link or emphasis.
 *
 * Brackets and dollars are written as references, because behind a backslash, or around one, they would be a formula.
 *
 * @example literally('a_b* [1]') // → 'a\\_b\\* &#91;1&#93;'
 */
export function literally(text: string): string {
  return text
    .replace(/[\\`*_<>&~"]/g, '\\$&')
    .replace(/[[\]$]/g, (char) => `&#${char.charCodeAt(0)};`)
}

/**
 * Tokens behind what the text begins with, which is said at once: so the sources stand in the page while the model
 * still thinks.
 */
export async function* behind(
  beginning: string,
  tokens: AsyncIterable<string>,
): AsyncGenerator<string, void, undefined> {
  yield beginning
  yield* tokens
}
