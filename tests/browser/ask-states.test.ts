import { afterEach, describe, expect, test } from 'vitest'
import type { Runs } from 'swapstream'
import { faultsOf } from '../support/axe.ts'
import { useBrowser } from '../support/browser.ts'
import { demoWithStates, STATES, VIEWS } from '../support/demo-states.ts'
import { useServer } from '../support/serve-app.ts'

describe('the demo in each of its states', () => {
  const listen = useServer()
  let opened: Runs | undefined
  afterEach(() => opened?.close())
  const browser = useBrowser()

  test('has no fault that axe finds, in light and dark, and fits a phone', async () => {
    const { app, runs } = await demoWithStates()
    opened = runs
    const url = await listen(app)
    const tab = await browser.open(url, VIEWS.phone)
    for (const [state, reach] of Object.entries(STATES)) {
      await tab.goto(url)
      await reach(tab)
      for (const scheme of ['light', 'dark'] as const)
        expect(await faultsOf(tab, scheme), `${state}, ${scheme}`).toEqual([])
      const outside = await tab.evaluate(() => {
        const { clientWidth } = document.documentElement
        const right = (element: Element): number => element.getBoundingClientRect().right
        // What scrolls by itself may be wider inside.
        const wide = [...document.querySelectorAll('body *')].filter(
          (element) =>
            right(element) > clientWidth + 1 && !element.closest('.sources, pre, .unseen'),
        )
        const left = [...document.querySelectorAll('.source *')].filter(
          (element) => right(element) > right(element.closest('.source')!),
        )
        return [...wide, ...left].map((element) => element.outerHTML)
      })
      expect(outside, state).toEqual([])
    }
  })

  test('says what its answer took, from its own stream, and shows the lines that made it', async () => {
    const { app, runs } = await demoWithStates()
    opened = runs
    const tab = await browser.open(await listen(app))
    await STATES['answered']!(tab)
    const text = await tab.locator('.strip dl').innerText()
    expect(text).toMatch(
      /First word\s+[\d.]+ s\s+Frames\s+\d+\s+Sent\s+[\d.]+ kB\s+As whole blocks\s+[\d.]+ kB/,
    )
    // Without a script, and after a reload, they come with the page.
    await tab.goto(
      await tab
        .locator('.link')
        .getAttribute('href')
        .then((link) => new URL(link!, tab.url()).href),
    )
    await tab.locator('.strip summary').click()
    expect(await tab.locator('.strip a').isVisible()).toBe(false)
    await tab.locator('.strip summary').click()
    await tab.locator('.strip a').click()
    const code = await tab.locator('main').innerText()
    expect(code).toContain("app.post('/ask', async (c) => {")
    expect(code).toContain('<div class="answer" aria-busy="{{ streaming }}">')
    const shown = (await tab.locator('pre').allInnerTexts()).join('').trimEnd().split('\n').length
    expect(code).toContain(`${shown} lines make an answer`)
  })
})
