import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'

/**
 * A real browser for the tests of one file, and a page that fails its test when anything goes wrong in it:
 * a script error, a refused resource, a breach of the content security policy.
 */
export function useBrowser(): {
  /** @param expected Errors that the test itself brings about. */
  open(url: string, options?: BrowserContextOptions, expected?: RegExp): Promise<Page>
} {
  let browser: Browser
  let problems: string[] = []
  const pages: Page[] = []

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: inject('chromium'), args: ['--no-sandbox'] })
  })
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close()
    const seen = problems
    problems = []
    expect(seen, 'problems in the page').toEqual([])
  })
  afterAll(async () => {
    await browser.close()
  })

  return {
    async open(url, options = {}, expected) {
      const context = await browser.newContext(options)
      const page = await context.newPage()
      page.on('pageerror', (error) => {
        if (!expected?.test(String(error))) problems.push(String(error))
      })
      page.on('console', (message) => {
        // A 4xx answer is what some tests ask for; the browser reports each as an error.
        const text = message.text()
        if (message.type() !== 'error' || /status of 4\d\d/.test(text)) return
        if (!expected?.test(text)) problems.push(text)
      })
      await page.goto(url)
      pages.push(page)
      return page
    },
  }
}

/** Records every state of an element's text from now on, in the page itself, so that none is missed. */
export async function recordStates(page: Page, selector: string): Promise<() => Promise<string[]>> {
  await page.evaluate((watched) => {
    const states: string[] = []
    const look = (): void => {
      const text = document.querySelector(watched)?.textContent?.trim() ?? ''
      if (text !== '' && states.at(-1) !== text) states.push(text)
    }
    new MutationObserver(look).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
    })
    Object.assign(window, { recordedStates: states })
  }, selector)
  return () =>
    page.evaluate(() => (window as unknown as { recordedStates: string[] }).recordedStates)
}
