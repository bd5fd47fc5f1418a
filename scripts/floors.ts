/**
 * Keeps the house as it was drawn: imports point upstream, nothing goes in circles, and each word that ties us to the
 * outside world is written in one room only. Prints one line for each fault and exits with 1.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** In the order in which a token walks through them: a room imports from those before it. */
const ROOMS = [
  'base',
  'wire',
  'tokens',
  'fragments',
  'html',
  'markdown',
  'templates',
  'htmx',
  'streams',
  'runs',
  'web',
  'adapters',
  'cli',
  'testing',
]

/** Words with an owner. Comments may use them freely. */
const OWNED: readonly { word: RegExp; rooms: readonly string[]; what: string }[] = [
  { word: /\bhx-/i, rooms: ['htmx'], what: 'hx-' },
  { word: /['"`\n]data: /, rooms: ['wire'], what: 'data: ' },
  {
    word: /from 'node:|import\('node:|\bprocess\./,
    rooms: ['adapters', 'cli', 'testing'],
    what: 'node:',
  },
  {
    word: /from 'nunjucks|from '@types\/nunjucks/,
    rooms: ['templates/nunjucks'],
    what: 'nunjucks',
  },
  { word: /from '(?:markdown-it|remend)/, rooms: ['markdown'], what: 'markdown-it' },
  { word: /from '@?hono/, rooms: ['web', 'adapters'], what: 'hono' },
  { word: /\bset(?:Timeout|Interval|Immediate)\b/, rooms: ['base/clock.ts'], what: 'timers' },
  { word: /\bconsole\./, rooms: [], what: 'console' },
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
  const room = file.includes('/') ? file.slice(0, file.indexOf('/')) : undefined
  if (room !== undefined && !ROOMS.includes(room))
    faults.push(`${file}: "${room}" is no room (${ROOMS.join(', ')})`)

  const local = [...code.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, to]) =>
    relative(src, join(src, dirname(file), to!)),
  )
  imports.set(file, local)
  for (const to of local) {
    if (room === undefined) continue
    const toRoom = to.slice(0, Math.max(0, to.indexOf('/')))
    if (ROOMS.indexOf(toRoom) > ROOMS.indexOf(room) || toRoom === '')
      faults.push(`${file}: imports ${to}, which is downstream of ${room}`)
  }
  for (const { word, rooms, what } of OWNED) {
    if (word.test(code) && !rooms.some((owner) => file === owner || file.startsWith(`${owner}/`))) {
      faults.push(`${file}: "${what}" belongs to ${rooms.join(' and ') || 'nobody'}`)
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
  `floors: ${files.length} files, imports upstream, no circles, words with their owners\n`,
)
