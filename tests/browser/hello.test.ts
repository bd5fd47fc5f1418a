import { expect, test } from 'vitest'
import { recordStates, useBrowser } from '../support/browser.ts'
import { usePrograms } from '../support/run-program.ts'

const run = usePrograms()
const browser = useBrowser()

test('examples/hello: type, Enter, and the answer grows word by word, escaped, until it is no longer busy', async () => {
  const tab = await browser.open(await run('examples/hello/server.ts', [], { PORT: '0' }).url)
  const states = await recordStates(tab, '#answer')
  await tab.getByLabel('Ask something').fill('Who <b id="evil">are</b> you?')
  await tab.keyboard.press('Enter')
  const answer = tab.locator('#answer p')
  await answer.and(tab.locator('[aria-busy="true"]')).waitFor()
  await answer.and(tab.locator('[aria-busy="false"]')).waitFor()

  const whole = await answer.textContent()
  expect(whole).toMatch(/^You asked: “Who <b id="evil">are<\/b> you\?”\. .* where I stand\.$/)
  expect(await tab.locator('#evil').count()).toBe(0)
  const seen = await states()
  expect(seen.length).toBeGreaterThan(5)
  for (const [at, text] of seen.entries()) expect(whole!.startsWith(text), `state ${at}`).toBe(true)
  expect(seen.at(-1)).toBe(whole)
  // Nothing that was lent for the way stays in the page.
  expect(await tab.locator('#answer').innerHTML()).toMatch(/^<p aria-busy="false"(?: class="")?>/)
  expect(await tab.locator('.htmx-request, [aria-busy="true"]').count()).toBe(0)
})

test('examples/hello: without JavaScript the page itself grows, escaped, and is whole but for the text from the start', async () => {
  const url = await run('examples/hello/server.ts', [], { PORT: '0' }).url
  const tab = await browser.open(url, { javaScriptEnabled: false })
  await tab.getByLabel('Ask something').fill('<i>you</i>?')
  await tab.keyboard.press('Enter')
  const answer = tab.locator('#answer p')
  const states = new Set<string>()
  for (let text = ''; !text.endsWith('where I stand.');) {
    text = (await answer.textContent())!
    states.add(text)
    expect(await tab.getByRole('heading').textContent()).toBe('Hello, swapstream')
  }
  const whole = [...states].at(-1)!
  expect(whole).toContain('You asked: “<i>you</i>?”')
  expect(states.size).toBeGreaterThan(3)
  for (const text of states) expect(whole.startsWith(text), text).toBe(true)
  await tab.waitForLoadState()
  expect(await tab.locator('#answer > *').count()).toBe(1)
})
