import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import manifest from './package.json' with { type: 'json' }

export default defineConfig({
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
    include: ['tests/**/*.test.ts'],
    // Those measure time, and run alone.
    exclude: ['tests/timing/**'],
    // A machine may have more to do: what hangs is found all the same.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // Much of a test is waiting: for a browser, for a process, for a deadline.
    maxWorkers: 2 * availableParallelism(),
    // What every ended stream says of itself would hide what a test says.
    env: { LOG_LEVEL: 'error' },
    // Where a machine may have more to do than these tests.
    retry: Number(process.env['RETRY'] ?? 0),
    setupFiles: ['tests/support/seed.ts'],
    globalSetup: [
      'tests/support/browser-setup.ts',
      'tests/support/redis-setup.ts',
      'tests/support/programs-setup.ts',
    ],
    // A stream that fails behind our back is the defect we most fear: never let one pass.
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
