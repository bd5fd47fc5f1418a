import type { Browser, Page } from 'puppeteer-core'
import { PATIENCE_MS } from './eventually.ts'

/** Opens a tab that waits as long as a machine with other work needs. */
export async function openTab(browser: Pick<Browser, 'newPage'>): Promise<Page> {
  const tab = await browser.newPage()
  tab.setDefaultTimeout(PATIENCE_MS)
  return tab
}

/** Closes the tabs of a test and forgets their cookies: the next test begins as with a new profile, which starts slowly. */
export async function forget(browser: Browser): Promise<void> {
  // Without its first tab a browser would end.
  for (const tab of (await browser.pages()).slice(1)) await tab.close()
  const cookies = await browser.cookies()
  if (cookies.length > 0) await browser.deleteCookie(...cookies)
}
