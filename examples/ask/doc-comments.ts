import { toBlocks } from './blocks.ts'
import { toParagraph, type Passage, type Place } from './passages.ts'

/** A declaration longer than this is a type to compute with, not a signature to read. */
const MAX_SIGNATURE_CHARS = 220
const MAX_PASSAGE_CHARS = 1_400

const TOKEN =
  /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[^])*`|\{\s*\}|[{}()[\];]|[^/"'`{}()[\];]+|[^]/g
const DECLARATION =
  /\b(?:class|interface|namespace|module|enum|type|function|const|let|var)\s+(["']?)([\w$.@/:-]+)\1/
const MEMBER =
  /^(?:(?:readonly|static|abstract|get|set|declare|export|default|override|public)\s+)*(?:(["'])([^"'\n]+)\1|([A-Za-z$][\w$]*))\s*[?!]?\s*[(<:,=]/
const HIDDEN = /^\s*\*?\s*@(?:internal|private|hidden|ignore)\b/m
/** Tags that tell a reader something. They stay as written, so that a quote is exact. */
const SHOWN_TAG =
  /^@(?:param|returns?|throws|deprecated|default|defaultValue|summary|description)\b/

/**
 * The passages of a declaration file: one for each documented declaration, and one for the signatures
 * of what is exported without a word about it.
 *
 * Many READMEs only link to a website. What a package does stands in the comments of its types, the text that an
 * editor shows. That text is installed, so it can be searched.
 *
 * Out     heading `HonoRequest › query`; text: the comment, then its examples and the signature, indented.
 * Cost    linear; it yields while it reads, so that a large file need not block.
 *
 * @example
 * const text = '/** Adds `b` to `a`. *\/\nexport declare function add(a: number, b: number): number;'
 * const [passage] = streamDocPassages(text, { package: 'sums', file: 'index.d.ts' })
 * passage.heading // 'add'
 */
export function* streamDocPassages(
  declarations: string,
  where: Place,
): Generator<Omit<Passage, 'id'>> {
  const containers: (string | undefined)[] = []
  const bare: string[] = []
  let comment: string | undefined
  let statement = ''
  let depth = 0

  /** Yields the passage of the statement that has just ended, if it has a comment. */
  function* finish(): Generator<Omit<Passage, 'id'>> {
    const declared = statement.replace(/\s+/g, ' ').trim()
    const name = nameOf(declared)
    const documented = comment
    comment = undefined
    statement = ''
    if (!declared || !name || /^(?:private|protected)\b|^#/.test(declared) || name.startsWith('_'))
      return
    const signature = toSignature(declared)
    if (documented !== undefined) {
      if (HIDDEN.test(documented)) return
      const trail = [...containers.filter((container) => container !== undefined), name]
      const text = toText(documented, signature)
      if (text) yield { ...where, heading: trail.join(' › '), text }
    } else if (
      containers.length === 0 &&
      signature &&
      /^export (?:declare )?(?:const|function) /.test(declared)
    ) {
      bare.push(`    ${signature}`)
    }
  }

  for (const [token] of declarations.matchAll(TOKEN)) {
    if (token.startsWith('/**') && depth === 0) {
      yield* finish()
      comment = token.slice(3, -2)
    } else if (token.startsWith('/*') || token.startsWith('//')) {
      continue
    } else if (token === '(' || token === '[') {
      depth++
      statement += token
    } else if (token === ')' || token === ']') {
      depth = Math.max(0, depth - 1)
      statement += token
    } else if (depth > 0) {
      if (statement.length < 2_000) statement += token
    } else if (token === '{') {
      const name = /^\s*(?:import|export)\s*(?:type\s*)?$/.test(statement)
        ? undefined
        : nameOf(statement.trim())
      yield* finish()
      containers.push(name)
    } else if (token === '}') {
      yield* finish()
      containers.pop()
    } else if (token === ';') {
      yield* finish()
    } else if (statement.length < 2_000) statement += token
  }
  yield* finish()
  yield* toBarePassages(bare, where)
}

function nameOf(declared: string): string | undefined {
  if (/^(?:import|export)\s*(?:type\s*)?[{*]?$/.test(declared)) return undefined
  const named = DECLARATION.exec(declared)?.[2]
  if (named) return named.replace(/:$/, '')
  const member = MEMBER.exec(`${declared.slice(0, 200)},`)
  const name = member?.[2] ?? member?.[3]
  return name === 'import' || name === 'new' ? undefined : name
}

function toSignature(declared: string): string {
  // The keywords in front say how it is declared, not what it is.
  const text = declared.replace(/^(?:export |declare |default )+/, '').replace(/[,;]$/, '')
  // One that ends in the middle has a body of its own; half of it is worse than none.
  return text.length <= MAX_SIGNATURE_CHARS && !/(?:=>?|[:|&<])$/.test(text) ? text : ''
}

/** The comment of a declaration as paragraphs. Empty if it tells nothing. */
function toText(comment: string, signature: string): string {
  const lines = comment.split(/\r?\n/).map((line) => line.replace(/^\s*\*? ?/, ''))
  const prose: string[] = []
  const examples: string[] = []
  let into: string[] | undefined = prose
  let isFence = false
  for (const line of lines) {
    if (/^\s*(?:```|~~~)/.test(line)) isFence = !isFence
    const tag = isFence ? undefined : /^\s*(@[a-zA-Z]+)/.exec(line)?.[1]
    if (tag === '@example') {
      into = examples
      examples.push('', line.replace(/^\s*@example/, '').trim())
    } else if (tag === '@remarks') {
      into = prose
      prose.push('', line.replace(/^\s*@remarks/, ''))
    } else if (tag && SHOWN_TAG.test(tag) && /\s\S+\s+\S/.test(line.trim())) {
      into = prose
      prose.push('', line.trim())
    } else if (tag) into = undefined
    else into?.push(line)
  }

  const paragraphs = toBlocks(withoutLinks(prose.join('\n'))).map(toParagraph)
  const example = withoutLinks(examples.join('\n'))
  if (example.trim()) {
    const isMarkdown = /^\s*(?:```|~~~)/m.test(example)
    paragraphs.push(
      ...toBlocks(isMarkdown ? example : `\`\`\`\n${example}\n\`\`\``).map(toParagraph),
    )
  }
  // "@param options", or the name in other words, explains nothing.
  if (
    !paragraphs.some((text) => text.startsWith('    ') || /(?:\p{L}+[^\p{L}]+){2}\p{L}/u.test(text))
  )
    return ''
  if (signature) paragraphs.push(`    ${signature}`)

  const chosen: string[] = []
  let chars = 0
  for (const text of paragraphs) {
    if (chars > 0 && chars + text.length > MAX_PASSAGE_CHARS) continue
    chosen.push(text)
    chars += text.length + 2
  }
  return chosen.join('\n\n')
}

/** `{@link Name}` and `{@link https://… | label}` as the words that an editor shows. */
function withoutLinks(text: string): string {
  return text.replace(
    /\{@link(?:code|plain)?\s+([^{}|\s]+)(?:\s*\|?\s*([^{}]*))?\}/g,
    (_, name: string, label?: string) => (label?.trim() ? label.trim() : name),
  )
}

function* toBarePassages(
  signatures: readonly string[],
  where: Place,
): Generator<Omit<Passage, 'id'>> {
  const heading = where.file
    .replace(/\.d\.[cm]?ts$/, '')
    .replace(/^(?:(?:dist|lib|build|out|types|esm)\/)+/, '')
    .replace(/\/index$/, '')
  let current: string[] = []
  let chars = 0
  for (const signature of signatures) {
    if (chars > 0 && chars + signature.length > MAX_PASSAGE_CHARS) {
      yield { ...where, heading, text: current.join('\n\n') }
      current = []
      chars = 0
    }
    current.push(signature)
    chars += signature.length + 2
  }
  if (chars > 0) yield { ...where, heading, text: current.join('\n\n') }
}
