import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'
import { PATIENCE_MS } from './eventually.ts'

interface Kept {
  readonly options: string
  readonly page: Page
}

/** One for all files of a worker, since its start takes as long as a few tests. It ends with the worker. */
let launched: Promise<Browser> | undefined

/**
 * A real browser for the tests of one file, and a page that fails its test when anything goes wrong in it:
 * a script error, a refused resource, a breach of the content security policy. Nothing moves that can be still, unless
 * the test asks for motion. A page is used again by later tests, since to open one takes longer than most tests.
 *
 * To be called behind what serves its pages: what is set up last ends first, so a page is closed before it misses its
 * server.
 */
export function useBrowser(): {
  /** @param expected Errors that the test itself brings about. */
  open(url: string, options?: BrowserContextOptions, expected?: RegExp): Promise<Page>
} {
  let browser: Browser
  let problems: string[] = []
  const opened: Kept[] = []
  const idle: Kept[] = []

  beforeAll(async () => {
    launched ??= chromium.launch({ executablePath: inject('chromium'), args: ['--no-sandbox'] })
    browser = await launched
  })
  afterEach(async () => {
    for (const kept of opened.splice(0)) {
      const isAsNew = await reset(kept.page).catch(() => false)
      if (isAsNew) idle.push(kept)
      else await kept.page.context().close()
    }
    const seen = problems
    problems = []
    expect(seen, 'problems in the page').toEqual([])
  })
  afterAll(async () => {
    for (const { page } of idle.splice(0)) await page.context().close()
  })

  /** An idle page, or a new one. */
  async function take(options: BrowserContextOptions): Promise<Page> {
    const wanted = JSON.stringify(options)
    const found = idle.findIndex((each) => each.options === wanted)
    const page =
      found === -1
        ? await (await browser.newContext({ reducedMotion: 'reduce', ...options })).newPage()
        : idle.splice(found, 1)[0]!.page
    page.context().setDefaultTimeout(PATIENCE_MS)
    opened.push({ options: wanted, page })
    return page
  }

  return {
    async open(url, options = {}, expected) {
      const page = await take(options)
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
      return page
    },
  }
}

/** Leaves nothing of a test in its page: no document, no cookie, no listener, no other page. */
async function reset(page: Page): Promise<true> {
  const context = page.context()
  page.removeAllListeners()
  await page.goto('about:blank')
  for (const other of context.pages()) if (other !== page) await other.close()
  await page.unrouteAll()
  await context.clearCookies()
  await page.mouse.move(0, 0)
  return true
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
