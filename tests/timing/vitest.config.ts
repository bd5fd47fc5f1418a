import { defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

/**
 * The few tests that measure time: `npm run test:timing`. Alone, one after another, and each with a few tries, since
 * the machine may have more to do.
 */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['tests/timing/**/*.test.ts'],
    exclude: [],
    maxWorkers: 1,
    retry: 3,
  },
})
