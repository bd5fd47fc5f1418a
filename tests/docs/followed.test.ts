import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { useBrowser } from '../support/browser.ts'
import { buildPackage, Follower, isFollowed } from './support/follow.ts'

const GUIDES = join(import.meta.dirname, '../../docs/guides')
const read = (guide: string): string => readFileSync(join(GUIDES, guide), 'utf8')
const guides = readdirSync(GUIDES).filter((name) => name.endsWith('.md') && isFollowed(read(name)))

const browser = useBrowser()

/** What a person does in a page of a guide when all its steps are done. */
const visits: Record<string, (url: string) => Promise<void>> = {
  // The page breaks no policy, and has the look of the app.
  'existing-app.md': async (url) => {
    const tab = await browser.open(`${url}/assistant`)
    await tab.fill('#prompt', 'Why?')
    await tab.click('button')
    await tab.waitForFunction(
      () => document.querySelector('#answer')!.textContent === 'guest asked: Why?',
    )
    expect(await tab.evaluate(() => getComputedStyle(document.body).fontFamily)).toBe(
      'Georgia, serif',
    )
  },
  // A run goes on while another page is shown, and pages change without being loaded.
  'htmx.md': async (url) => {
    const tab = await browser.open(url)
    await tab.evaluate(() => Object.assign(window, { isSame: true }))
    expect(await tab.evaluate('htmx.config.transitions')).toBe(true)
    await tab.fill('[name=prompt]', 'one two three four five six')
    await tab.click('button')
    await tab.waitForFunction(() => document.querySelector('#answer')!.textContent!.includes('one'))
    await tab.click('text=About')
    await tab.waitForFunction(() => document.querySelector('h1')!.textContent === 'About')
    await tab.click('text=Chat')
    const whole = 'You asked: one two three four five six'
    await tab.waitForFunction(
      (text) => document.querySelector('#answer')?.textContent!.trim() === text,
      whole,
    )
    expect(await tab.evaluate('isSame')).toBe(true)
  },
  // What happens in one window shows in the other.
  'live.md': async (url) => {
    const tab = await browser.open(url)
    await tab.waitForSelector('#orders li')
    await tab.fill('[name=item]', 'Cake')
    await tab.fill('[name=price]', '6')
    await tab.click('button')
    await tab.waitForFunction(() => document.querySelector('#total')!.textContent === '10')
  },
}

let built: string
let follower: Follower
beforeAll(async () => void (built = await buildPackage()))
afterAll(() => rm(built, { recursive: true }))
afterEach(() => follower.end())

describe('followed word by word in an empty folder', () => {
  test.each(guides)('%s does what it says', async (guide) => {
    follower = new Follower(built)
    await expect(follower.follow(read(guide))).resolves.toBe(undefined)
    await visits[guide]?.(follower.url)
  })
})
