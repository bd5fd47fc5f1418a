import type { Locator, Page as Tab } from 'playwright-core'
import { afterEach, describe, expect, test } from 'vitest'
import type { Runs } from 'swapstream'
import { useBrowser } from '../support/browser.ts'
import { demoWithStates } from '../support/demo-states.ts'
import { eventually } from '../support/eventually.ts'
import { useServer } from '../support/serve-app.ts'

/** What has the focus, and whether it can be seen. */
const focused = (tab: Tab) =>
  tab.evaluate(() => {
    const element = document.activeElement ?? document.body
    const isMarked = (marked: Element): boolean => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(marked)
      return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'
    }
    const { top, bottom, width, height } = element.getBoundingClientRect()
    return {
      name: `${element.tagName} ${element.textContent.trim().slice(0, 40)}`,
      isLost: element === document.body,
      // The field for a question is marked by the frame around it.
      isMarked: isMarked(element.matches('textarea') ? element.closest('form')! : element),
      isInside: bottom > 0 && top < innerHeight && width > 0 && height > 0,
    }
  })

const expectFocus = (tab: Tab, when: string) =>
  eventually(async () =>
    expect(await focused(tab), when).toMatchObject({
      isLost: false,
      isMarked: true,
      isInside: true,
    }),
  )

/** Goes on with Tab until the element has the focus; what has it on the way there must show it. */
async function tabTo(tab: Tab, target: Locator, key = 'Tab'): Promise<void> {
  await target.waitFor()
  const passed: string[] = []
  const isThere = (): Promise<boolean> =>
    target.evaluate((element) => element === document.activeElement)
  while (!(await isThere())) {
    expect(passed.length, `never reached, only ${passed.join(', ')}`).toBeLessThan(60)
    await tab.keyboard.press(key)
    const now = await focused(tab)
    passed.push(now.name)
    // Behind the last element comes the window of the browser itself.
    if (!now.isLost) await expectFocus(tab, now.name)
  }
}

describe('the demo with the keyboard alone', () => {
  const listen = useServer()
  let opened: Runs | undefined
  afterEach(() => opened?.close())
  const browser = useBrowser()

  async function open(): Promise<Tab> {
    const { app, runs } = await demoWithStates()
    opened = runs
    const permissions = ['clipboard-read', 'clipboard-write']
    return browser.open(await listen(app), { permissions })
  }
  const question = (tab: Tab) => tab.locator('#composer textarea')
  const button = (tab: Tab, name: string) => tab.getByRole('button', { name, exact: true }).last()
  async function type(tab: Tab, text: string): Promise<void> {
    await tabTo(tab, question(tab))
    await tab.keyboard.type(text)
    await tab.keyboard.press('Enter')
  }
  const turns = (tab: Tab, count: number) =>
    eventually(async () => {
      expect(await tab.locator('.turn').count()).toBe(count)
      expect(await tab.locator('.answer[aria-busy="false"]').count()).toBe(count)
    })

  test('begins with a suggestion, copies, follows a link and a chip, and closes the strip', async () => {
    const tab = await open()
    await tabTo(tab, button(tab, 'What boils water?'))
    await tab.keyboard.press('Enter')
    await turns(tab, 1)
    await expectFocus(tab, 'after a suggestion')

    await tabTo(tab, button(tab, 'Copy'))
    await tab.keyboard.press('Enter')
    await button(tab, 'Copied').waitFor()
    await expectFocus(tab, 'after Copy')

    const chip = tab.locator('.turn .chips button').last()
    await tabTo(tab, chip)
    await tab.keyboard.press('Enter')
    await turns(tab, 2)
    await expectFocus(tab, 'after a question to go on with')

    const lines = tab.locator('.strip a')
    await tabTo(tab, tab.locator('.strip summary'))
    await tab.keyboard.press('Enter')
    await eventually(async () => expect(await lines.isVisible()).toBe(false))
    await expectFocus(tab, 'with the strip closed')
    await tab.keyboard.press('Enter')
    await tabTo(tab, lines)
    await tab.keyboard.press('Enter')
    await tab.getByRole('heading', { level: 1 }).waitFor()
    await tab.goBack()

    await tabTo(tab, tab.locator('.turn .link').last())
    await tab.keyboard.press('Enter')
    await tab.waitForURL(/\?q=/)
    await turns(tab, 2)
  })

  test('stops an answer that is written, and asks again', async () => {
    const tab = await open()
    await type(tab, 'Write slowly')
    await tab.getByText('You asked for this.').waitFor()
    await expectFocus(tab, 'while an answer is written')
    await tabTo(tab, button(tab, 'Stop'), 'Shift+Tab')
    await tab.keyboard.press('Enter')
    await turns(tab, 1)
    await expectFocus(tab, 'after Stop')
    await type(tab, 'What boils water?')
    await turns(tab, 2)
  })

  test('tries an answer again that failed', async () => {
    const tab = await open()
    await type(tab, 'Fail')
    await tab.locator('.swapstream-error').waitFor()
    await expectFocus(tab, 'after an error')
    await tabTo(tab, button(tab, 'Retry'), 'Shift+Tab')
    const failed = await tab.locator('.turn').last().getAttribute('id')
    await tab.keyboard.press('Enter')
    await eventually(async () =>
      expect(await tab.locator('.turn').last().getAttribute('id')).not.toBe(failed),
    )
    await tab.locator('.swapstream-error').last().waitFor()
    await expectFocus(tab, 'after Retry')
  })

  test('types on where a question was refused', async () => {
    const tab = await open()
    await type(tab, ' ')
    await tab.getByRole('alert').waitFor()
    await expectFocus(tab, 'after a refusal')
    await type(tab, 'What boils water?')
    await turns(tab, 1)
    await expectFocus(tab, 'after the answer')
  })
})
