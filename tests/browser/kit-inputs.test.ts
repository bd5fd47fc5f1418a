import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { Page, swapstream } from 'swapstream'
import { useBrowser } from '../support/browser.ts'
import { useServer } from '../support/serve-app.ts'

const HEAD =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>{% include "swapstream/head.html" %}<script src="/swapstream/swapstream.js" defer></script></head>'
const templates = {
  'form.html': `${HEAD}<body><main>{% from "swapstream/form.html" import field %}<form id="fields">{{ field("a", "First", {}, {}) }}{{ field("b", "Second", {}, { b: "Wrong." }) }}{{ field("c", "Yes", {}, {}, { type: "checkbox" }) }}<button>Send</button></form>
<form id="own"><label><input type="checkbox" id="box"> Box</label><select id="choice"><option>One</option></select><input type="radio" id="radio"><input type="submit" id="submit"></form>
<table id="wide"><tr>{% for n in range(0, 40) %}<td>column {{ n }}</td>{% endfor %}</tr></table></main></body></html>`,
  'chat.html': `${HEAD}<body class="chat">{% import "swapstream/chat.html" as chat %}<main>{% call chat.conversation() %}<div class="answer"><div class="prose"><p>The answer.</p></div>{{ chat.actions(false, false) }}</div>{% endcall %}</main><footer>{{ chat.composer("/send") }}</footer></body></html>`,
}

describe('the kit', () => {
  const browser = useBrowser()
  const listen = useServer()

  async function open(template: string, width = 800) {
    const app = new Hono()
    app.use(swapstream({ templates }))
    const sent: string[] = []
    app.get('/', () => new Page(template))
    app.post('/send', async (c) => {
      sent.push(String((await c.req.parseBody())['prompt']))
      return c.body(null, 204)
    })
    const viewport = { width, height: 700 }
    return { tab: await browser.open(await listen(app), { viewport }), sent }
  }

  test.each([320, 600, 1200])('gives each control its own size, %i pixels wide', async (width) => {
    const { tab } = await open('form.html', width)
    const size = async (selector: string) => (await tab.locator(selector).boundingBox())!
    expect((await size('#fields button')).height).toBeLessThan(60)
    expect((await size('#submit')).height).toBeLessThan(60)
    for (const selector of ['#box', '#radio', '#c']) {
      const { width: across, height } = await size(selector)
      expect(across, selector).toBeLessThan(30)
      expect(across, selector).toBeCloseTo(height, 0)
    }
    expect((await size('#choice')).height).toBeGreaterThan(40)
    const [first, second] = [await size('#a'), await size('#b')]
    expect(second.y).toBeGreaterThan(first.y + first.height)
    expect(second.width).toBe(first.width)
    const overflow = await tab.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(overflow).toBe(0)
  })

  test('sends nothing by an Enter that ends a composition, in any browser', async () => {
    const { tab, sent } = await open('chat.html')
    await tab.locator('textarea').fill('にほん')
    const press = (init: object): Promise<boolean> =>
      tab.locator('textarea').evaluate((field, more) => {
        const keys = { key: 'Enter', keyCode: 13, bubbles: true, cancelable: true, ...more }
        return field.dispatchEvent(new KeyboardEvent('keydown', keys))
      }, init)
    // True when the browser goes on with the key itself.
    expect(await press({ keyCode: 229 })).toBe(true)
    expect(await press({ isComposing: true })).toBe(true)
    expect(await press({ shiftKey: true })).toBe(true)
    expect(sent).toEqual([])
    const answered = tab.waitForResponse('**/send')
    expect(await press({})).toBe(false)
    await answered
    expect(sent).toEqual(['にほん'])
  })

  test.each([
    ['there is no clipboard', 'undefined'],
    ['it is denied', '{ writeText: () => Promise.reject(new Error("denied")) }'],
  ])('selects the answer for copying when %s', async (_, clipboard) => {
    const { tab } = await open('chat.html')
    await tab.evaluate(
      `Object.defineProperty(navigator, 'clipboard', { value: ${clipboard}, configurable: true })`,
    )
    await tab.locator('.copy').click()
    await tab.waitForFunction('String(getSelection()).trim() === "The answer."')
    expect(await tab.locator('.copy').textContent()).toBe('Copy')
  })
})
