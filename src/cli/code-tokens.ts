/** A part of TypeScript or JavaScript. */
export interface CodeToken {
  /** A name or keyword, a text that is written down whole, a text with values in it, or a sign. */
  readonly kind: 'name' | 'text' | 'other' | 'sign'
  /** Of a text: what is between its quotes, as it is written. */
  readonly value: string
  readonly at: number
}

const TOKEN =
  /(?<space>\s+|\/\/[^\n]*|\/\*[^]*?\*\/)|(?<name>[\p{L}_$#][\p{L}\p{N}_$]*)|'(?<single>(?:[^'\\\n]|\\[^])*)'|"(?<double>(?:[^"\\\n]|\\[^])*)"|(?<number>\d[\w.]*)|[^]/uy
const PATTERN = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y
/** Behind these, `/` begins a pattern; behind anything else it divides. */
const BEFORE_PATTERN = /^(?:[({[,;:=!&|?+\-*%<>~^}]|return|typeof|case|in|of|yield|await|=>)$/

/** The names and texts in the code of a function. */
export function namesIn(code: (...args: never[]) => unknown): Set<string> {
  return new Set(codeTokens(String(code)).map(({ value }) => value))
}

/**
 * Splits a source file into tokens, to find calls and the texts in them. It is no parser.
 *
 * Out     tokens without comments; a pattern is one token, and so is a text.
 *
 * Cost    one walk over the text.
 */
export function codeTokens(code: string): CodeToken[] {
  const tokens: CodeToken[] = []
  let end = 0
  for (let at = 0; at < code.length; at = end) {
    TOKEN.lastIndex = PATTERN.lastIndex = at
    const found = TOKEN.exec(code)!
    const { space, name, single, double = single, number } = found.groups!
    const add = (kind: CodeToken['kind'], value = ''): unknown => tokens.push({ kind, value, at })
    end = TOKEN.lastIndex
    if (space) continue
    if (name) add('name', name)
    else if (double !== undefined) add('text', double)
    else if (number) add('other')
    else if (code[at] === '`') {
      end = endOfTemplate(code, at)
      const value = code.slice(at + 1, end - 1)
      add(value.includes('${') ? 'other' : 'text', value)
    } else if (BEFORE_PATTERN.test(tokens.at(-1)?.value ?? ';') && PATTERN.test(code)) {
      end = PATTERN.lastIndex
      add('other')
    } else add('sign', found[0])
  }
  return tokens
}

/** Where a template literal ends, behind its quote; others may stand in its values. */
function endOfTemplate(code: string, start: number): number {
  let depth = 0
  for (let at = start + 1; at < code.length; at++) {
    if (code[at] === '\\') at += 1
    else if (code[at] === '`' && depth === 0) return at + 1
    else if (code[at] === '`') at = endOfTemplate(code, at) - 1
    else if (code.startsWith('${', at)) {
      depth += 1
      at += 1
    } else if (depth > 0 && code[at] === '{') depth += 1
    else if (depth > 0 && code[at] === '}') depth -= 1
  }
  return code.length
}
