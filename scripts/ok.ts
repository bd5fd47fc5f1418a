/**
 * Runs every check, prints how long each took, shows the output of those that failed, and exits with 1 when one did. `npm run ok -- --skip tests,packed` leaves some out.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const STEPS: Readonly<Record<string, string>> = {
  format: 'oxfmt --check .',
  lint: 'oxlint --deny-warnings',
  limits: 'oxlint -c scripts/limits.json src',
  imports: 'tsx scripts/import-rules.ts',
  words: 'tsx scripts/words.ts',
  types: 'tsc -p tsconfig.json',
  core: 'tsc --noEmit -p tsconfig.core.json',
  build: 'npm run --silent build',
  reference: 'tsx scripts/reference.ts --check',
  publint: 'publint --strict',
  attw: 'attw --pack . --profile esm-only --format ascii',
  packed: 'tsx scripts/packed.ts',
  tests: 'vitest run --reporter=dot',
}

const { skip = '' } = parseArgs({ options: { skip: { type: 'string' } } }).values
const skipped = new Set(skip.split(',').filter(Boolean))
for (const name of skipped) {
  if (!(name in STEPS))
    throw new Error(`--skip ${name}: the steps are ${Object.keys(STEPS).join(', ')}.`)
}

const failed: string[] = []
for (const [name, command] of Object.entries(STEPS)) {
  if (skipped.has(name)) continue
  const startedAt = Date.now()
  const { status, stdout, stderr } = spawnSync(command, {
    shell: true,
    encoding: 'utf8',
    maxBuffer: 64e6,
  })
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(
    `${status === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(9)} ${seconds.padStart(5)} s\n`,
  )
  if (status !== 0) {
    failed.push(name)
    process.stdout.write(`${stdout}${stderr}\n`)
  }
}
process.stdout.write(failed.length > 0 ? `Not ok: ${failed.join(', ')}\n` : 'All ok\n')
process.exit(failed.length > 0 ? 1 : 0)
