import type { Source } from './sources.ts'

/**
 * Markdown definitions that link the marks [1] … [n] of a text to their sources. They stand before the text: the first
 * definition of a number wins, so the text cannot change a link. Marks in code stay code.
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

/** Removes definitions and marks from a text: for a model with other sources. */
export function withoutCitations(text: string): string {
  return text.replace(DEFINITIONS, '').replace(MARKS, '')
}

/**
 * Escapes text for the middle of a Markdown line: a quote must not become a link or emphasis.
 *
 * Brackets and dollars become character references: with a backslash they would be a formula.
 *
 * @example literally('a_b* [1]') // → 'a\\_b\\* &#91;1&#93;'
 */
export function literally(text: string): string {
  return text
    .replace(/[\\`*_<>&~"]/g, '\\$&')
    .replace(/[[\]$]/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Yields the beginning of a text at once, so that the sources appear while the model still thinks; then its tokens. */
export async function* behind(
  beginning: string,
  tokens: AsyncIterable<string>,
): AsyncGenerator<string, void, undefined> {
  yield beginning
  yield* tokens
}
