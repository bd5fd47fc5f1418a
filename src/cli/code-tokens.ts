/** A piece of TypeScript or JavaScript. */
export interface CodeToken {
  /** A name or keyword, a text that is written down whole, a text with values in it, or a sign. */
  readonly kind: 'name' | 'text' | 'other' | 'sign'
  /** Of a text: what is between its quotes, as it is written. */
  readonly value: string
  readonly at: number
}

const SKIP = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)+/y
const NAME = /[\p{L}_$#][\p{L}\p{N}_$]*/uy
const NUMBER = /\d[\w.]*/y
const TEXT = /'((?:[^'\\\n]|\\[^])*)'|"((?:[^"\\\n]|\\[^])*)"/y
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y
/** Behind these, `/` begins a pattern; behind anything else it divides. */
const BEFORE_REGEX = /^(?:[({[,;:=!&|?+\-*%<>~^}]|return|typeof|case|in|of|yield|await|=>)$/

/**
 * Takes a source file apart, as far as it needs to find calls and the texts that are handed to them: comments, patterns
 * and what stands in texts are out of the way. It is no parser.
 *
 * Cost    one walk over the text.
 */
export function codeTokens(code: string): CodeToken[] {
  const tokens: CodeToken[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(code)
    if (found) at = pattern.lastIndex
    return found ?? undefined
  }
  while (at < code.length) {
    if (take(SKIP)) continue
    const start = at
    const add = (kind: CodeToken['kind'], value: string): void => {
      tokens.push({ kind, value, at: start })
    }
    const name = take(NAME)?.[0]
    const text = name === undefined ? take(TEXT) : undefined
    const before = tokens.at(-1)
    if (name !== undefined) add('name', name)
    else if (text) add('text', text[1] ?? text[2]!)
    else if (take(NUMBER)) add('other', '')
    else if (code[at] === '`') {
      const end = endOfTemplate(code, at)
      const value = code.slice(at + 1, end - 1)
      at = end
      add(value.includes('${') ? 'other' : 'text', value)
    } else if ((!before || BEFORE_REGEX.test(before.value)) && take(REGEX)) add('other', '')
    else {
      at += 1
      add('sign', code[start]!)
    }
  }
  return tokens
}

/** Where a template literal ends, behind its quote; others may stand in its values. */
function endOfTemplate(code: string, start: number): number {
  let depth = 0
  for (let at = start + 1; at < code.length; at++) {
    const character = code[at]
    if (character === '\\') at += 1
    else if (depth === 0 && character === '`') return at + 1
    else if (depth === 0 && character === '$' && code[at + 1] === '{') {
      depth = 1
      at += 1
    } else if (depth > 0) {
      if (character === '`') at = endOfTemplate(code, at) - 1
      else if (character === '{') depth += 1
      else if (character === '}') depth -= 1
    }
  }
  return code.length
}
