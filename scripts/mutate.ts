/**
 * Shows that tests can fail: breaks the sources in one place at a time, and runs the tests that have to notice. Each
 * mutant is made in a copy of the checkout, so that a run that is cut off leaves nothing behind.
 *
 * `npm run mutate` runs all; `npm run mutate -- chirp` those whose file, text or test has this word in it. Exits with 1
 * when a mutant survives, when a text is not in its file exactly once, or when the tests fail without a mutant.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { MUTANTS, type Mutant } from './mutants.ts'

/** Linked or left out: nothing in them is changed. */
const LINKED = ['node_modules']
const LEFT_OUT = /^(?:node_modules|dist|\.git|bench)$/

function copyCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'swapstream-mutants-'))
  const root = resolve('.')
  cpSync(root, folder, {
    recursive: true,
    filter: (from) => !LEFT_OUT.test(from.slice(root.length + 1)),
  })
  for (const name of LINKED) symlinkSync(resolve(name), join(folder, name), 'junction')
  return folder
}

/** Runs test files in the copy. Out: true when all pass. */
function passes(folder: string, tests: readonly string[]): { ok: boolean; output: string } {
  const args = ['vitest', 'run', '--reporter=dot', '--silent', '--bail=1', ...tests]
  const { status, stdout, stderr } = spawnSync('npx', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    shell: process.platform === 'win32',
    timeout: 300_000,
  })
  return { ok: status === 0, output: stdout + stderr }
}

/** The source with the mutant in it. Throws  Error when its text is not there exactly once. */
function mutated(source: string, { file, from, to }: Mutant): string {
  const [before, after, ...more] = source.split(from)
  if (after === undefined || more.length > 0)
    throw new Error(
      `${file} has ${JSON.stringify(from)} ${more.length + (after === undefined ? 0 : 1)} times, not once. Write it anew in scripts/mutants.ts.`,
    )
  return `${before}${to}${after}`
}

function survives(folder: string, mutant: Mutant): boolean {
  const path = join(folder, mutant.file)
  const source = readFileSync(path, 'utf8')
  writeFileSync(path, mutated(source, mutant))
  try {
    return passes(folder, mutant.tests).ok
  } finally {
    writeFileSync(path, source)
  }
}

const [word = ''] = process.argv.slice(2)
const chosen = MUTANTS.filter((mutant) => JSON.stringify(mutant).includes(word))
if (chosen.length === 0) throw new Error(`No mutant has "${word}" in it. See scripts/mutants.ts.`)

const folder = copyCheckout()
let survivors = 0
try {
  // A test that fails anyway would kill every mutant.
  const tests = [...new Set(chosen.flatMap((mutant) => mutant.tests))]
  const { ok, output } = passes(folder, tests)
  if (!ok) throw new Error(`The tests fail without a mutant:\n${output}`)
  for (const mutant of chosen) {
    const lives = survives(folder, mutant)
    if (lives) survivors += 1
    process.stdout.write(`${lives ? 'LIVES' : 'dead '} ${mutant.file}: ${mutant.what}\n`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(
  survivors > 0
    ? `${survivors} of ${chosen.length} mutants live\n`
    : `All ${chosen.length} mutants are dead\n`,
)
process.exit(survivors > 0 ? 1 : 0)
