import { defineConfig } from 'vitest/config'

const resolve = { conditions: ['source'] }

export default defineConfig({
  resolve,
  ssr: { resolve },
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 20_000,
    globalSetup: ['tests/support/browser-setup.ts'],
    // A stream that fails behind our back is the defect we most fear: never let one pass.
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
