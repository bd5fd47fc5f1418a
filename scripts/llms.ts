/**
 * Writes `llms.txt`, the table of contents for language models: each page of the documentation with its title and its
 * first sentence, in the order of `docs/README.md`. A test compares the file with what this makes.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** The text of the file. */
export function llmsText(): string {
  const index = read('docs/README.md')
  const linked = [...index.matchAll(/\]\(([\w./-]+\.md)\)/g)].map(([, path]) => path!)
  const pages = [...new Set(linked)].filter((path) => !path.startsWith('../'))
  const guides = pages.filter((path) => path.startsWith('guides/'))
  const others = pages.filter((path) => /^(?:errors|changes)\.md$/.test(path))
  const reference = readdirSync(join(ROOT, 'docs/reference')).toSorted()
  const examples = readdirSync(join(ROOT, 'examples')).toSorted()
  const sections = {
    'Start here': ['README.md', 'docs/README.md', 'docs/tutorial.md'],
    Guides: guides.map((path) => `docs/${path}`),
    'To look up': [...others, ...reference.map((name) => `reference/${name}`)].map(
      (path) => `docs/${path}`,
    ),
    Examples: examples.map((name) => `examples/${name}/README.md`),
  }
  const lists = Object.entries(sections).map(
    ([title, paths]) => `## ${title}\n\n${paths.map(toLine).join('\n')}\n`,
  )
  return `# ${manifest.name}\n\n> ${manifest.description}\n\nThe paths are those of this package and of its repository.\n\n${lists.join('\n')}`
}

function toLine(path: string): string {
  const text = read(path)
  const title = /^# (.+)$/m.exec(text)?.[1] ?? path
  return `- [${plain(title)}](${path}): ${firstSentence(text)}`
}

/** The first sentence of the first paragraph, without marks. */
function firstSentence(text: string): string {
  const prose = text.replace(/^```[^]*?^```$|<!--[^]*?-->/gm, '')
  const paragraph = /^(?![#<|>\s-])[^]+?(?=\n\n)/m.exec(prose.replace(/^# .+$/m, ''))?.[0] ?? ''
  const sentences = plain(paragraph).replaceAll('\n', ' ')
  return /^.+?\.(?= |$)/.exec(sentences)?.[0] ?? sentences.replace(/:$/, '.')
}

function plain(text: string): string {
  return text.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/\*\*/g, '')
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(ROOT, 'llms.txt'), llmsText())
