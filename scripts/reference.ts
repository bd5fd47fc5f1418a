/**
 * Writes docs/reference, a page for each entry point, from the doc comments of its exports. `--check` only compares the
 * pages with the files.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEntryPoints, type EntryPoint, type Exported } from './read-entry-points.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = join(ROOT, 'docs/reference')

const entryPoints = readEntryPoints()
const described = new Map<string, { page: string; exported: Exported }>()
for (const { name, exports } of entryPoints)
  for (const exported of exports) {
    const key = keyOf(exported)
    if (!described.has(key)) described.set(key, { page: pageOf(name), exported })
  }
const anchors = toAnchors()
const declarations = formatted([...described.values()].map(({ exported }) => exported))

const pages = new Map(entryPoints.map((entry) => [pageOf(entry.name), toPage(entry)]))
pages.set('README.md', toIndex())

const stale = [...new Set([...pages.keys(), ...written()])].filter(
  (page) => pages.get(page) !== read(page),
)
if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    process.stdout.write(
      `docs/reference is not up to date (${stale.join(', ')}): npm run reference\n`,
    )
    process.exit(1)
  }
} else {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const [page, text] of pages) writeFileSync(join(FOLDER, page), text)
  process.stdout.write(`docs/reference: ${stale.length} of ${pages.size} pages are new\n`)
}

function written(): string[] {
  try {
    return readdirSync(FOLDER)
  } catch {
    return []
  }
}

function read(page: string): string | undefined {
  return written().includes(page) ? readFileSync(join(FOLDER, page), 'utf8') : undefined
}

function keyOf({ file, name }: Exported): string {
  return `${file} ${name}`
}

/** Headings that differ only in capitals share an anchor, so a page counts them: `readForm`, `ReadForm`. */
function toAnchors(): Map<string, string> {
  const seen = new Map(
    entryPoints.map(({ name }) => [`${pageOf(name)}#${name.replace('/', '')}`, 1]),
  )
  return new Map(
    [...described].map(([key, { page, exported }]) => {
      const anchor = exported.name.toLowerCase()
      const count = seen.get(`${page}#${anchor}`) ?? 0
      seen.set(`${page}#${anchor}`, count + 1)
      return [key, count > 0 ? `${anchor}-${count}` : anchor]
    }),
  )
}

/** `swapstream/node` → `node.md`; the main entry point is `swapstream.md`. */
function pageOf(name: string): string {
  return `${name.split('/').at(-1)}.md`
}

/** Formats the declarations of the compiler as our sources are formatted. */
function formatted(all: readonly Exported[]): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'swapstream-reference-'))
  try {
    const fileOf = (index: number): string => join(folder, `${index}.ts`)
    for (const [index, { declaration }] of all.entries())
      writeFileSync(fileOf(index), `${declaration}\n`)
    const oxfmt = join(ROOT, 'node_modules/.bin/oxfmt')
    execFileSync(oxfmt, ['-c', join(ROOT, '.oxfmtrc.json'), folder])
    return new Map(
      all.map((exported, index) => [
        keyOf(exported),
        readFileSync(fileOf(index), 'utf8')
          .trim()
          .replace(/^export (?:declare )?/gm, ''),
      ]),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function toIndex(): string {
  const rows = entryPoints.map(
    ({ name, comment }) => `| [\`${name}\`](${pageOf(name)}) | ${comment.paragraphs.join(' ')} |`,
  )
  return `# Reference

What each entry point of the package exports. \`npm run reference\` writes these pages from the doc comments. The examples run as tests.

| entry point | |
|---|---|
${rows.join('\n')}
`
}

function toPage({ name, comment, exports }: EntryPoint): string {
  const page = pageOf(name)
  const here = exports.filter((exported) => described.get(keyOf(exported))!.page === page)
  const row = (exported: Exported): string => {
    const home = described.get(keyOf(exported))!.page
    const link = `${home === page ? '' : home}#${anchors.get(keyOf(exported))}`
    const [first = ''] = exported.comment.paragraphs
    return `| [\`${exported.name}\`](${link}) | ${sentence(first).replaceAll('|', '\\|')} |`
  }
  const table = (head: string, rows: readonly Exported[]): string =>
    rows.length > 0 ? `\n| ${head} | |\n|---|---|\n${rows.map(row).join('\n')}\n` : ''
  const values = exports.filter(({ typeOnly }) => !typeOnly)
  const types = exports.filter(({ typeOnly }) => typeOnly)
  return `# ${name}

${comment.paragraphs.join('\n\n')}
${table('values', values)}${table('types', types)}${here.map(toSection).join('')}`
}

function toSection(exported: Exported): string {
  const { name, comment } = exported
  const { paragraphs, contract, params, examples } = comment
  const lines = [
    ...[...contract].map(([word, text]) => `- **${word}** ${text}`),
    ...[...params].map(([param, text]) => `- \`${param}\`: ${text}`),
  ]
  const parts = [
    `## ${name}`,
    ...paragraphs,
    ...(lines.length > 0 ? [lines.join('\n')] : []),
    ...examples.map(fence),
    fence(declarations.get(keyOf(exported))!),
  ]
  return `\n${parts.join('\n\n')}\n`
}

function fence(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``
}

/** The first sentence. A full stop inside backticks or before a small letter does not end it. */
function sentence(text: string): string {
  return /^(?:`[^`]*`|[^`])*?[.:](?= [A-Z`]|$)/.exec(text)?.[0].replace(/:$/, '.') ?? text
}
