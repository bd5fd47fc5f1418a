import puppeteer, { type Browser, type KeyInput, type Page } from 'puppeteer-core'
import { inject } from 'vitest'
import { forget } from './forget.ts'
import { Tab, type Key, type Visitor } from './visitor.ts'
import { startWebKit } from './webkit.ts'

class PuppeteerTab extends Tab {
  readonly #page: Page
  constructor(page: Page) {
    super()
    this.#page = page
  }
  async open(url: string): Promise<void> {
    await this.#page.goto(url)
  }
  run<A extends unknown[], R>(script: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    return this.#page.evaluate(script as never, ...args)
  }
  async click(selector: string): Promise<void> {
    await this.#page.click(selector)
  }
  async toFront(): Promise<void> {
    await this.#page.bringToFront()
  }
  async type(text: string): Promise<void> {
    await this.#page.keyboard.type(text)
  }
  async press(key: Key): Promise<void> {
    const [last, shift] = key.split('+').toReversed() as [KeyInput | 'Space', 'Shift'?]
    if (shift) await this.#page.keyboard.down(shift)
    await this.#page.keyboard.press(last === 'Space' ? ' ' : last)
    if (shift) await this.#page.keyboard.up(shift)
  }
  picture(): Promise<Uint8Array> {
    return this.#page.screenshot()
  }
}

function visitorOf(browser: Browser): Visitor {
  return {
    newTab: async () => new PuppeteerTab(await browser.newPage()),
    seesGrowingPages: true,
    forget: () => forget(browser),
    close: () => browser.close(),
  }
}

/** How each browser starts. */
export const VISITORS: Readonly<Record<string, () => Promise<Visitor>>> = {
  Chromium: async () =>
    visitorOf(
      await puppeteer.launch({ executablePath: inject('chromium'), args: ['--no-sandbox'] }),
    ),
  Firefox: async () => {
    const executablePath = inject('firefox')
    if (!executablePath)
      throw new Error('No Firefox for the tests: install it (on Debian: firefox-esr).')
    return visitorOf(await puppeteer.launch({ browser: 'firefox', executablePath }))
  },
  WebKit: () => startWebKit(inject('webkit')),
}
