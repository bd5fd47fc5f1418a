/**
 * Checks the import rules: imports point upstream, there are no circles, and each word of the outside world is written
 * in one folder only. Prints one line for each fault and exits with 1.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** In the order in which a token passes them: a folder imports only from those before it. */
const FOLDERS = [
  'shared',
  'sse',
  'models',
  'fragments',
  'html',
  'markdown',
  'templates',
  'htmx',
  'streams',
  'runs',
  'web',
  'redis',
  'node',
  'workers',
  'cli',
  'testing',
]

/** Words with an owner. Comments may use them freely. */
const OWNED: readonly { word: RegExp; folders: readonly string[]; what: string }[] = [
  { word: /\bhx-/i, folders: ['htmx', 'testing'], what: 'hx-' },
  { word: /['"`\n]data: /, folders: ['sse'], what: 'data: ' },
  {
    word: /from 'node:|import\('node:|\bprocess\./,
    folders: ['node', 'redis', 'cli', 'testing'],
    what: 'node:',
  },
  {
    word: /from 'nunjucks|from '@types\/nunjucks/,
    folders: ['templates/nunjucks'],
    what: 'nunjucks',
  },
  { word: /from '(?:markdown-it|remend)/, folders: ['markdown'], what: 'markdown-it' },
  { word: /from '@?hono/, folders: ['web', 'node', 'workers'], what: 'hono' },
  { word: /\bset(?:Timeout|Interval|Immediate)\b/, folders: ['shared/clock.ts'], what: 'timers' },
  { word: /\bconsole\./, folders: ['shared/log.ts'], what: 'console' },
]

const root = fileURLToPath(new URL('..', import.meta.url))
const src = process.argv[2] ?? join(root, 'src')

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
)
const imports = new Map<string, string[]>()
const faults: string[] = []

for (const file of files) {
  const code = withoutComments(readFileSync(join(src, file), 'utf8'))
  const folder = file.includes('/') ? file.slice(0, file.indexOf('/')) : undefined
  if (folder !== undefined && !FOLDERS.includes(folder))
    faults.push(`${file}: "${folder}" is not a layer (${FOLDERS.join(', ')})`)

  const local = [...code.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, to]) =>
    relative(src, join(src, dirname(file), to!)),
  )
  imports.set(file, local)
  for (const to of local) {
    if (folder === undefined) continue
    const toFolder = to.slice(0, Math.max(0, to.indexOf('/')))
    if (FOLDERS.indexOf(toFolder) > FOLDERS.indexOf(folder) || toFolder === '')
      faults.push(`${file}: imports ${to}, which is downstream of ${folder}`)
  }
  for (const { word, folders, what } of OWNED) {
    if (
      word.test(code) &&
      !folders.some((owner) => file === owner || file.startsWith(`${owner}/`))
    ) {
      faults.push(`${file}: "${what}" belongs to ${folders.join(' and ') || 'no folder'}`)
    }
  }
}

const done = new Set<string>()
function walk(file: string, path: readonly string[]): void {
  if (path.includes(file)) {
    faults.push(`circle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
    return
  }
  if (done.has(file)) return
  for (const to of imports.get(file) ?? []) walk(to, [...path, file])
  done.add(file)
}
for (const file of files) walk(file, [])

function withoutComments(code: string): string {
  return code.replace(/\/\*[^]*?\*\/|(?<![:'"`\\])\/\/[^\n]*/g, '')
}

for (const fault of faults) process.stdout.write(`${fault}\n`)
if (faults.length > 0) process.exit(1)
process.stdout.write(
  `imports: ${files.length} files, imports upstream, no circles, words with their owners\n`,
)
