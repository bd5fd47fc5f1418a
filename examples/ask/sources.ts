import type { Hit } from './ranking.ts'

/** A place an answer stands on, as the page shows it and as the answerer reads it. */
export interface Source {
  /** The n of the mark [n]; the first is 1. */
  readonly number: number
  readonly package: string
  readonly file: string
  readonly heading: string
  /** The beginning of the text, on one line, at most about 200 characters. */
  readonly snippet: string
  /** See `Passage.title`. */
  readonly title?: string
  /** The whole passage; see `Passage.text`. */
  readonly text: string
  /** How much worse it fits than the best one: 0 for that, else below. */
  readonly fit: number
  readonly isPurpose: boolean
}

const SNIPPET_CHARS = 200

/**
 * Hits as numbered sources, in the same order.
 *
 * @example toSources(retrieve(question, 6))[0]?.number // 1
 */
export function toSources(hits: readonly Hit[]): Source[] {
  const best = Math.max(...hits.map(({ score }) => score))
  return hits.map(({ passage, score, measured }, i) => ({
    number: i + 1,
    package: passage.package,
    file: passage.file,
    heading: passage.heading,
    snippet: toSnippet(passage.text),
    text: passage.text,
    ...(passage.title === undefined ? {} : { title: passage.title }),
    fit: score - best,
    isPurpose: measured.purpose > 0,
  }))
}

/** A source as the page shows it. */
export interface Card {
  readonly title: string
  readonly package: string
  readonly file: string
  readonly snippet: string
}

export function toCard({ package: name, file, heading, snippet }: Source): Card {
  return { title: heading, package: name, file, snippet }
}

/** Prose says more in one line than code does, so an example is shown only where there is nothing else. */
function toSnippet(text: string): string {
  const paragraphs = text.split('\n\n')
  const prose = paragraphs.filter((paragraph) => !paragraph.startsWith('    '))
  const line = (prose.length > 0 ? prose : paragraphs).join(' ').replace(/\s+/g, ' ').trim()
  if (line.length <= SNIPPET_CHARS) return line
  const cut = line.slice(0, SNIPPET_CHARS).replace(/[\uD800-\uDBFF]$/, '')
  return `${cut.replace(/\s+\S*$/, '')} …`
}
