/**
 * Runs every check, prints how long each took, shows the output of those that failed, and exits with 1 when one did. `npm run ok -- --skip tests,packed` leaves some out.
 */
import { exec } from 'node:child_process'
import { parseArgs } from 'node:util'

/** What reads sources, and beside it what makes `dist` and reads that: each one step after the other. */
const SOURCES: Readonly<Record<string, string>> = {
  format: 'oxfmt --check .',
  lint: 'oxlint --deny-warnings',
  limits: 'oxlint -c scripts/limits.json src',
  imports: 'tsx scripts/import-rules.ts',
  words: 'tsx scripts/words.ts',
  types: 'tsc -p tsconfig.json',
  core: 'tsc --noEmit -p tsconfig.core.json',
  reference: 'tsx scripts/reference.ts --check',
}
const DIST: Readonly<Record<string, string>> = {
  build: 'npm run --silent build',
  publint: 'publint --strict',
  attw: 'attw --pack . --profile esm-only --format ascii',
  packed: 'tsx scripts/packed.ts',
}
/** Afterwards, since tests use all that a machine has. */
const TESTS: Readonly<Record<string, string>> = { tests: 'vitest run --reporter=dot' }

const { skip = '' } = parseArgs({ options: { skip: { type: 'string' } } }).values
const skipped = new Set(skip.split(',').filter(Boolean))
const names = Object.keys({ ...SOURCES, ...DIST, ...TESTS })
for (const name of skipped) {
  if (!names.includes(name)) throw new Error(`--skip ${name}: the steps are ${names.join(', ')}.`)
}

const failed: string[] = []

/** Runs one step after the other. */
async function run(steps: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, command] of Object.entries(steps)) {
    if (skipped.has(name)) continue
    const startedAt = Date.now()
    const { isOk, output } = await outcomeOf(command)
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
    process.stdout.write(`${isOk ? 'ok  ' : 'FAIL'} ${name.padEnd(9)} ${seconds.padStart(5)} s\n`)
    if (isOk) continue
    failed.push(name)
    process.stdout.write(`${output}\n`)
  }
}

function outcomeOf(command: string): Promise<{ isOk: boolean; output: string }> {
  return new Promise((resolve) => {
    exec(command, { maxBuffer: 64e6 }, (error, stdout, stderr) =>
      resolve({ isOk: error === null, output: `${stdout}${stderr}` }),
    )
  })
}

await Promise.all([run(SOURCES), run(DIST)])
await run(TESTS)
process.stdout.write(failed.length > 0 ? `Not ok: ${failed.join(', ')}\n` : 'All ok\n')
process.exit(failed.length > 0 ? 1 : 0)
