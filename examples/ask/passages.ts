import { toBlocks, type Block } from './blocks.ts'

/** A piece of documentation that can be found, quoted and pointed at. */
export interface Passage {
  readonly id: number
  readonly package: string
  /** Path inside the package, with `/`. */
  readonly file: string
  /** The headings above, outermost first: `Routing › Groups`. */
  readonly heading: string
  /** Paragraphs, separated by a blank line; the lines of an example are indented by four spaces. */
  readonly text: string
  /** Whether the project wrote it, or names its package. Undefined for what came with another package. */
  readonly owner?: 'project' | 'dependency'
  /** The title of its file, where the heading leaves it out. Searched, never shown. */
  readonly title?: string
  /** For the beginning of a README: what the manifest says the package is for. Searched, never shown. */
  readonly about?: string
}

/** Where a text stands. */
export interface Place {
  readonly package: string
  readonly file: string
}

/** A section shorter than this says too little alone; it joins its neighbour under the same heading. */
const TINY_CHARS = 160
const TARGET_CHARS = 900
const MAX_CHARS = 1_400
/** Some headings are whole warnings; as a name for a place their beginning does. */
const MAX_HEADING_CHARS = 70

interface Section {
  readonly trail: readonly string[]
  readonly paragraphs: string[]
}

/**
 * The passages of a Markdown text: one for each section, tiny ones joined, long ones split.
 *
 * Out     in the order of the text. A file without prose has none.
 * Cost    linear; see `toBlocks`.
 *
 * @example
 * toPassages('# Hono\n\n## Routing\n\nRoutes are matched in order.', { package: 'hono', file: 'README.md' })
 * // [{ package: 'hono', file: 'README.md', heading: 'Routing', text: 'Routes are matched in order.' }]
 */
export function toPassages(markdown: string, where: Place): Omit<Passage, 'id'>[] {
  const blocks = toBlocks(markdown)
  const title = titleOf(blocks)
  return joinTiny(toSections(blocks, title)).flatMap(({ trail, paragraphs }) =>
    split(paragraphs).map((text) => ({
      package: where.package,
      file: where.file,
      heading: trail.join(' › ') || where.package,
      text,
      ...(title === undefined || trail[0] === title ? {} : { title }),
    })),
  )
}

/** Paragraphs of a section: prose as it is, examples indented, so that the two can be distinguished later. */
export function toParagraph(block: Block): string {
  return block.kind === 'code' ? block.text.replace(/^(?=.)/gm, '    ') : block.text
}

/** A single title names the file, which the reader sees anyway; below it, it would be in every trail. */
function titleOf(blocks: readonly Block[]): string | undefined {
  const titles = blocks.filter((block) => block.level === 1)
  return titles.length === 1 ? toShort(titles[0]!.text) : undefined
}

function toSections(blocks: readonly Block[], title: string | undefined): Section[] {
  const sections: Section[] = []
  let trail: (string | undefined)[] = []
  let current: Section | undefined

  for (const block of blocks) {
    if (block.kind === 'heading') {
      trail = trail.slice(0, block.level - 1)
      trail[block.level - 1] = toShort(block.text)
      const seen = trail.filter((text) => text !== undefined)
      const isTitled = title !== undefined && block.level > 1 && trail[0] === title
      const shown = isTitled ? seen.slice(1) : seen
      sections.push((current = { trail: shown, paragraphs: [] }))
    } else {
      if (!current) sections.push((current = { trail: [], paragraphs: [] }))
      current.paragraphs.push(toParagraph(block))
    }
  }
  return sections.filter(({ paragraphs }) => paragraphs.some((text) => !text.startsWith('    ')))
}

function toShort(heading: string): string {
  if (heading.length <= MAX_HEADING_CHARS) return heading
  return `${heading.slice(0, MAX_HEADING_CHARS).replace(/\s+\S*$|[\uD800-\uDBFF]$/, '')} …`
}

function joinTiny(sections: readonly Section[]): Section[] {
  const joined: Section[] = []
  for (const section of sections) {
    const before = joined.at(-1)
    const small = before && lengthOf(before) < TINY_CHARS && lengthOf(section) < TINY_CHARS
    if (small && isSibling(before.trail, section.trail)) {
      const name = section.trail.at(-1)!
      joined[joined.length - 1] = {
        trail: [...before.trail.slice(0, -1), `${before.trail.at(-1)}, ${name}`],
        paragraphs: [...before.paragraphs, ...section.paragraphs],
      }
    } else joined.push(section)
  }
  return joined
}

function isSibling(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length || one.length === 0) return false
  return one.slice(0, -1).every((text, i) => text === other[i])
}

function lengthOf(section: Section): number {
  return section.paragraphs.reduce((sum, text) => sum + text.length + 2, 0)
}

function split(paragraphs: readonly string[]): string[] {
  const texts: string[] = []
  let current: string[] = []
  let chars = 0
  for (const [i, paragraph] of paragraphs.entries()) {
    const isExample = paragraph.startsWith('    ')
    // An example belongs to the sentence before it, so the target may be passed, the maximum not.
    const limit = isExample || paragraphs[i - 1]?.endsWith(':') ? MAX_CHARS : TARGET_CHARS
    if (chars > 0 && chars + paragraph.length > limit) {
      texts.push(current.join('\n\n'))
      current = []
      chars = 0
    }
    current.push(paragraph)
    chars += paragraph.length + 2
  }
  if (chars > 0) texts.push(current.join('\n\n'))
  return texts
}
