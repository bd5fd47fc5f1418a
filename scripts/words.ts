/**
 * Checks the words: no dialect and no persons for programs (`words.json`), short first sentences in the doc comments
 * of `src`, and a small main entry point. Prints each fault and a count for each folder, and exits with 1 on faults.
 *
 * `npm run words -- docs examples` checks only these folders.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import list from './words.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '..')
/** Where people read: everything, of tests only the titles. */
const PLACES = ['README.md', 'docs', 'src', 'examples', 'templates', 'tests', 'scripts', 'bench']
/** What is generated, what names the old words on purpose, and this list itself. */
const SKIPPED =
  /node_modules|\/dist\/|docs\/(?:reference\/|changes\.md|performance\.md)|bench\/markdown\/answer|scripts\/words|package-lock/
const MAX_WORDS = 20
const MAX_NAMES = 64

const wanted = process.argv.slice(2)
const counts = new Map<string, number>()

for (const file of filesOf(wanted.length > 0 ? wanted : PLACES)) {
  const text = readFileSync(join(ROOT, file), 'utf8')
  checkWords(file, text)
  if (file.startsWith('src/')) checkSentences(file, text)
}
if (wanted.length === 0) checkNames()

for (const [folder, count] of [...counts].toSorted()) process.stdout.write(`${folder}: ${count}\n`)
if (counts.size > 0) process.exit(1)
process.stdout.write('words: plain\n')

function report(file: string, line: number, fault: string): void {
  const folder = file.split('/').slice(0, 2).join('/')
  counts.set(folder, (counts.get(folder) ?? 0) + 1)
  process.stdout.write(`${file}:${line}: ${fault}\n`)
}

function filesOf(places: readonly string[]): string[] {
  const git = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...places]
  return execFileSync('git', git, { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /\.(?:ts|md|html|json)$/.test(file) && !SKIPPED.test(file))
    .filter((file) => existsSync(join(ROOT, file)))
}

/** Of a test only the titles: `test('…',`, `describe('…',`, and `test.each(…)('…',`. */
function linesToCheck(file: string, text: string): (readonly [number, string])[] {
  if (!file.startsWith('tests/')) return text.split('\n').map((line, at) => [at + 1, line] as const)
  const title =
    /(?:\b(?:test|describe|it)(?:\.\w+)*|\))\(\s*(?:'((?:\\.|[^'\\])*)'|`((?:\\.|[^`\\])*)`|"((?:\\.|[^"\\])*)"),/g
  return [...text.matchAll(title)].map((found) => [
    text.slice(0, found.index).split('\n').length,
    found[1] ?? found[2] ?? found[3] ?? '',
  ])
}

function checkWords(file: string, text: string): void {
  const people = new Set(list.people)
  const words = new Map(Object.entries(list.words))
  const phrases = Object.entries(list.phrases).map(
    ([phrase, better]) => [new RegExp(`\\b${phrase}`), better] as const,
  )
  for (const [number, whole] of linesToCheck(file, text)) {
    const line = list.allowed.reduce((rest, { line: part }) => rest.replaceAll(part, ''), whole)
    for (const [word] of line.matchAll(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g)) {
      const lower = word.toLowerCase()
      if (people.has(lower)) report(file, number, `"${word}": a program is "it", a person "they"`)
      const better = words.get(lower)
      if (better !== undefined) report(file, number, `"${word}": say ${better}`)
    }
    for (const [phrase, better] of phrases)
      if (phrase.test(line)) report(file, number, `"${phrase.source}": say ${better}`)
  }
}

/** The first sentence of a doc comment: short, in the present, and not a subordinate clause. */
function checkSentences(file: string, text: string): void {
  for (const comment of text.matchAll(/\/\*\*([^]*?)\*\//g)) {
    const number = text.slice(0, comment.index).split('\n').length
    const prose = comment[1]!
      .replace(/^[ \t]*\* ?/gm, '')
      .trim()
      .split(/\n\n|^@/m)[0]!
      .replace(/\s+/g, ' ')
      .replace(/`[^`]*`/g, '`code`')
    const first = /^.*?[.:;](?= |$)/.exec(prose)?.[0] ?? prose
    const count = first.split(' ').filter((word) => /\w/.test(word)).length
    if (count > MAX_WORDS) report(file, number, `${count} words in the first sentence: "${first}"`)
    if (/^(?:What|Whatever|Whether|Who|Whose|Since|Nothing|It|They|That|There)\b/.test(first))
      report(file, number, `begin with a verb or a noun: "${first}"`)
    if (/\b(?:will|would|was|were|had|did)\b/.test(first))
      report(file, number, `write in the present tense: "${first}"`)
  }
}

/** Everything that `import … from 'swapstream'` finds, types included. */
function checkNames(): void {
  const names = namesOf('src/index.ts')
  if (names.length > MAX_NAMES)
    report('src/index.ts', 1, `${names.length} names, at most ${MAX_NAMES}: ${names.join(', ')}`)
}

function namesOf(file: string): string[] {
  const code = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[^]*?\*\//g, '')
  return [...code.matchAll(/^export (?:type )?(?:\{([^}]*)\}|\*) from '(\.[^']+)'/gm)].flatMap(
    ([, names, from]) =>
      names === undefined
        ? namesOf(join(file, '..', from!))
        : names
            .split(',')
            .map((name) => name.trim())
            .filter(Boolean),
  )
}
