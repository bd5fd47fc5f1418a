import { defineConfig } from 'vitest/config'
import { common } from '../../vitest.config.ts'

/** The tests on other runtimes: `npm run test:runtimes`. Those that the machine lacks are installed first. */
export default defineConfig({
  ...common,
  test: {
    ...common.test,
    globalSetup: ['tests/support/programs-setup.ts'],
    include: ['tests/runtimes/**/*.test.ts'],
    // All runtimes at once.
    maxConcurrency: 20,
  },
})
