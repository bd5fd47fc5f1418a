/**
 * Runs the tests three times in a row while three other processes keep the processors busy: `npm run busy`. A test that
 * depends on time fails here before it fails for others. Takes up to half an hour; ends with 1 when a run failed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const RUNS = 3
const SPINNERS = 3

const spinners = Array.from({ length: SPINNERS }, () =>
  spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
)
const release = (): void => spinners.forEach((spinner) => spinner.kill('SIGKILL'))
process.on('exit', release)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

let failures = 0
for (let run = 1; run <= RUNS; run++) {
  const startedAt = Date.now()
  const tests = spawn('npm', ['test', '--', '--reporter=dot', ...process.argv.slice(2)], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  const [code] = (await once(tests, 'exit')) as [number | null]
  if (code !== 0) failures += 1
  const seconds = Math.round((Date.now() - startedAt) / 1000)
  process.stdout.write(
    `busy: run ${run} of ${RUNS} ${code === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`,
  )
}
process.stdout.write(
  failures === 0 ? 'busy: all passed\n' : `busy: ${failures} of ${RUNS} failed\n`,
)
process.exit(failures === 0 ? 0 : 1)
