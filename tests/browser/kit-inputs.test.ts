import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { Page, swapstream } from 'swapstream'
import { faultsOf } from '../support/axe.ts'
import { useBrowser } from '../support/browser.ts'
import { useServer } from '../support/serve-app.ts'

const HEAD =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>{% include "swapstream/head.html" %}<script src="/swapstream/swapstream.js" defer></script></head>'
const FIELDS = `{% set choices = { a: "First", b: "A second choice with a long label that has to wrap on a phone" } %}
{% for errors in [{}, { mail: "Wrong.", text: "Too long.", pick: "Choose.", one: "Choose.", many: "Choose.", yes: "Say yes.", file: "Too large." }] %}<form id="form-{{ loop.index }}">{% set n = loop.index %}
{{ field("mail", "Mail", { mail: "x" }, errors, { id: "mail" ~ n, type: "email", hint: "We never write.", required: true }) }}
{{ field("text", "Text", { text: "x" }, errors, { id: "text" ~ n, type: "textarea" }) }}
{{ field("pick", "Pick", { pick: "b" }, errors, { id: "pick" ~ n, type: "select", options: choices, placeholder: "Choose" }) }}
{{ field("one", "One of them", { one: "a" }, errors, { id: "one" ~ n, type: "radio", options: choices, hint: "Only one." }) }}
{{ field("many", "Some of them", { many: ["a"] }, errors, { id: "many" ~ n, type: "checkbox", options: choices }) }}
{{ field("yes", "Yes, with a sentence that is much longer than a phone is wide, so that it has to wrap", { yes: "on" }, errors, { id: "yes" ~ n, type: "checkbox", hint: "At any time." }) }}
{{ field("file", "File", {}, errors, { id: "file" ~ n, type: "file" }) }}
{% call buttons() %}<button>Save all of it</button><button class="quiet" formnovalidate>Cancel</button><button class="quiet" type="reset">Begin again</button>{% endcall %}</form>{% endfor %}
{% call table("Orders") %}<thead><tr>{% for n in range(0, 9) %}<th scope="col">Column {{ n }}</th>{% endfor %}</tr></thead><tbody><tr>{% for n in range(0, 9) %}<td>Value {{ n }}</td>{% endfor %}</tr></tbody>{% endcall %}`
const fields = (body: string, html = 'lang="en"'): string =>
  `${HEAD.replace('lang="en"', html)}<body${body}><main><h1>Form</h1>{% from "swapstream/form.html" import field, buttons %}{% from "swapstream/table.html" import table %}${FIELDS}</main></body></html>`
const templates = {
  'own-look.html': fields(''),
  'kit-look.html': fields(' class="swapstream-page"'),
  'right-to-left.html': fields(' class="swapstream-page"', 'lang="ar" dir="rtl"'),
  'form.html': `${HEAD}<body class="swapstream-page"><main>{% from "swapstream/form.html" import field %}<form id="fields">{{ field("a", "First", {}, {}) }}{{ field("b", "Second", {}, { b: "Wrong." }) }}{{ field("c", "Yes", {}, {}, { type: "checkbox" }) }}<button>Send</button></form>
<form id="own"><label><input type="checkbox" id="box"> Box</label><select id="choice"><option>One</option></select><input type="radio" id="radio"><input type="submit" id="submit"></form>
<table id="wide"><tr>{% for n in range(0, 40) %}<td>column {{ n }}</td>{% endfor %}</tr></table></main></body></html>`,
  'chat.html': `${HEAD}<body class="chat">{% import "swapstream/chat.html" as chat %}<main>{% call chat.conversation() %}<div class="answer"><div class="prose"><p>The answer.</p></div>{{ chat.actions(false, false) }}</div>{% endcall %}</main><footer>{{ chat.composer("/send") }}</footer></body></html>`,
}

describe('the kit', () => {
  const listen = useServer()
  const browser = useBrowser()

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

  test.each(['own-look', 'kit-look', 'right-to-left'])(
    'shows each kind of field right on a phone and at twice its size, in light and dark: %s',
    async (name) => {
      const { tab } = await open(`${name}.html`, 320)
      for (const width of [320, 640]) {
        await tab.setViewportSize({ width, height: 400 })
        const wide = await tab.evaluate(() => {
          const { clientWidth, scrollWidth } = document.documentElement
          const outside = [...document.querySelectorAll('form *')].filter((element) => {
            const { left, right } = element.getBoundingClientRect()
            return left < 0 || right > clientWidth
          })
          return [scrollWidth - clientWidth, ...outside.map((element) => element.outerHTML)]
        })
        expect(wide).toEqual([0])
      }
      // A box, and beside it its label on the side where lines begin.
      const box = (await tab.locator('#yes1').boundingBox())!
      const label = (await tab.locator('label[for="yes1"]').boundingBox())!
      expect(Math.abs(box.y - label.y)).toBeLessThan(16)
      expect(box.x < label.x).toBe(name !== 'right-to-left')
      for (const scheme of ['light', 'dark'] as const)
        expect(await faultsOf(tab, scheme), scheme).toEqual([])
    },
  )

  test('is filled in by the keyboard alone', async () => {
    const { tab } = await open('kit-look.html')
    const focused = (): Promise<string> =>
      tab.evaluate(() => {
        const { id, name, type, value } = document.activeElement as HTMLInputElement
        return id || (name ? `${name}=${value}` : type)
      })
    const order: string[] = []
    for (let n = 0; n < 11; n++) {
      await tab.keyboard.press('Tab')
      order.push(await focused())
    }
    expect(order).toEqual(
      'mail1 text1 pick1 one=a many=a many=b yes1 file1 submit submit reset'.split(' '),
    )
    await tab.locator('#form-1 [name=one][value=a]').focus()
    await tab.keyboard.press('ArrowDown')
    expect(await focused()).toBe('one=b')
    await tab.locator('#yes1').focus()
    await tab.keyboard.press('Space')
    expect(await tab.locator('#yes1').isChecked()).toBe(false)
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
