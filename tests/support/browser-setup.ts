import type { TestProject } from 'vitest/node'
import { findChromium } from '../../scripts/chromium.ts'

declare module 'vitest' {
  interface ProvidedContext {
    chromium: string
  }
}

/** Before all tests, once: a browser is found or installed. Without one the tests fail, they are never skipped. */
export default function setup(project: TestProject): void {
  project.provide('chromium', findChromium())
}
