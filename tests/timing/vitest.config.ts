import { defineConfig } from 'vitest/config'
import { common, once } from '../../vitest.config.ts'

/**
 * The few tests that measure time: `npm run test:timing`. Alone, one after another, and each with a few tries, since
 * the machine may have more to do.
 */
export default defineConfig({
  ...common,
  test: {
    ...common.test,
    ...once,
    include: ['tests/timing/**/*.test.ts'],
    maxWorkers: 1,
    retry: 3,
  },
})
