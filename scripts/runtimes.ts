/** Runs the tests on other runtimes and writes what they show into docs/runtimes.md: `npm run runtimes`. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Result {
  readonly ancestorTitles: readonly string[]
  readonly title: string
  readonly status: string
  readonly meta?: { readonly version?: string; readonly lacks?: Readonly<Record<string, string>> }
}

const folder = mkdtempSync(join(tmpdir(), 'swapstream-runtimes-'))
const file = join(folder, 'results.json')
const args = ['vitest', 'run', '--config', 'tests/runtimes/vitest.config.ts']
const { status } = spawnSync(
  'npx',
  [...args, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
  {
    stdio: 'inherit',
  },
)
const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as {
  testResults: { assertionResults: Result[] }[]
}
rmSync(folder, { recursive: true })

const results = testResults.flatMap(({ assertionResults }) => assertionResults)
const runtimes = [...new Set(results.map(({ ancestorTitles }) => ancestorTitles.at(-1)!))]
const promises = [...new Set(results.map(({ title }) => title))]
const notes: string[] = []

const metaOf = (runtime: string): Result['meta'] =>
  results.find(({ ancestorTitles, meta }) => ancestorTitles.at(-1) === runtime && meta?.version)
    ?.meta

function cell(runtime: string, title: string): string {
  const found = results.find(
    (each) => each.ancestorTitles.at(-1) === runtime && each.title === title,
  )
  if (found?.status === 'passed') return 'yes'
  if (found?.status !== 'skipped' && found?.status !== 'pending') return '**no**'
  const why = Object.entries(metaOf(runtime)?.lacks ?? {}).find(([about]) =>
    ABOUT[about]?.test(title),
  )?.[1]
  const note = `${why ?? 'not tried'}.`
  if (!notes.includes(note)) notes.push(note)
  return `no [${notes.indexOf(note) + 1}]`
}

/** What a runtime may lack → the title of the promise. */
const ABOUT: Readonly<Record<string, RegExp>> = { shutdown: /^SIGTERM/, leaving: /leaves/ }

const names = runtimes.map((each) => `${each.replace(/^on /, '')} ${metaOf(each)?.version ?? ''}`)
const rows = promises.map(
  (title) => `| ${title} | ${runtimes.map((runtime) => cell(runtime, title)).join(' | ')} |`,
)
writeFileSync(
  'docs/runtimes.md',
  `# Where swapstream runs

Each cell is a test that ran in a process of that runtime: \`npm run runtimes\` runs them and writes this table. How to set up each of them: [Run it anywhere](guides/runtimes.md).

| promise | ${names.join(' | ')} |
|---|${'---|'.repeat(names.length)}
${rows.join('\n')}

${notes.map((note, at) => `${at + 1}. ${note[0]!.toUpperCase()}${note.slice(1)}`).join('\n')}
`,
)
process.exit(status ?? 1)
