/**
 * Runs the tests of runtimes and of other middleware, and writes what they show into docs/runtimes.md: `npm run runtimes`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

interface Result {
  readonly ancestorTitles: readonly string[]
  readonly title: string
  readonly status: string
  readonly meta?: { readonly version?: string; readonly lacks?: Readonly<Record<string, string>> }
}

/** What a runtime may lack → the title of the promise. */
const ABOUT: Readonly<Record<string, RegExp>> = { shutdown: /^SIGTERM/, leaving: /leaves/ }

function resultsOf(...args: string[]): Result[] {
  const folder = mkdtempSync(join(tmpdir(), 'swapstream-results-'))
  const file = join(folder, 'results.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  spawnSync('npx', ['vitest', 'run', ...args, ...reporters], { stdio: 'inherit' })
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as {
    testResults: { assertionResults: Result[] }[]
  }
  rmSync(folder, { recursive: true })
  return testResults.flatMap(({ assertionResults }) => assertionResults)
}

/** A table: rows and columns by name, each cell from its result. */
function table(
  head: string,
  rows: readonly string[],
  columns: readonly string[],
  cell: (row: string, column: string) => string,
): string {
  const lines = rows.map(
    (row) => `| ${[row, ...columns.map((each) => cell(row, each))].join(' | ')} |`,
  )
  return [
    `| ${[head, ...columns].join(' | ')} |`,
    `|${'---|'.repeat(columns.length + 1)}`,
    ...lines,
  ].join('\n')
}

function runtimes(): string {
  const results = resultsOf('--config', 'tests/runtimes/vitest.config.ts')
  const of = ({ ancestorTitles }: Result): string => ancestorTitles.at(-1)!
  const metaOf = (name: string): Result['meta'] =>
    results.find((each) => of(each) === name && each.meta?.version)?.meta
  const names = [...new Set(results.map(of))]
  const titles = new Map(
    names.map((name) => [
      `${name.replace(/^on |(?<=Node) \d+$/g, '')} ${metaOf(name)?.version ?? ''}`,
      name,
    ]),
  )
  const notes: string[] = []
  const cell = (promise: string, column: string): string => {
    const name = titles.get(column)!
    const found = results.find((each) => of(each) === name && each.title === promise)
    if (found?.status === 'passed') return 'yes'
    if (found?.status !== 'skipped' && found?.status !== 'pending') return '**no**'
    const lacks = Object.entries(metaOf(name)?.lacks ?? {})
    const why = lacks.find(([about]) => ABOUT[about]?.test(promise))?.[1] ?? 'not tried'
    if (!notes.includes(why)) notes.push(why)
    return `no [${notes.indexOf(why) + 1}]`
  }
  const promises = [...new Set(results.map(({ title }) => title))]
  const cells = table('promise', promises, [...titles.keys()], cell)
  const explained = notes.map((note, at) => `${at + 1}. ${note[0]!.toUpperCase()}${note.slice(1)}.`)
  return `${cells}\n\n${explained.join('\n')}`
}

function middleware(): string {
  const results = resultsOf('tests/web/other-middleware.test.ts')
  const rows = [...new Set(results.map(({ ancestorTitles }) => ancestorTitles.at(-1)!))]
  return table('middleware of Hono', rows, ['outside of swapstream', 'inside'], (row, column) => {
    const found = results.find(
      ({ ancestorTitles, title }) =>
        ancestorTitles.at(-1) === row && title.startsWith(column.split(' ')[0]!),
    )
    return found?.status === 'passed' ? 'right' : '**wrong**'
  })
}

/** The program whose size the page tells. */
const SMALLEST = `
import { Hono } from 'hono'
import { createSwapstream, EventStream, fromComponents, Fragment } from 'swapstream/core'
const engine = fromComponents({ chat: { answer: ({ text }) => '<p>' + text + '</p>' } })
const app = new Hono()
app.use(createSwapstream({ engine }))
app.get('/', () => new EventStream(async function* () {
  yield new Fragment('chat', 'answer', { text: 'Hello' })
}))
export default app
`

async function size(): Promise<string> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: SMALLEST, resolveDir: process.cwd() },
    conditions: ['source', 'workerd'],
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
  })
  const [{ contents }] = outputFiles as [(typeof outputFiles)[0]]
  const inputs = Object.entries(Object.values(metafile.outputs)[0]!.inputs)
  const hono = inputs
    .filter(([path]) => path.includes('node_modules/hono/'))
    .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0)
  const kb = (bytes: number): string => `${Math.round(bytes / 1000)} KB`
  return `${kb(contents.length)}, of which Hono is ${kb(hono)}; ${kb(gzipSync(contents, { level: 9 }).length)} with gzip`
}

writeFileSync(
  'docs/runtimes.md',
  `# Where swapstream runs

\`npm run runtimes\` runs the tests behind this page and writes it.

## Runtimes

Each cell is a test that ran in a process of that runtime. How to set up each of them: [Run it on Bun, Deno, Workers and Lambda](guides/runtimes.md).

${runtimes()}

## Beside other middleware

Each cell is a test of a page, a form and a stream, whose first frame must not wait for the rest. [The order of middleware](guides/existing-app.md#the-order-of-middleware) says which order to choose.

${middleware()}

## Size

One stream route with \`swapstream/core\`, Hono and an engine of functions, in one file, minified: ${await size()}.
`,
)
