import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import {
  EventStream,
  Page,
  streamToFragments,
  swapstream,
  type EventStreamOptions,
} from 'swapstream'
import { useBrowser } from '../support/browser.ts'
import { useServer } from '../support/serve-app.ts'

/**
 * What a reader has done in an answer while it is written stays done, whichever way the answer travels: what is typed,
 * where the caret is, what is selected, opened, scrolled, loaded.
 */

const around = (answer: string): string => `
<article class="answer" aria-busy="{{ streaming }}">
  <details><summary>How</summary><p>Thought about it.</p></details>
  <label>Note <input name="note"></label>
  <img src="/dot.svg" alt="" width="10" height="10">
  <pre tabindex="0">${'long line '.repeat(200)}</pre>
  ${answer}
</article>`
const BLOCKS = {
  text: around('<p class="words">{{ text }}</p>'),
  markdown: around('<div class="words">{{ text | markdown }}</div>'),
} as const

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>{% include "swapstream/head.html" %}<link rel="stylesheet" href="/pre.css"></head>
<body><form hx-post="/text" hx-target="#here"><button>Ask</button></form>
<form hx-post="/markdown" hx-target="#here"><button>Mark</button></form>
<main id="here">${Object.entries(BLOCKS)
  .map(
    ([name, block]) =>
      `{% block ${name} %}{% if streaming is defined %}${block}{% endif %}{% endblock %}`,
  )
  .join('')}</main></body></html>`

describe('in an answer that is being written', () => {
  const listen = useServer()
  const browser = useBrowser()

  /** An app whose answer goes on when the test says so. */
  function setUp(options: EventStreamOptions) {
    let more = (): void => {}
    const wanted = new Promise<void>((resolve) => (more = resolve))
    let loads = 0
    async function* tokens(): AsyncGenerator<string> {
      yield 'The first words stand here.\n\n'
      yield 'Then '
      yield 'more\n'
      await wanted
      for (let n = 0; n < 30; n++) {
        yield `and ${n} more, `
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      yield '\n\nThe end.'
    }
    const app = new Hono()
    app.use(swapstream({ templates: { 'page.html': page } }))
    app.get('/', () => new Page('page.html'))
    app.get('/pre.css', (c) =>
      c.body('pre { overflow: auto; width: 10em }', 200, { 'content-type': 'text/css' }),
    )
    app.get('/dot.svg', (c) => {
      loads += 1
      return c.body('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>', 200, {
        'content-type': 'image/svg+xml',
        'cache-control': 'no-store',
      })
    })
    app.post('/:block', (c) => {
      const block = c.req.param('block')
      return new EventStream(() => streamToFragments(tokens(), 'page.html', block), options)
    })
    return { app, more: () => more(), loads: () => loads }
  }

  const WAYS = [
    ['text', 'Ask', {}],
    ['markdown', 'Mark', {}],
    ['text', 'Ask', { updates: 'full' }],
  ] as const

  test.each(WAYS)(
    'everything that its reader did stays: %s, by %s, %j',
    async (_, button, options) => {
      const { app, more, loads } = setUp(options)
      const tab = await browser.open(await listen(app))
      await tab.getByRole('button', { name: button }).click()
      await tab.getByText('Then more').waitFor()

      await tab.locator('summary').click()
      await tab.locator('input').fill('my own note')
      await tab.evaluate(() => {
        const input = document.querySelector('input')!
        input.setSelectionRange(3, 6)
        const pre = document.querySelector('pre')!
        pre.scrollLeft = 120
        Object.assign(window, { before: [input, pre, document.querySelector('.words')] })
      })
      more()
      await tab.locator('article[aria-busy="false"]').waitFor()

      const after = await tab.evaluate(() => {
        const input = document.querySelector('input')!
        const pre = document.querySelector('pre')!
        const { before } = window as unknown as { before: Element[] }
        return {
          open: document.querySelector('details')!.open,
          note: input.value,
          caret: [input.selectionStart, input.selectionEnd],
          focused: document.activeElement === input,
          scrolled: pre.scrollLeft,
          same: [input, pre, document.querySelector('.words')].map((each, n) => each === before[n]),
          left: document.querySelector('main')!.innerHTML.match(/swap-|\bs\d\w{3}\b|wbr/g),
        }
      })
      expect(after).toEqual({
        open: true,
        note: 'my own note',
        caret: [3, 6],
        focused: true,
        scrolled: 120,
        same: [true, true, true],
        left: null,
      })
      expect(loads()).toBe(1)
      const text = await tab.locator('.words').textContent()
      expect(text).toMatch(/^The first words stand here\..*Then more.*and 29 more,.*The end\.\s*$/s)
    },
  )

  // Where the whole block is drawn again, the text that grows is written anew, and a selection in it goes.
  test.each(WAYS.slice(0, 2))(
    'text that its reader has selected stays selected: %s, by %s',
    async (_, button, options) => {
      const { app, more } = setUp(options)
      const tab = await browser.open(await listen(app))
      await tab.getByRole('button', { name: button }).click()
      await tab.getByText('Then more').waitFor()
      await tab.evaluate(() => {
        const words = document.querySelector('.words')!
        const first = document.createTreeWalker(words, NodeFilter.SHOW_TEXT).nextNode()!
        getSelection()!.setBaseAndExtent(first, 4, first, 9)
      })
      more()
      await tab.locator('article[aria-busy="false"]').waitFor()
      expect(await tab.evaluate(() => String(getSelection()))).toBe('first')
    },
  )

  test('a page that brings its own htmx settings gets the same answer', async () => {
    const { app, more } = setUp({})
    const bare = new Hono()
    bare.get('/bare', async (c) => {
      const html = await (await app.request('/')).text()
      return c.html(html.replace(/<meta name="htmx-config"[^>]*>/, ''))
    })
    bare.all('*', (c) => app.fetch(c.req.raw, c.env))
    const tab = await browser.open(`${await listen(bare)}/bare`)
    await tab.getByRole('button', { name: 'Ask' }).click()
    await tab.getByText('Then more').waitFor()
    more()
    await tab.locator('article[aria-busy="false"]').waitFor()
    expect(await tab.locator('.words').innerHTML()).toMatch(/^The first words.*The end\.$/s)
  })
})
