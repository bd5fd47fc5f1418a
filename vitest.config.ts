import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import manifest from './package.json' with { type: 'json' }

const files = readdirSync('tests', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !/^(?:timing|runtimes)/.test(file))
  .map((file) => `tests/${file}`)

/** Looks at what all files of a worker share: counts timers, replaces the clock or a global, watches the process. */
const LOOKS_AROUND = /timersRunning|controlledClock|vi\.stub|process\.on\(/

const looking = files.filter((file) => LOOKS_AROUND.test(readFileSync(file, 'utf8')))

/** Starts what takes long: a browser, a process, a Redis. */
const TAKES_LONG =
  /useBrowser|puppeteer|usePrograms|useApps?\b|startApp|startRedis|someRedis|spawn|execFile/

/** Files that take long come first, so that no worker is left with one of them when the others are done. */
class LongFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification): string =>
      `${project.name} ${TAKES_LONG.test(readFileSync(moduleId, 'utf8')) ? 1 : 2}`
    // Stable: what ranks the same stays as it is sorted without us, the largest first.
    // oxlint-disable-next-line unicorn/no-array-sort -- this sorts no array
    const sorted = await super.sort(specs)
    return sorted.toSorted((a, b) => rank(a).localeCompare(rank(b)))
  }
}

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
    sequence: { sequencer: LongFirst },
    // To load the whole source anew for each file takes longer than most tests: only those that look around must do it.
    projects: Object.entries({
      looking,
      together: files.filter((file) => !looking.includes(file)),
    }).map(([name, include]) => ({
      ...common,
      test: { ...common.test, name, include, isolate: name === 'looking' },
    })),
  },
})
