import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import manifest from './package.json' with { type: 'json' }

const files = readdirSync('tests', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !/^(?:timing|runtimes)/.test(file))
  .map((file) => `tests/${file}`)

/** Looks at what all files of a worker share: counts timers, replaces the clock or a global, watches the process. */
const LOOKS_AROUND = /timersRunning|controlledClock|vi\.stub|process\.on\(/

const alone = files.filter((file) => LOOKS_AROUND.test(readFileSync(file, 'utf8')))

/** What each test needs, whichever project it is in. */
export const common = {
  resolve: {
    // Tests import the package by its name and get its source. Not by the `source` condition, as programs do: vitest
    // would hand that on to Node, and Node cannot load the sources that other packages keep under the same condition.
    alias: Object.entries(manifest.exports).flatMap(([name, targets]) =>
      typeof targets === 'string'
        ? []
        : [
            {
              find: new RegExp(`^swapstream${name.slice(1)}$`),
              replacement: new URL(targets.source, import.meta.url).pathname,
            },
          ],
    ),
  },
  test: {
    // A machine may have more to do: what hangs is found all the same.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // What every ended stream says of itself would hide what a test says.
    env: { LOG_LEVEL: 'error' },
    // Where a machine may have more to do than these tests.
    retry: Number(process.env['RETRY'] ?? 0),
    setupFiles: ['tests/support/seed.ts'],
  },
}

/** What is done once, before and for all tests. */
export const once = {
  globalSetup: [
    'tests/support/browser-setup.ts',
    'tests/support/redis-setup.ts',
    'tests/support/programs-setup.ts',
  ],
  // A stream that fails behind our back is the defect we most fear: never let one pass.
  dangerouslyIgnoreUnhandledErrors: false,
}

export default defineConfig({
  ...common,
  test: {
    ...once,
    // Much of a test is waiting: for a browser, for a process, for a deadline.
    maxWorkers: 2 * availableParallelism(),
    // To load the whole source anew for each file takes longer than most tests: only some files must do it.
    projects: [
      { ...common, test: { ...common.test, name: 'alone', include: alone } },
      {
        ...common,
        test: {
          ...common.test,
          name: 'together',
          include: files.filter((file) => !alone.includes(file)),
          isolate: false,
        },
      },
    ],
  },
})
