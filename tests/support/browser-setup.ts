import type { TestProject } from 'vitest/node'
import { findChromium } from '../../scripts/chromium.ts'
import { findProgram } from './find-program.ts'
import type { WebKitPrograms } from './webkit.ts'

declare module 'vitest' {
  interface ProvidedContext {
    chromium: string
    /** Empty when there is none. */
    firefox: string
    webkit: WebKitPrograms
  }
}

const FIREFOX = { names: ['firefox-esr', 'firefox'], debian: 'firefox-esr', brew: 'firefox' }
const WEBKIT = { names: ['WebKitWebDriver'], debian: 'webkit2gtk-driver' }
/** A screen without a screen: WebKitGTK draws only into windows. */
const SCREEN = { names: ['Xvfb'], debian: 'xvfb' }

/** Before all tests, once: the browsers are found or installed. Without one its tests fail, they are never skipped. */
export default function setup(project: TestProject): void {
  project.provide('chromium', findChromium())
  project.provide('firefox', findProgram(FIREFOX) ?? '')
  project.provide('webkit', {
    driver: findProgram(WEBKIT) ?? '',
    screen: findProgram(SCREEN) ?? '',
  })
}
