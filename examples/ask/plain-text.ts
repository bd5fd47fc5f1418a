/** Private characters that hold the place of text which no later rule may touch (code, escapes). */
const OPEN = '\uE000'
const CLOSE = '\uE001'

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  rarr: '→',
  larr: '←',
  times: '×',
  middot: '·',
  ldquo: '“',
  rdquo: '”',
  lsquo: '‘',
  rsquo: '’',
}

/**
 * One paragraph of Markdown as the words a reader sees: no marks, no images, no HTML tags.
 *
 * In      the inline Markdown of one block; lines may be joined by `\n`.
 * Out     one line. Code spans and backslash escapes come out letter for letter.
 *
 * @param definitions Lower-case labels of link definitions, so that `[label]` loses its brackets
 *   where it is a link and keeps them where it is only text, as in `items[0]`.
 * @example toPlainText('Use **`c.req`**, see [the docs](https://hono.dev)') // 'Use c.req, see the docs'
 */
export function toPlainText(markdown: string, definitions?: ReadonlySet<string>): string {
  const verbatim: string[] = []
  const keep = (text: string): string => `${OPEN}${verbatim.push(text) - 1}${CLOSE}`

  return (
    markdown
      .replace(/[\uE000\uE001]/g, '')
      .replace(/(?<!`)(`+)(?!`)([^]*?[^`])\1(?!`)/g, (_, __, code: string) =>
        // One space next to each fence belongs to the fence, as in `` ` ``.
        keep(code.replace(/\s+/g, ' ').replace(/^ (.*[^ ].*) $/, '$1')),
      )
      .replace(/\\([!-/:-@[-`{-~])/g, (_, mark: string) => keep(mark))
      .replace(/<!--[^]*?-->/g, '')
      .replace(/!\[[^\]]*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])/g, '')
      .replace(/\[\^[^\]\s]+\]/g, '')
      .replace(
        /\[((?:[^[\]]|\[[^[\]]*\])*)\](?:\(\s*(?:<[^<>]*>|(?:[^()\s]|\([^()]*\))*)(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s*\)|\[[^\]]*\])/g,
        '$1',
      )
      .replace(/\[([^[\]]+)\]/g, (whole, label: string) =>
        definitions?.has(label.toLowerCase().trim()) ? label : whole,
      )
      .replace(/<((?:https?:\/\/|mailto:)[^<>\s]+)>/g, '$1')
      .replace(/<br\s*\/?>/gi, ' ')
      .replace(/<\/?[a-zA-Z][^<>]*>/g, '')
      // Twice, because `***both***` is emphasis inside of emphasis.
      .replace(/(\*\*|__|~~)(?=\S)([^]*?\S)\1/g, '$2')
      .replace(/\*(?=[^\s*])([^*]*?[^\s*])\*/g, '$1')
      .replace(/(?<![\p{L}\p{N}_])_(?=[^\s_])([^_]*[^\s_])_(?![\p{L}\p{N}_])/gu, '$1')
      .replace(/(?<![\p{L}\p{N}_])__(?=\S)([^]*?\S)__(?![\p{L}\p{N}_])/gu, '$1')
      .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, decodeEntity)
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/\uE000(\d+)\uE001/g, (_, index: string) => verbatim[Number(index)] ?? '')
  )
}

/** The character that `&…;` stands for; an entity we do not know stays as it is written. */
export function decodeEntity(whole: string, decimal?: string, hex?: string, name?: string): string {
  const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : undefined
  if (code !== undefined) return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  return ENTITIES[name?.toLowerCase() ?? ''] ?? whole
}
