import type { TestProject } from 'vitest/node'
import { findChromium } from '../../scripts/chromium.ts'
import { findProgram } from './find-program.ts'

declare module 'vitest' {
  interface ProvidedContext {
    chromium: string
    /** Empty when there is none. */
    firefox: string
  }
}

const FIREFOX = { names: ['firefox-esr', 'firefox'], debian: 'firefox-esr', brew: 'firefox' }

/** Before all tests, once: the browsers are found or installed. Without one its tests fail, they are never skipped. */
export default function setup(project: TestProject): void {
  project.provide('chromium', findChromium())
  project.provide('firefox', findProgram(FIREFOX) ?? '')
}
